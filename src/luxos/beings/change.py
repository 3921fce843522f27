"""A change of a row: what is written, and what must be in the row for it to be written."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from luxos.beings.difference import Keys, State
from luxos.beings.update import Part
from luxos.persistence.json_codec import canonical, decode, encode


@dataclass(slots=True, kw_only=True)
class Change:
    """What is written where nobody wrote meanwhile, and the arguments of `merge_…` in sql/queries/beings.sql."""

    energy: int
    """What is added."""
    keys: Sequence[tuple[str, Keys | None]]
    """Of each object, in the order of the columns, the keys that changed."""
    tags: list[str] | None
    """The new tags, or `None` where they stay."""
    tags_before: list[str]

    @property
    def fields(self) -> list[str]:
        """What changed, as a person is told of it; nothing where there is nothing to write."""
        tags = ["tags"] if self.tags is not None else []
        keys = [f"{name}.{key}" for name, changed in self.keys if changed is not None for key in changed.names]
        return [*tags, *keys, *(["energy_level"] if self.energy else [])]

    @property
    def only_adds(self) -> bool:
        """Whether it could be written again, and nobody would see that it was there."""
        return self.tags is None and all(changed is None for _name, changed in self.keys)

    def parts(self) -> list[Part]:
        """What is written into a row that nobody has written since it was loaded."""
        found: list[Part] = [] if self.tags is None else [("tags", "tags", [self.tags])]
        if self.energy:
            found.append(("energy", "energy_level", [self.energy]))
        found += [_part(name, changed) for name, changed in self.keys if changed is not None]
        return found

    def if_unchanged(self) -> list[Any]:
        """For a row whose fields, of those that change, are what was loaded."""
        before = [None if changed is None else changed.before for _name, changed in self.keys]
        return [self.tags_before, *self._written(), *before]

    def conflict(self, present: State) -> str | None:
        """The first field that is not any more what was loaded."""
        if self.tags is not None and present["tags"] != self.tags_before:
            return "tags"
        for name, changed in self.keys:
            if changed is not None and (key := _conflict(changed, decode(present[name]))) is not None:
                return f"{name}.{key}"
        return None

    def _written(self) -> list[Any]:
        written: list[Any] = [self.tags, self.energy]
        for _name, changed in self.keys:
            written += [None, None] if changed is None else [changed.names, changed.text]
        return written


@dataclass(slots=True, kw_only=True)
class BeingChange(Change):
    """The change of a being: also memories, which are only added to, and the embedding."""

    memories: list[dict[str, Any]]
    """The new ones."""
    embedding: list[float] | None
    embedding_before: list[float] | None
    embedding_changed: bool
    genesis: Mapping[str, Any]
    attributes: Mapping[str, Any]
    """The whole objects, as they are to be."""

    @property
    def fields(self) -> list[str]:
        embedding = ["embedding"] if self.embedding_changed else []
        # Named, for under `slots` a dataclass is made anew, and a bare super() would not know it.
        return [*super(BeingChange, self).fields, *embedding, *(["memories"] if self.memories else [])]

    @property
    def only_adds(self) -> bool:
        return not self.embedding_changed and super(BeingChange, self).only_adds

    def if_unchanged(self) -> list[Any]:
        whole = replace(self, keys=self._with_declarations())
        return [*super(BeingChange, whole).if_unchanged(), self.embedding_before]

    def conflict(self, present: State) -> str | None:
        found = super(BeingChange, replace(self, keys=self._with_declarations())).conflict(present)
        if found is None and self.embedding_changed and present["embedding"] != self.embedding_before:
            return "embedding"
        return found

    def _with_declarations(self) -> Sequence[tuple[str, Keys | None]]:
        """The keys, with those that must stay: attributes were checked against what is declared, and the other way."""
        found = dict(self.keys)
        genesis, attributes = found["genesis"], found["attributes"]
        if attributes is not None:
            found["genesis"] = _with(genesis, self.genesis, ["attributes"])
        if genesis is not None and "attributes" in genesis.names:
            declared = self.genesis.get("attributes") or {}
            found["attributes"] = _with(attributes, self.attributes, {**self.attributes, **declared})
        return list(found.items())

    def parts(self) -> list[Part]:
        found = super(BeingChange, self).parts()
        if self.memories:
            found.append(("memories", "memories", [self.memories]))
        if self.embedding_changed:
            found.append(("embedding", "embedding", [self.embedding]))
        return found

    def _written(self) -> list[Any]:
        written = super(BeingChange, self)._written()
        return [*written, self.memories or None, self.embedding_changed, self.embedding]


def _part(name: str, changed: Keys) -> Part:
    gone = [key for key in changed.names if key not in changed.now]
    return ("and_remove_keys", name, [changed.text, gone]) if gone else ("keys", name, [changed.text])


def _conflict(changed: Keys, present: dict[str, Any]) -> str | None:
    return next((key for key in changed.names if _text(present, key) != _text(changed.before, key)), None)


def _text(content: dict[str, Any], key: str) -> str | None:
    return canonical(content[key]) if key in content else None


def _with(changed: Keys | None, content: Mapping[str, Any], names: Iterable[str]) -> Keys:
    """The keys that change, and others that are written as they were, if they still are."""
    known = changed or Keys([], {}, {}, encode({}))
    stay = [name for name in names if name not in known.names]
    same = {name: content[name] for name in stay if name in content}
    now = {**known.now, **same}
    return Keys([*known.names, *stay], now, {**known.before, **same}, encode(now))
