"""What can go wrong in understanding: only its own files; a sentence is never an error."""

from luxos.errors import Exit, LuxError
from luxos.i18n import N_


class NlpError(LuxError):
    """Base of the errors of this room."""

    code = "nlp"
    message = N_("Understanding failed: {reason}.")


class CorpusInvalid(NlpError):
    """A corpus or lexicon file does not say what it may say."""

    code = "nlp_corpus_invalid"
    message = N_("The file {file}, line {line}, cannot be used: {reason}. Correct the line and train again.")


class CasesInvalid(NlpError):
    """A line of somebody's sentences cannot be judged by."""

    code = "nlp_cases_invalid"
    exit_code = Exit.USAGE
    message = N_("The file {file}, line {line}, cannot be judged by: {reason}. Correct that line.")


class ModelUnusable(NlpError):
    """The stored intent model is missing, damaged or of another format."""

    code = "nlp_model_unusable"
    exit_code = Exit.ENVIRONMENT
    message = N_("The intent model {file} cannot be used: {reason}. Reinstall LuxOS, or run tools/nlp/train.py.")
