"""Why an attempt cannot succeed here even without walls: what this machine has not, as the machine itself says it.

Each gives a sentence where the thing is absent, `None` where it is there and the control must succeed.
"""

import errno
import socket
import stat
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from tests.security.inside import RARE_FAMILIES, X86, kernel

Why = str | None


def _setting(path: str) -> str:
    with suppress(OSError):
        return Path("/proc/sys", path).read_text().strip()
    return ""


def _family(number: int, kind: int, protocol: int = 0) -> Why:
    """The kernel, asked as root or not, knows no such family of sockets."""
    try:
        socket.socket(number, kind, protocol).close()
    except OSError as refusal:
        if refusal.errno in (errno.EAFNOSUPPORT, errno.EPROTONOSUPPORT, errno.ESOCKTNOSUPPORT, errno.EINVAL):
            return f"the kernel has no sockets of family {number}, protocol {protocol}"
    return None


def _old_gate(owner: int) -> Why:
    if not X86:
        return "this processor has no int 0x80"
    lines = Path("/proc/config.gz")
    if lines.exists():
        import gzip

        if b"CONFIG_IA32_EMULATION=y" not in gzip.decompress(lines.read_bytes()):
            return "the kernel is built without calls of 32 bits"
    return "calls of 32 bits are switched off" if "ia32_emulation=0" in Path("/proc/cmdline").read_text() else None


def _other_table(owner: int) -> Why:
    if not X86:
        return "this processor has no x32"
    try:
        kernel("getpid", number=0x40000000 | 39)
    except OSError as refusal:
        if refusal.errno == errno.ENOSYS:
            return "the kernel is built without x32"
    return None


def _first_groups(owner: int) -> Why:
    """In a namespace of its own a user may mount what root mounted before."""
    mounts = Path("/proc/self/mounts").read_text()
    return None if " cgroup rw" in mounts and "freezer" in mounts else "control groups of version 1 are not mounted"


def _ping_group(owner: int) -> Why:
    first, last = (int(word) for word in _setting("net/ipv4/ping_group_range").split())
    return None if first <= owner <= last else f"ping sockets are for the groups {first} to {last}"


def _unprivileged(setting: str, off: tuple[str, ...], thing: str) -> Callable[[int], Why]:
    def why(owner: int) -> Why:
        value = _setting(setting)
        return f"{thing} is closed: {setting} is {value}" if value in off and owner else None

    return why


def _ports(owner: int) -> Why:
    if not X86:
        return "this processor has no ports"
    try:
        kernel("ioperm", 0, 0, 0, number=173)
    except OSError as refusal:
        if refusal.errno == errno.ENOSYS:
            return "the kernel is built without ports for programs"
    return None


def _disks(owner: int) -> Why:
    """Root may be refused them, in a virtual machine or a container, by a control group of devices."""
    disks = [path for path in Path("/dev").iterdir() if stat.S_ISBLK(path.lstat().st_mode)]
    for path in disks:
        with suppress(OSError), path.open("rb", buffering=0) as file:
            if file.read(512):
                return None
    return f"none of the {len(disks)} block devices opens to us"


def _right_to_resources(owner: int) -> Why:
    """CAP_SYS_RESOURCE, which the root of some machines has not."""
    line = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("CapEff"))
    return None if int(line.split()[1], 16) >> 24 & 1 else "our root has no CAP_SYS_RESOURCE"


def _disciplines(owner: int) -> Why:
    names = [line.split()[0] for line in Path("/proc/tty/ldiscs").read_text().splitlines()]
    return None if set(names) - {"n_tty"} else "the kernel knows one way to read terminals only"


def _networks(owner: int) -> Why:
    return None if len(Path("/proc/net/dev").read_text().splitlines()) > 3 else "this machine is in no network"


LACKS: dict[str, Callable[[int], Why]] = {
    "ipv6": lambda owner: None if Path("/proc/net/if_inet6").exists() else "the kernel has no IPv6",
    "fast open": lambda owner: (
        None if int(_setting("net/ipv4/tcp_fastopen") or 0) & 1 else "TCP fast open is switched off"
    ),
    "multipath tcp": lambda owner: _family(socket.AF_INET, socket.SOCK_STREAM, 262),
    "udp lite": lambda owner: _family(socket.AF_INET, socket.SOCK_DGRAM, 136),
    "vsock": lambda owner: _family(40, socket.SOCK_STREAM),
    "alg": lambda owner: _family(38, socket.SOCK_SEQPACKET),
    "xdp": lambda owner: _family(44, socket.SOCK_RAW),
    "ping group": _ping_group,
    "rare families": lambda owner: (
        "the kernel has none of the rare families"
        if all(_family(family, socket.SOCK_DGRAM) for family in RARE_FAMILIES)
        else None
    ),
    "io_uring": lambda owner: (
        f"io_uring is closed: {_setting('kernel/io_uring_disabled')}"
        if _setting("kernel/io_uring_disabled") in ("", "2" if owner == 0 else "1", "2")
        else None
    ),
    "userfaultfd": _unprivileged("vm/unprivileged_userfaultfd", ("0",), "userfaultfd"),
    "unprivileged bpf": _unprivileged("kernel/unprivileged_bpf_disabled", ("1", "2"), "bpf"),
    "tiocsti": _unprivileged("dev/tty/legacy_tiocsti", ("0",), "TIOCSTI"),
    "32-bit calls": _old_gate,
    "x32": _other_table,
    "cgroup v1": _first_groups,
    "ports": _ports,
    "block devices": _disks,
    "right to resources": _right_to_resources,
    "line disciplines": _disciplines,
    "network": _networks,
}
"""By the name in `attempt(lacks=…)`; the argument is the number of the user."""


def why(name: str, owner: int) -> Why:
    """`name` is one of `LACKS`, or a path that is there where the kernel has the thing."""
    if name.startswith("/"):
        return None if Path(name).exists() else f"the kernel has no {name}"
    return LACKS[name](owner)
