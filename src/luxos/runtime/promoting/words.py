"""What became of a promotion, in a sentence for a person."""

from collections.abc import Mapping

from luxos.i18n import N_, _
from luxos.runtime.promoting.promotion import Promotion

_SENTENCES: Mapping[str, str] = {
    "shadowing": N_("{to} runs in the shadow of {name}: {equal} of {calls} calls were equal."),
    "watched": N_("{name} is {to} now. Where more than {budget:.0%} of its calls fail, it goes back to {before}."),
    "kept": N_("{name} stays {to}: {failures} of its {count} calls failed."),
    "different": N_(
        "{to} gave something else than {name} in a call, so it was not promoted. "
        "`luxos soul promotions {name}` shows the difference."
    ),
    "slower": N_("{to} was too slow in {slow} of {equal} calls, so it was not promoted, and {name} is what it was."),
    "back": N_(
        "{name} was moved back from {to} to {before}, because {failures} of its {count} calls failed. "
        "`luxos soul promotions {name}` shows them."
    ),
    "overtaken": N_("{name} was given another version meanwhile, so the promotion of {to} is over."),
    "stopped": N_("A person ended the promotion of {to}; {name} is what it is."),
}


def sentence(promotion: Promotion) -> str:
    """What a promotion has come to."""
    told = promotion.row.attributes
    counts = {"equal": told["equal"], "slow": told["slow"], "failures": told.get("failures", 0)}
    return _(_SENTENCES[promotion.status]).format(
        name=promotion.alias, to=_short(promotion.to), before=_short(promotion.before), count=told.get("calls", 0),
        calls=promotion.terms.calls, budget=promotion.terms.budget, **counts,
    )  # fmt: skip


def _short(hash_: str) -> str:
    return hash_.removeprefix("sha256:")[:12]
