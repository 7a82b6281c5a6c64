"""Whether a question is one, and the special tokens that nobody may write."""

import re
import unicodedata

from assistant.errors import QuestionEmptyError, QuestionTooLongError

# `<|im_end|>` and its like steer a model. In a question they would be an injection: servers
# read them as the real thing. Chinese models also write them with full-width bars.
SPECIAL_TOKEN = r"<[|｜][^|｜<>\s]{1,40}[|｜]>|<(?:start|end)_of_turn>"


def strip_special_tokens(text: str) -> str:
    stripped = re.sub(SPECIAL_TOKEN, "", text)
    # One can be hidden inside another: what is left must not be a token either.
    return stripped if stripped == text else strip_special_tokens(stripped)


def normalise(question: str) -> str:
    """Return the question as the model may see it: NFC, without control characters or tokens."""
    question = unicodedata.normalize("NFC", question.replace("\r\n", "\n"))
    # Cs: half a surrogate pair, which JSON can carry and UTF-8 cannot.
    question = "".join(
        character
        for character in question
        if character in "\n\t" or unicodedata.category(character) not in ("Cc", "Cs")
    )
    return strip_special_tokens(question).strip()


def check_question(question: str, max_chars: int) -> str:
    """Return the question normalised. Raises QuestionEmptyError, QuestionTooLongError."""
    question = normalise(question)
    if not any(unicodedata.category(character)[0] in "LNPS" for character in question):
        raise QuestionEmptyError("There is no question. Please say or type something.")
    if len(question) > max_chars:
        raise QuestionTooLongError(
            f"The question has {len(question)} characters; at most {max_chars} are allowed. "
            "Please shorten it, or ask it in parts."
        )
    return question
