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

    def __init__(self, message: str, retry_after_s: float | None = None) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s
        """What the server asked for (HTTP's Retry-After); None where it did not."""


class LanguageModelRejectedError(LanguageModelError):
    """The server understood and said no: a wrong key, an unknown model, a prompt too long."""

    code = "language_model_rejected"


class RequestRefusedError(LanguageModelRejectedError):
    """The request is not as the server takes it; told in the server's words."""


class UnfitWishesError(AssistantError):
    """The language model's server does not take the JSON schema, functions or settings of this one
    request; told in its words."""

    code = "request_invalid"


class PromptTooLongError(LanguageModelRejectedError):
    code = "context_length_exceeded"


class GenerationCancelledError(LanguageModelError):
    """Not a failure: whoever asked no longer wants the answer."""

    code = "generation_cancelled"


class ToolError(AssistantError):
    """A tool could not do it; the message is what the user is told, in the user's language."""

    code = "tool_failed"
