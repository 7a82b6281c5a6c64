"""The lists in `terms/`: what is looked for, in which category, and what is innocent.

A file holds one category in one language: `violence.en.txt`, `sexual/minors.zh.txt`. Lines:

    # a remark
    bomb                    a word or phrase, found as a whole; in Chinese anywhere
    re:bomb(?:s|ing)?       a pattern, over text as `normalise` leaves it, also found as a whole
    ?how to vanish          `?` in front: looked for in questions, not in replies
    !kill the process       `!` in front: what lies in such a phrase is innocent, in every file
                            of the category
    ~minecraft              `~` in front: what stands in a sentence with it is innocent; of a
                            reply, what follows it in the sentence
    @weapon = bomb | gun    a name for use in the file's patterns, as @weapon
    re[@weapon]:make @weapon    the same, looked for only where a @weapon is: quicker
"""

import functools
import logging
import threading
import time
from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import regex

from assistant.checks.matching import Entry, Lists
from assistant.checks.normalise import CJK, LETTER, normalise, spelling

log = logging.getLogger(__name__)

Where = Literal["question", "reply"]

BUILT_IN = Path(__file__).with_name("terms")

# The end of a Chinese term is no word's end.
_BEGINS = rf"(?:(?<!{LETTER})|(?=[{CJK}]))"
_ENDS = rf"(?:(?!{LETTER})|(?<=[{CJK}]))"
_PATTERN = regex.compile(r"re(?:\[(?P<needs>.+?)\])?:(?P<pattern>.+)")


@dataclass(frozen=True, order=True)
class Hit:
    start: int
    """In the text that was given, as is `end`."""
    end: int
    category: str


def parse(lines: Iterable[str]) -> list[Entry]:
    """Read the lines of one file. Raises ValueError where a pattern is wrong."""
    entries = []
    names: dict[str, str] = {}
    words: dict[str, list[str]] = {}
    for number, line in enumerate(lines, 1):
        line = line.strip()
        if not line or line.startswith("#"):
            continue
        if line.startswith("@"):
            name, _, values = line.partition("=")
            names[name.strip()] = "(?:" + values.strip().replace(" | ", "|") + ")"
            continue
        mark, line = (line[0], line[1:].strip()) if line[0] in "?!~" else ("", line)
        if line.startswith("re"):
            for name in sorted(names, key=len, reverse=True):
                line = line.replace(name, names[name])
        if is_pattern := _PATTERN.fullmatch(line):
            try:
                needs = regex.compile(is_pattern["needs"]) if is_pattern["needs"] else None
                entries.append(_entry(is_pattern["pattern"], mark, needs))
            except regex.error as error:
                raise ValueError(f"line {number}: {error}") from error
            if entries[-1].pattern.fullmatch(""):
                raise ValueError(f"line {number} would be found everywhere")
        elif word := normalise(line).text.strip():
            words.setdefault(mark, []).append(regex.escape(word, literal_spaces=True))
    entries += [_entry("|".join(listed), mark) for mark, listed in words.items()]
    return entries


def _entry(pattern: str, mark: str, needs: "regex.Pattern[str] | None" = None) -> Entry:
    whole = regex.compile(f"{_BEGINS}(?:{pattern}){_ENDS}")
    return Entry(whole, mark, needs)


class Terms:
    """What is looked for; `entries` are by category. Thread-safe."""

    def __init__(self, entries: Mapping[str, Sequence[Entry]]) -> None:
        self._categories = {
            category: Lists(
                found=[entry for entry in listed if entry.mark in ("", "?")],
                phrases=[entry.pattern for entry in listed if entry.mark == "!"],
                sentences=[entry.pattern for entry in listed if entry.mark == "~"],
            )
            for category, listed in entries.items()
        }

    def find(
        self, text: str, where: Where, *, start: int = 0, is_growing: bool = False
    ) -> tuple[list[Hit], int]:
        """Return what was found from `start` on, in order, and how far this is sure.

        What stands before `start` is context. Sure is everything, unless `is_growing`: then what
        stands at the very end may be the beginning of a term, or of an innocent phrase.
        """
        plain = normalise(text, is_growing=is_growing)
        plain_start = bisect_left(plain.offsets, start)
        spelled = list(spelling(text)) if is_growing else []
        hits = []
        sure = len(text)

        @functools.cache
        def has(needed: "regex.Pattern[str] | None") -> bool:
            return needed is None or needed.search(plain.text) is not None

        for category, lists in self._categories.items():
            for entry in lists.found:
                is_elsewhere = where == "reply" and entry.mark == "?"
                if is_elsewhere or not (is_growing or has(entry.needs)):
                    continue
                spans, sure_so_far = lists.search(
                    entry.pattern, plain.text, plain_start, is_growing
                )
                sure = min(sure, plain.offsets[sure_so_far])
                for begin, end in spans:
                    hits.append(Hit(plain.offsets[begin], plain.offsets[end - 1] + 1, category))
                for begin, word in spelled:
                    if begin >= start and entry.pattern.fullmatch(word, partial=True):
                        sure = min(sure, begin)
        return sorted(hit for hit in hits if hit.start < sure), sure


class TermFiles:
    """The lists of some folders, as they are now: `files()` returns them. Thread-safe.

    `folders`: later ones add to earlier ones. `custom`: one more file, in a category of that
    name. Files are looked at again every `check_every_s` seconds at most; one that is broken is
    logged, and what it last held stays.
    """

    def __init__(
        self,
        folders: Sequence[Path] = (BUILT_IN,),
        custom: Path | None = None,
        check_every_s: float = 5.0,
    ) -> None:
        self._folders = folders
        self._custom = custom
        self._check_every_s = check_every_s
        self._read: dict[Path, tuple[int, int]] = {}
        self._entries: dict[Path, tuple[str, list[Entry]]] = {}
        self._terms = Terms({})
        self._next_check_s = 0.0
        self._lock = threading.Lock()

    def __call__(self) -> Terms:
        # Only one thread looks; the others go on with what was there before.
        if time.monotonic() >= self._next_check_s and self._lock.acquire(blocking=not self._read):
            try:
                if time.monotonic() >= self._next_check_s:
                    self._reload()
                    self._next_check_s = time.monotonic() + self._check_every_s
            finally:
                self._lock.release()
        return self._terms

    def _reload(self) -> None:
        found = {
            path: path.relative_to(folder).as_posix().partition(".")[0]
            for folder in self._folders
            for path in sorted(folder.rglob("*.txt"))
        }
        if self._custom:
            found[self._custom] = "custom"
        is_changed = False
        for path in self._read.keys() - found.keys():
            del self._read[path]
            is_changed = self._entries.pop(path, None) is not None or is_changed
        for path, category in found.items():
            try:
                status = path.stat()
                version = (status.st_mtime_ns, status.st_size)
                if self._read.get(path) == version:
                    continue
                self._read[path] = version
                lines = path.read_text("utf-8-sig").splitlines()
                self._entries[path] = (category, parse(lines))
                is_changed = True
            except (OSError, ValueError) as error:  # UnicodeDecodeError is a ValueError.
                log.error("the list %s is not used as it is now: %s", path, error)
        if is_changed:
            by_category: dict[str, list[Entry]] = {}
            for category, entries in self._entries.values():
                by_category.setdefault(category, []).extend(entries)
            self._terms = Terms(by_category)
