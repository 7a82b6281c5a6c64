"""The sound of a turn's reply, piece by piece, as soon as each exists."""

import time
from collections.abc import Iterator

from assistant.events import AudioReady, SpeechFailed, TurnCancelled, TurnFailed, TurnFinished
from web.context import services
from web.errors import ProblemError
from workers.in_order import InOrder
from workers.services import Services

_LOOK_S = 1.0
"""How often a caller can see whether its client still waits."""


def spoken_pieces(turn_id: str) -> Iterator[bytes]:
    """Return the pieces in the order of the text, up to the turn's end.

    Each is PCM16, mono, 24 kHz; an empty one says every second that there is none yet. The iterator
    may be used outside the request. It raises ProblemError where a piece could not be spoken, where
    the turn failed or was cancelled, and where nothing happened for `turn_timeout_s`.
    """
    return _pieces(services(), turn_id)


def _pieces(services: Services, turn_id: str) -> Iterator[bytes]:
    timeout_s = services.settings.turn_timeout_s
    heard_at = time.monotonic()
    spoken = InOrder[AudioReady | SpeechFailed]()
    for stored in services.bus.follow(turn_id, ping_s=_LOOK_S):
        if stored is None:
            if time.monotonic() - heard_at > timeout_s:
                raise ProblemError("turn_timeout", f"No sound within {timeout_s:g} s.")
            yield b""
            continue
        heard_at = time.monotonic()
        match stored.event:
            case AudioReady() | SpeechFailed() as piece:
                for ready in spoken.put(piece.index, piece):
                    yield _sound(services, ready)
            case TurnFailed():
                raise ProblemError(stored.event.code, stored.event.message)
            case TurnCancelled():
                raise ProblemError("turn_cancelled", "The reply was stopped.")
            case TurnFinished():
                return
    raise _expired()


def _sound(services: Services, piece: AudioReady | SpeechFailed) -> bytes:
    if isinstance(piece, SpeechFailed):
        raise ProblemError(piece.code, piece.message)
    pcm16 = services.turns.audio(piece.turn_id, piece.index)
    if pcm16 is None:
        raise _expired()
    return pcm16


def _expired() -> ProblemError:
    return ProblemError("turn_expired", "The sound is no longer kept; please ask again.")
