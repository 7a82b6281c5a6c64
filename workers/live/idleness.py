"""The silence after a reply, which may last so long that the assistant speaks up by itself."""

import time
from collections.abc import Callable
from typing import Literal

CUES: dict[Literal["en", "zh"], str] = {
    "en": "I do not know what to ask next.",
    "zh": "我不知道接下来该问什么。",
}
"""What the model reads then, as from the user: see `assistant.prompts.CUES`.

Told to ask whether the user is still there, in eight ways, Qwen 1.5B mostly said that it was.
"""


class Idleness:
    """Of one session, by the clock: a microphone that is muted is as silent as a user."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._since: tuple[float, int] | None = None

    def after(self, timeout_ms: int | None, now_ms: int) -> int | None:
        """Return since when nobody speaks, once that is as long as `timeout_ms`, and else None.

        Call it some times a second, without a timeout while somebody speaks or nothing is waited
        for. `now_ms` and what is returned are places in the incoming sound.
        """
        if timeout_ms is None:
            self._since = None
            return None
        now_s = self._clock()
        since_s, since_ms = self._since = self._since or (now_s, now_ms)
        if (now_s - since_s) * 1000 < timeout_ms:
            return None
        self._since = None
        return since_ms
