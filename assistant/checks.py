"""What may go in to the language model, and what of its reply may come out."""

import re
import unicodedata
from collections.abc import Iterable
from pathlib import Path

from assistant.errors import QuestionEmptyError, QuestionTooLongError

# `<|im_end|>` and its like steer a model. In a question they would be an injection: servers
# read them as the real thing. Chinese models also write them with full-width bars.
_SPECIAL_TOKEN = r"<[|｜][^|｜<>\s]{1,40}[|｜]>|<(?:start|end)_of_turn>"
_TAG = re.compile(rf"(?P<think><think>)|</think>|{_SPECIAL_TOKEN}")
_TAG_BEGUN = re.compile(r"<(?:/?[a-z_]{0,13}|[|｜][^|｜<>\s]{0,40}[|｜]?)\Z")
_END_OF_REASONING = "</think>"

# Chinese, Japanese and Korean have no spaces that would bound a word.
_CJK = r"\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003ffff"
_CJK_CHARACTER = re.compile(f"[{_CJK}]")
_LETTER = rf"[^\W{_CJK}]"


def strip_special_tokens(text: str) -> str:
    stripped = re.sub(_SPECIAL_TOKEN, "", text)
    # One can be hidden inside another: what is left must not be a token either.
    return stripped if stripped == text else strip_special_tokens(stripped)


def check_question(question: str, max_chars: int) -> str:
    """Return the question as the model may see it: NFC, without control characters or tokens.

    Raises QuestionEmptyError, QuestionTooLongError.
    """
    question = unicodedata.normalize("NFC", question.replace("\r\n", "\n"))
    # Cs: half a surrogate pair, which JSON can carry and UTF-8 cannot.
    question = "".join(
        character
        for character in question
        if character in "\n\t" or unicodedata.category(character) not in ("Cc", "Cs")
    )
    question = strip_special_tokens(question).strip()
    if not any(unicodedata.category(character)[0] in "LNPS" for character in question):
        raise QuestionEmptyError("There is no question. Please say or type something.")
    if len(question) > max_chars:
        raise QuestionTooLongError(
            f"The question has {len(question)} characters; at most {max_chars} are allowed. "
            "Please shorten it, or ask it in parts."
        )
    return question


class BlockedTerms:
    """Words and phrases that neither question nor reply may hold, in any case of letters.

    `bomb` is not found in `bombastic`; a term that begins or ends with a Chinese, Japanese or
    Korean character is also found inside longer text at that end. Thread-safe.
    """

    def __init__(self, terms: Iterable[str] = ()) -> None:
        spaced = (" ".join(unicodedata.normalize("NFC", term).split()) for term in terms)
        wanted = sorted({term for term in spaced if term})
        starts = [(term, term[:length]) for term in wanted for length in range(1, len(term) + 1)]
        # Without terms both patterns match nowhere.
        self._whole = re.compile(
            "|".join(_begins(term) + _spell(term) + _ends(term) for term in wanted) or r"(?!)",
            re.IGNORECASE,
        )
        self._begun = re.compile(
            "|".join(_begins(term) + _spell(start) + r"\Z" for term, start in starts) or r"(?!)",
            re.IGNORECASE,
        )

    def are_in(self, text: str) -> bool:
        """Full-width letters and invisible characters hide no term."""
        text = unicodedata.normalize("NFKC", text)
        text = "".join(character for character in text if unicodedata.category(character) != "Cf")
        return self._whole.search(text) is not None

    def find(self, text: str, start: int, *, is_final: bool) -> tuple[int, bool]:
        """Return (end, found): `text[start:end]` is clean, whatever may follow.

        `found` is True where a term begins at `end`; unless `is_final`, a term at the very end
        of the text is not counted as found yet, as its last word may go on.
        """
        whole = self._whole.search(text, start)
        if whole and (is_final or whole.end() < len(text)):
            return whole.start(), True
        begun = None if is_final else self._begun.search(text, start)
        return (begun.start() if begun else len(text)), False


def load_terms(path: Path | None) -> BlockedTerms:
    """Read one term a line, UTF-8; empty lines and lines that begin with `#` are skipped."""
    lines = path.read_text("utf-8-sig").splitlines() if path else []
    return BlockedTerms(line for line in lines if not line.startswith("#"))


def _spell(term: str) -> str:
    return re.escape(term).replace(r"\ ", r"\s+")


def _begins(term: str) -> str:
    return "" if _CJK_CHARACTER.match(term[0]) else rf"(?<!{_LETTER})"


def _ends(term: str) -> str:
    return "" if _CJK_CHARACTER.match(term[-1]) else rf"(?!{_LETTER})"


class ReplyCheck:
    """Lets a growing reply through as far as it is surely clean, and no further.

    Reasoning (`<think>…</think>`) and special tokens are left out, also where they are cut
    across deltas. Only what may be the beginning of a tag or blocked term is held back.
    For one reply; `written` is what of it was let through before a worker was lost.
    """

    def __init__(self, blocked_terms: BlockedTerms, written: str = "") -> None:
        self.is_blocked = False
        """True once a term was met: what was let through is clean, and nothing more may follow."""
        self._blocked_terms = blocked_terms
        self._raw = ""
        self._is_reasoning = False
        self._text = written
        self._released = len(written)

    @property
    def released(self) -> str:
        """All that was let through, `written` included."""
        return self._text[: self._released]

    def feed(self, delta: str) -> str:
        """Return the text that may go out now, possibly none."""
        self._raw += delta
        self._strip_tags()
        return self._release(is_final=False)

    def flush(self) -> str:
        """Return what was held back; the reply has ended."""
        if not self._is_reasoning:
            self._text += self._raw
        self._raw = ""
        return self._release(is_final=True)

    def _strip_tags(self) -> None:
        """Move what is no tag from `_raw` to `_text`; keep in `_raw` what may become one."""
        while True:
            if self._is_reasoning:
                reasoning, end, rest = self._raw.partition(_END_OF_REASONING)
                if not end:
                    self._raw = reasoning[1 - len(_END_OF_REASONING) :]
                    return
                self._raw = rest
                self._is_reasoning = False
            tag = _TAG.search(self._raw)
            if tag is None:
                break
            self._text += self._raw[: tag.start()]
            self._raw = self._raw[tag.end() :]
            self._is_reasoning = tag["think"] is not None
        begun = _TAG_BEGUN.search(self._raw)
        end_of_text = begun.start() if begun else len(self._raw)
        self._text += self._raw[:end_of_text]
        self._raw = self._raw[end_of_text:]

    def _release(self, *, is_final: bool) -> str:
        if self.is_blocked:
            return ""
        if not self._released:
            self._text = self._text.lstrip()  # Models begin with empty lines after reasoning.
        end, self.is_blocked = self._blocked_terms.find(
            self._text, self._released, is_final=is_final
        )
        released = self._text[self._released : end]
        self._released = end
        return released
