"""A growing reply cut into pieces that can be spoken while the rest is still being written.

The first piece may end at a clause, also one that no mark ends ("The sky is blue | because …"), so
that the first sound comes early; later ones end with a sentence. Each cut looks at most a few
characters ahead, so a finished sentence never waits for the next one, and the pieces do not depend
on how the text was split into deltas.
"""

import re
from itertools import dropwhile

MAX_CHARS = 200
"""A longer sentence is cut at a clause mark or a space. About 12 seconds of English speech."""
MIN_CLAUSE_WEIGHT = 6
"""The least first clause: three words, or six Chinese characters, about 1.3 seconds. A shorter one
ends long before the next piece is spoken: Kokoro needs 0.7 to 0.9 s of two cores for as much."""
MIN_SENTENCE_WEIGHT = 4
"""A shorter sentence ("Yes.") is spoken with the next one."""

_CJK = r"\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff\uac00-\ud7af"
_CJK_CHAR = re.compile(f"[{_CJK}]")
_WORD = re.compile(rf"[^\W_{_CJK}]+")
# An ASCII mark ends something only before white space ("3.14", "example.com") or Chinese.
_SENTENCE_END = re.compile(
    rf"[。！？；]|[.!?]+[\"'”’)\]*_]*(?=\s)|(?<=[A-Za-z{_CJK}])[.!?](?=[{_CJK}])"
)
_CLAUSE_END = re.compile(rf"[，：]|[,;:](?=[\s{_CJK}])|…+|——| [–—-](?= )")
# People pause here too; not after "even", "and" and their like. Left out is what as often joins
# words as clauses ("and", "that", "since"), and "which", after whose prepositions Piper's second
# piece was heard wrong. Chinese puts a comma. Eight such sentences said four times in two pieces:
# 0.2 s between the two, 14 of 412 words heard wrong, and 9 where they are said in one.
_CLAUSE_START = re.compile(
    r"(?<!\beven|\bonly|\bjust|\balso)(?<!\band|\bbut|\bnot)(?<!\bas|\bor|\bso)"
    r"\s+(?=(?:because|who|where|when|while|whereas|although|though|unless|until|but|if)\s)"
)
_PAUSE = re.compile(rf"{_CLAUSE_END.pattern}|、")
_ABBREVIATION = re.compile(
    r"(?:\b(?:Mr|Mrs|Ms|Dr|Prof|St|Jr|Sr|Inc|Ltd|vs|etc|cf|approx|Fig)"
    r"|\b(?:[A-Za-z]\.)+[A-Za-z]|\b[A-Z])\.$"
)
_LIST_NUMBER = re.compile(r"^\s*\d+\.$")
# What must not be torn apart: inline code, links, addresses. What has begun at the end of the
# text counts too; the lengths bound how long a stray backtick or bracket holds the rest back.
_WHOLE = re.compile(
    r"`[^`\n]{0,100}(?:`|\Z)"
    r"|\[[^\]\n]{0,100}(?:\Z|\](?:\Z|\([^)\s]{0,400}(?:\)|\Z)))"
    r"|(?:https?://|www\.)[^\s<>，。！？；、）]{1,400}(?<![.,;:!?\"')*\]])"
)
_SIGHT_CHARS = MAX_CHARS + 600
"""How far ends are looked for: past all that may be chosen, and what `_WHOLE` finds around it."""
_FENCE = re.compile(r"[ \t]*(`{3,}|~{3,})[^`\n]*(?:\n|\Z)")


class SentenceCutter:
    """Feed it one reply, then flush it. Joined, the pieces are the text as it was written."""

    def __init__(self) -> None:
        self._text = ""
        self._is_line_start = True
        self._has_cut = False

    def feed(self, delta: str) -> list[str]:
        """Return the pieces that are certain now."""
        self._text += delta
        return self._cut(is_final=False)

    def flush(self) -> list[str]:
        """Return what is left, and be ready for the next reply."""
        pieces = self._cut(is_final=True)
        if self._text.strip():
            pieces.append(self._text)
        self._text, self._is_line_start, self._has_cut = "", True, False
        return pieces

    def _cut(self, is_final: bool) -> list[str]:
        pieces = []
        while end := self._find_end(is_final):
            piece, self._text = self._text[:end], self._text[end:]
            self._is_line_start = piece.endswith("\n")
            self._has_cut = self._has_cut or _weigh(piece) > 0
            pieces.append(piece)
        return pieces

    def _find_end(self, is_final: bool) -> int:
        """Return where the next piece ends; 0 while that is not certain."""
        start = len(self._text) - len(self._text.lstrip())
        if start == len(self._text):
            return 0
        is_line_start = self._is_line_start or "\n" in self._text[:start]
        indent = self._text.rfind("\n", 0, start) + 1
        if is_line_start and (fence := _FENCE.match(self._text, indent)):
            closing = re.compile(rf"^[ \t]*{re.escape(fence[1])}", re.MULTILINE)
            close = closing.search(self._text, fence.end())
            return close.end() if close else 0

        line_end = self._text.find("\n", start) + 1
        # White space after the last character is as good as certain once the text is complete.
        line = self._text[: line_end or len(self._text)] + (" " if is_final else "")
        line = line[: start + _SIGHT_CHARS]
        whole = [match.span() for match in _WHOLE.finditer(line)]
        sentence_ends = (
            match.end()
            for match in _SENTENCE_END.finditer(line)
            if not _is_inside(match.start(), whole)
            and not _ABBREVIATION.search(line[: match.end()])
            and not (is_line_start and _LIST_NUMBER.match(line[: match.end()]))
            and _weigh(line[: match.end()]) >= MIN_SENTENCE_WEIGHT
        )
        ends = [next(sentence_ends, 0)]
        if not self._has_cut:
            for boundary in (_CLAUSE_END, _CLAUSE_START):
                clause_ends = (
                    match.end()
                    for match in boundary.finditer(line)
                    if not _is_inside(match.start(), whole)
                    and _weigh(line[: match.end()]) >= MIN_CLAUSE_WEIGHT
                )
                ends.append(next(clause_ends, 0))
        end = min(filter(None, ends), default=0) or line_end
        if end and end - start <= MAX_CHARS:
            return min(end, len(self._text))
        if len(self._text) - start <= MAX_CHARS:
            return 0
        return _split_long(line, start, whole)


def _split_long(line: str, start: int, whole: list[tuple[int, int]]) -> int:
    """Return an end within `MAX_CHARS`: after a late clause mark, else a space, else anywhere."""
    limit = start + MAX_CHARS
    for pattern, least in ((_PAUSE, start + MAX_CHARS // 3), (re.compile(r"\s"), start + 1)):
        found = (match.end() for match in pattern.finditer(line, least, limit))
        if ends := [end for end in found if not _is_inside(end, whole)]:
            return ends[-1]
    spans = dropwhile(lambda span: span[1] <= limit, whole)
    if (span := next(spans, None)) and span[0] < limit:
        return span[0] if span[0] > start else span[1]
    return limit


def _is_inside(index: int, spans: list[tuple[int, int]]) -> bool:
    return any(start <= index < end for start, end in spans)


def _weigh(text: str) -> int:
    """Return about how long the text takes to say: 2 for a word, 1 for a Chinese character."""
    return len(_CJK_CHAR.findall(text)) + 2 * len(_WORD.findall(text))
