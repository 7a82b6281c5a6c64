"""What the user heard of a reply that was cut short."""

import re

from assistant.history import CUT_SHORT
from workers.turn_state import TurnState

_SPACELESS = r"\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff"
_BEGUN_WORD = re.compile(rf"[^\W{_SPACELESS}]+[’']?[^\W{_SPACELESS}]*$")
_WORD_GOES_ON = re.compile(rf"[^\W{_SPACELESS}]")
_OPEN_END = re.compile(r"[\s,;:，；：、—–-]+$")
_SENTENCE_END = re.compile(r"[.!?。！？…][\"'”’)\]*_」』]*$")


def heard_text(state: TurnState, heard_ms: int | None) -> str:
    """Return the text of the first `heard_ms` of the reply's sound; None for all that is written.

    Within a piece the words are taken to be spread evenly. A word that was only begun is left
    out, and an ellipsis ends what is not a whole sentence; empty where nothing was heard.
    """
    heard = "" if heard_ms is not None else state.written
    left_ms = float(heard_ms or 0)
    for index, piece in sorted(state.queued.items()) if heard_ms is not None else ():
        if index in state.unspoken:
            continue
        duration_ms = state.audio[index].duration_s * 1000 if index in state.audio else 0.0
        if left_ms < duration_ms or not duration_ms:
            heard += _beginning(piece.text, left_ms / duration_ms if duration_ms else 0.0)
            break
        heard += piece.text
        left_ms -= duration_ms
    else:
        if state.reply is not None and heard:
            return state.reply.text.strip()
    heard = _OPEN_END.sub("", heard).lstrip()
    return heard if not heard or _SENTENCE_END.search(heard) else heard + CUT_SHORT


def _beginning(text: str, share: float) -> str:
    cut = round(len(text) * share)
    begun = text[:cut]
    if _WORD_GOES_ON.match(text[cut : cut + 1]):
        begun = _BEGUN_WORD.sub("", begun)
    return begun
