"""What the type checker's rules mean, in the person's words; its own words, which are English, say the details."""

from collections.abc import Mapping

from luxos.i18n import N_, _

_RULES: Mapping[str, str] = {
    "invalid-assignment": N_("the value is of another type than the name was declared with"),
    "invalid-return-type": N_("the result is of another type than was declared"),
    "invalid-argument-type": N_("an argument is of another type than what is called takes"),
    "invalid-parameter-default": N_("the default is of another type than the argument"),
    "unsupported-operator": N_("the operator does not work with these types"),
    "unresolved-attribute": N_("this type has no such attribute"),
    "possibly-missing-attribute": N_("this type need not have such an attribute"),
    "unresolved-reference": N_("nothing has this name"),
    "possibly-unresolved-reference": N_("it may be that nothing has this name yet"),
    "missing-argument": N_("an argument is missing"),
    "too-many-positional-arguments": N_("there are more arguments than what is called takes"),
    "unknown-argument": N_("what is called has no argument of this name"),
    "parameter-already-assigned": N_("an argument is given twice"),
    "no-matching-overload": N_("what is called does not take such arguments"),
    "call-non-callable": N_("this cannot be called"),
    "not-iterable": N_("this type cannot be gone through"),
    "not-subscriptable": N_("this type has no elements"),
    "non-subscriptable": N_("this type has no elements"),
    "index-out-of-bounds": N_("there is no element of this number"),
    "invalid-key": N_("there is no such key"),
    "invalid-await": N_("this cannot be awaited"),
    "invalid-syntax": N_("this is no Python"),
    "invalid-type-form": N_("this is no type"),
    "division-by-zero": N_("this divides by zero"),
}


def rule_words(rule: str, words: str) -> str:
    """A finding as a sentence: what it means, where that is known, and what the checker said."""
    return f"{_(_RULES[rule])} ({words})" if rule in _RULES else words
