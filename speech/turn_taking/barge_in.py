"""Whether a voice over the assistant's may be its user's: neither too faint nor an echo."""

from collections.abc import Callable

from speech.audio import Samples
from speech.turn_taking.echo import HEARD_MS, REACH_MS, EchoDetector
from speech.turn_taking.loudness import UserLevel
from speech.turn_taking.timing import POSSIBLE_MS, WARY_MS
from speech.turn_taking.voice_runs import Run

Cut = Callable[[int, int], Samples]
"""Returns what was heard between two times in milliseconds."""


class BargeIn:
    def __init__(self) -> None:
        self.is_audible = False
        """Whether the assistant's sound is being played."""
        self.played: Callable[[int], Samples] | None = None
        """Returns the last of what was played, so many milliseconds; None where that is unknown."""
        self._echo = EchoDetector()
        self._user_level = UserLevel()

    def learn(self, level_db: float) -> None:
        """Remember a frame of the user's voice."""
        self._user_level.learn(level_db)

    def is_possible(self, run: Run, heard: Cut) -> bool:
        least_ms = WARY_MS if self._echo.has_heard_echo else POSSIBLE_MS
        if run.voiced_ms < least_ms:
            return False
        if self.played is not None:
            # To look costs 1 to 2 ms, and an echo goes on for as long as the reply. A faint one is
            # looked for, too: only louder than the echo is a user told from it.
            is_due = (run.voiced_ms - least_ms) % POSSIBLE_MS == 0
            if not is_due or self.is_echo(run.start_ms, run.end_ms, heard):
                return False
        return self._user_level.may_be_user(run.loudest_db)

    def is_echo(self, start_ms: int, end_ms: int, heard: Cut) -> bool:
        """Tell whether this voice, or the end of it, is the assistant's own."""
        if self.played is None:
            return False
        voice = heard(max(start_ms, end_ms - HEARD_MS), end_ms)
        return self._echo.is_echo(voice, self.played(end_ms - start_ms + REACH_MS))
