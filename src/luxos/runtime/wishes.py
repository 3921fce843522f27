"""What a person may say of a soul or a run beside its source: limits, examples, and permissions that there are."""

from collections.abc import Iterable, Mapping
from dataclasses import fields
from typing import Any

from luxos.beings.core import Effects
from luxos.i18n import N_, _
from luxos.runtime.code import CodeLimits
from luxos.runtime.errors.code import WishUnfit
from luxos.runtime.hosts import HOST, hosts_of
from luxos.souls.aliases import core_of

_OUTSIDE: tuple[Effects, ...] = ("external", "workspace")
_LIMITS = N_("an object of numbers above 0, by these names: {names}")
_EXAMPLES = N_("a list of objects, each with `args` (a list) or `arguments` (an object), and `result`")
_LIST = N_("a list of words")
_THERE_ARE = N_(
    "a list of external, workspace, host:api.nbp.pl:443, or functions of LuxOS such as file.read; "
    "{told} is none of these"
)


async def check_wishes(who: str, genesis: Mapping[str, Any]) -> None:
    """Raises `WishUnfit` for limits, examples, permissions or requirements that nothing would heed; `HostUnfit`."""
    limits = {field.name for field in fields(CodeLimits)}
    if not _are_limits(genesis.get("limits", {}), limits):
        raise WishUnfit(who=who, field="limits", wanted=_(_LIMITS).format(names=", ".join(sorted(limits))))
    examples = genesis.get("examples", [])
    if not (isinstance(examples, list) and all(map(_is_example, examples))):
        raise WishUnfit(who=who, field="examples", wanted=_(_EXAMPLES))
    if not _are_words(genesis.get("requirements", [])):
        raise WishUnfit(who=who, field="requirements", wanted=_(_LIST))
    permissions = genesis.get("permissions", [])
    if not _are_words(permissions):
        raise WishUnfit(who=who, field="permissions", wanted=_(_THERE_ARE).format(told=repr(permissions)[:100]))
    await check_permissions(who, permissions)


async def check_permissions(who: str, permissions: Iterable[str]) -> None:
    """Raises `WishUnfit` for a permission that there is not, `HostUnfit` for a host that is none."""
    told = list(permissions)
    hosts_of(who, told)
    for one in told:
        if not one.startswith(HOST) and one not in _OUTSIDE and await core_of(one) is None:
            raise WishUnfit(who=who, field="permissions", wanted=_(_THERE_ARE).format(told=repr(one)[:100]))


def _are_limits(told: Any, names: set[str]) -> bool:
    numbers = isinstance(told, Mapping) and all(type(value) in (int, float) for value in told.values())
    return numbers and told.keys() <= names and all(value > 0 for value in told.values())


def _is_example(told: Any) -> bool:
    if not isinstance(told, Mapping) or "result" not in told:
        return False
    return isinstance(told.get("arguments", told.get("args", [])), list | Mapping)


def _are_words(told: Any) -> bool:
    return isinstance(told, list) and all(isinstance(one, str) for one in told)
