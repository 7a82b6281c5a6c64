"""How long a silence is waited out before the turn is taken to be over."""

from collections.abc import Mapping, Sequence

from speech.turn_taking.events import TurnTaking

FINISHED_MS = 200
"""A turn that sounds finished ends after so much silence."""
FINISHED = 0.98
"""The probability from which on a turn sounds finished."""
CAP_MS: Mapping[str, int] = {"high": 1_200, "medium": 2_400, "auto": 2_400, "low": 4_000}
"""A turn that sounds unfinished ends after so much silence, by eagerness."""
DOUBT_EXPONENT = 0.7
"""Below 1 a small doubt costs much patience.

Measured on every second one of 40 recorded clips at a cap of 2.4 s, against a straight line from
0.95 on: 7 of 38 inner pauses end the turn rather than 9, for 14 ms of waiting more at the median.
"""


def silence_needed_ms(settings: TurnTaking, probabilities: Sequence[float]) -> int:
    """Return the silence after which the turn ends.

    `probabilities`: that it is over, as the end-of-turn model said so far in this pause. The last
    two count, since a single one may differ by 0.5 from the next. Without any, silence alone
    decides, as in `server_vad`.
    """
    if settings.mode == "server_vad" or not probabilities:
        return settings.silence_duration_ms
    latest = probabilities[-2:]
    doubt: float = max(0.0, 1 - sum(latest) / len(latest) / FINISHED) ** DOUBT_EXPONENT
    return round(FINISHED_MS + doubt * (CAP_MS[settings.eagerness] - FINISHED_MS))
