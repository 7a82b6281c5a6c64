"""What can go wrong in the dialogue, each with a stable code and a sentence for the user."""


class AssistantError(Exception):
    """Base of the dialogue's errors; `str(error)` is fit for the user to read."""

    code = "assistant_error"
    is_retryable = False


class QuestionEmptyError(AssistantError):
    code = "question_empty"


class QuestionTooLongError(AssistantError):
    code = "question_too_long"


class UnknownLanguageModelError(AssistantError):
    code = "unknown_language_model"


class LanguageModelError(AssistantError):
    """The model server failed; retrying the same request may help where `is_retryable`."""

    code = "language_model_failed"


class LanguageModelUnavailableError(LanguageModelError):
    """Refused, timed out, overloaded or cut off: passing troubles."""

    code = "language_model_unavailable"
    is_retryable = True


class LanguageModelRejectedError(LanguageModelError):
    """The server understood and said no: a wrong key, an unknown model, a prompt too long."""

    code = "language_model_rejected"
