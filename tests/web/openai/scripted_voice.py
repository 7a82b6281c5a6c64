"""The web server and its Redis as they run, and a voice that says what a test has it say, and when:
the worker of every speaking task is the test."""

import time

import numpy as np
from redis import Redis

from assistant.events import AudioReady, SpeechFailed, SpeechQueued, TurnEnd, TurnFinished
from workers.services import Services
from workers.turn_state import TurnState, load_state


def sound(duration_s: float, seed: int = 0) -> bytes:
    """Return PCM16 noise at 24 kHz, of another kind for each seed."""
    random = np.random.default_rng(seed)
    return random.normal(0, 3000, round(duration_s * 24_000)).astype("<i2").tobytes()


class ScriptedVoice:
    """Speaks in the turn that begins next."""

    def __init__(self, services: Services) -> None:
        self.services = services
        self._known = self._turns()
        self.turn_id = ""

    def wait_for_turn(self, pieces: int) -> TurnState:
        """Return the turn as soon as so many pieces are to be spoken."""
        for _ in range(500):
            if not self.turn_id and (new := self._turns() - self._known):
                self.turn_id = new.pop()
            if self.turn_id:
                state = load_state(self.services.bus, self.turn_id)
                if state.reply is not None and len(state.queued) == pieces:
                    return state
            time.sleep(0.02)
        raise AssertionError(f"no turn with {pieces} pieces began")

    def say(self, index: int, pcm16: bytes) -> None:
        queued = self._queued(index)
        self.services.bus.append(
            AudioReady(
                turn_id=self.turn_id,
                index=index,
                audio_id=self.services.turns.put_audio(self.turn_id, index, pcm16),
                text=queued.text,
                voice="kokoro:af_heart",
                duration_s=len(pcm16) / 48_000,
            )
        )

    def fail(self, index: int, code: str = "engine_unavailable") -> None:
        self.services.bus.append(
            SpeechFailed(turn_id=self.turn_id, index=index, code=code, message="No voice.")
        )

    def finish(self) -> None:
        self.services.bus.append(
            TurnFinished(turn_id=self.turn_id, answer="", source="given", has_audio=True)
        )

    def end(self, timeout_s: float = 10.0) -> TurnEnd | None:
        """Return how the turn ended, waiting for it."""
        for _ in self.services.bus.follow(self.turn_id, timeout_s=timeout_s, ping_s=0.2):
            pass
        return load_state(self.services.bus, self.turn_id).end

    def _queued(self, index: int) -> SpeechQueued:
        return load_state(self.services.bus, self.turn_id).queued[index]

    def _turns(self) -> set[str]:
        redis: Redis = self.services.redis
        return {key.split(b"{")[1].split(b"}")[0].decode() for key in redis.keys("turn:*:events")}
