// Hashes souls without any code of LuxOS, from docs/soul-hash.md alone, and says which vectors are wrong.
// node check_vectors.mjs VECTORS.json: exit code 0 where all agree, 1 where one does not.

import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";

const GENOTYPE = ["type", "source", "attributes", "functions", "dependencies", "requirements", "tier", "limits",
  "permissions", "pure"];

// JSON that keeps what JSON.parse loses: whether a number is an integer or a float. Objects become Maps.
function parse(text) {
  let at = 0;
  const fail = () => { throw new SyntaxError(`no JSON at ${at}`); };
  const space = () => { while (" \t\r\n".includes(text[at]) && at < text.length) at += 1; };
  const take = (pattern) => {
    pattern.lastIndex = at;
    const found = pattern.exec(text);
    if (!found) fail();
    at = pattern.lastIndex;
    return found[0];
  };
  const word = () => {
    const found = JSON.parse(take(/"(?:[^"\\\u0000-\u001f]|\\.)*"/suy));
    if (!found.isWellFormed() || found.includes("\0")) fail();
    return found;
  };
  const number = () => {
    const found = take(/-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/uy);
    if (!/[.eE]/u.test(found)) return BigInt(found);
    if (!Number.isFinite(Number(found))) fail();
    return Number(found);
  };
  const members = (end, one) => {
    at += 1;
    space();
    if (text[at] === end) { at += 1; return; }
    for (;;) {
      one();
      space();
      if (text[at] === end) { at += 1; return; }
      if (text[at] !== ",") fail();
      at += 1;
      space();
    }
  };
  const value = () => {
    space();
    if (text[at] === '"') return word();
    if (text[at] === "[") { const list = []; members("]", () => list.push(value())); return list; }
    if (text[at] === "{") {
      const map = new Map();
      members("}", () => {
        const key = word();
        space();
        if (text[at] !== ":") fail();
        at += 1;
        map.set(key, value());
      });
      return map;
    }
    for (const [name, meant] of [["true", true], ["false", false], ["null", null]])
      if (text.startsWith(name, at)) { at += name.length; return meant; }
    return number();
  };
  const found = value();
  space();
  if (at !== text.length) fail();
  return found;
}

// A float by its bits: sign, mantissa in hexadecimal without trailing zeros, exponent of two.
function hexadecimal(float) {
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, float);
  const bits = view.getBigUint64(0);
  const sign = bits >> 63n ? "-" : "";
  const exponent = Number((bits >> 52n) & 0x7ffn);
  const digits = (bits & 0xfffffffffffffn).toString(16).padStart(13, "0").replace(/0+$/u, "");
  if (exponent === 0 && digits === "") return `${sign}0x0p+0`;
  const power = exponent === 0 ? -1022 : exponent - 1023;
  return `${sign}0x${exponent ? 1 : 0}${digits && "."}${digits}p${power < 0 ? "" : "+"}${power}`;
}

// RFC 8785 of the typed value. Keys are sorted by UTF-16 code units, as JavaScript sorts.
function canonical(value) {
  if (typeof value === "bigint") return `{"int":"${value}"}`;
  if (typeof value === "number") return `{"float":"${hexadecimal(value)}"}`;
  if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`;
  if (!(value instanceof Map)) return JSON.stringify(value);
  const members = [...value.keys()].sort().map((key) => `${JSON.stringify(key)}:${canonical(value.get(key))}`);
  const text = `{${members.join(",")}}`;
  const looksTyped = value.size === 1 && ["int", "float", "object"].includes([...value.keys()][0]);
  return looksTyped ? `{"object":${text}}` : text;
}

const hash = (value) => "sha256:" + createHash("sha256").update(canonical(value), "utf8").digest("hex");
const genotype = (genesis) => new Map([...genesis].filter(([key]) => GENOTYPE.includes(key)));

function inGroup(genesis, group) {
  const pins = new Map(genesis.get("dependencies"));
  for (const [name, pin] of pins) if (pin === "group") pins.set(name, `group:${group}`);
  return new Map(genesis).set("dependencies", pins);
}

const vectors = JSON.parse(readFileSync(process.argv[2], "utf8"));
const wrong = [];
const check = (what, found, expected) => { if (found !== expected) wrong.push({ what, found, expected }); };

for (const { json, bytes, hash: expected } of vectors.values) {
  check(json, canonical(parse(json)), bytes);
  check(json, hash(parse(json)), expected);
}
for (const { json, hash: expected } of vectors.geneses) check(json, hash(genotype(parse(json))), expected);
for (const { members, hash: expected, hashes } of vectors.groups) {
  const read = new Map(Object.entries(members).map(([name, json]) => [name, genotype(parse(json))]));
  check("group", hash(new Map([["group", read]])), expected);
  for (const [name, genesis] of read) check(name, hash(inGroup(genesis, expected)), hashes[name]);
}
for (const json of vectors.refused) {
  try {
    check(json, hash(parse(json)), "refused");
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
  }
}
const checked = vectors.values.length + vectors.geneses.length + vectors.groups.length + vectors.refused.length;
console.log(JSON.stringify({ checked, wrong }));
process.exitCode = wrong.length ? 1 : 0;
