"""What can go wrong with a language model, as a person is told of it."""

from luxos.errors import Exit, LuxError
from luxos.i18n import N_


class ModelMissing(LuxError):
    """A model is named, and what speaks to it is not installed."""

    code = "model.missing"
    exit_code = Exit.ENVIRONMENT
    message = N_(
        "LUXOS_MODEL names a model, but what speaks to it is not installed. Install it with "
        "`pip install 'lux-os[model]'`, or take LUXOS_MODEL away."
    )


class ModelSilent(LuxError):
    """A model gave no answer that could be read."""

    code = "model.silent"
    exit_code = Exit.ENVIRONMENT
    message = N_(
        "The model {model} gave no answer: {reason}. Look whether it runs at {url}, where LUXOS_MODEL_URL says it does."
    )
