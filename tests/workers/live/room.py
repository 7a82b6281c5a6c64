"""Where a live session is tested: it, a microphone that never stops, and all that it told."""

import contextlib
import threading
import time
from collections.abc import Callable, Iterator
from typing import TypeVar

import numpy as np

from assistant.llm.scripted import ScriptedModel, Step
from speech.audio import Samples
from tests.speech.spoken import RATE_HZ, silence
from tests.workers.conftest import Build
from workers.live.events import LiveEvent
from workers.live.session import LiveSession
from workers.live.settings import LiveSettings
from workers.services import Services

CHUNK = 640  # 40 ms.
QUESTION = "How many days are there in a week?"
STORY: list[Step] = [
    step
    for number in range(8)
    for step in (f"This is sentence number {number} of a rather long story. ", 0.7)
]

T = TypeVar("T")


class Room:
    def __init__(self, services: Services, settings: LiveSettings) -> None:
        self.told: list[tuple[float, LiveEvent]] = []
        self.session = LiveSession(
            services,
            conversation_id="c",
            user_id="anna",
            settings=settings,
            emit=lambda event: self.told.append((time.monotonic(), event)),
        )
        self.services = services
        self._pending = silence(0)
        self._lock = threading.Lock()
        self.is_open = True
        self.stalls_until_s = 0.0
        """Till then no sound comes; what was late comes at once."""
        self._noise = np.random.default_rng(0).normal(0, 6e-4, RATE_HZ).astype(np.float32)

    def run(self) -> None:
        at = time.monotonic()
        while self.is_open:
            with self._lock:
                said, self._pending = self._pending[:CHUNK], self._pending[CHUNK:]
            chunk = self._noise[:CHUNK].copy()
            chunk[: len(said)] += said
            self.session.hear(chunk)
            at += CHUNK / RATE_HZ
            time.sleep(max(0.0, at - time.monotonic(), self.stalls_until_s - time.monotonic()))

    def say(self, samples: Samples) -> float:
        """Return when the first of it is said."""
        with self._lock:
            begins = time.monotonic() + len(self._pending) / RATE_HZ
            self._pending = np.concatenate([self._pending, samples])
        return begins

    @property
    def n_pending(self) -> int:
        """How many samples are still to be said."""
        return len(self._pending)

    @property
    def is_silent(self) -> bool:
        """Whether everything was said."""
        return not self.n_pending

    def of(self, kind: type[T]) -> list[T]:
        return [event for _, event in self.told if isinstance(event, kind)]

    def until(self, is_so: Callable[[], object], timeout_s: float = 30.0) -> None:
        deadline = time.monotonic() + timeout_s
        while not is_so():
            assert time.monotonic() < deadline, self.names()
            time.sleep(0.01)

    def at(self, kind: type) -> float:
        return next(at for at, event in self.told if isinstance(event, kind))

    def names(self) -> list[str]:
        return [type(event).__name__ for _, event in self.told]

    def kept(self) -> list[tuple[str, str]]:
        exchanges = self.services.conversations.exchanges("c")
        return [(each.question, each.answer) for each in exchanges]


@contextlib.contextmanager
def room(services: Services, *, is_silent: bool = False, **settings: object) -> Iterator[Room]:
    fields = {"can_hold": True, "language": "en", "captions": True} | settings
    it = Room(services, LiveSettings(**fields))
    microphone = threading.Thread(target=it.run)
    if not is_silent:
        microphone.start()
        time.sleep(0.3)
    yield it
    it.is_open = False
    it.session.close()
    if not is_silent:
        microphone.join()


def plain(build: Build, *scripts: list[Step], **settings: object) -> Services:
    elsewhere = {"content_checks": False, "llm_base_url": "http://model.invalid/v1"}
    return build(*scripts, **elsewhere | settings)


def prompts(services: Services) -> list[list[str]]:
    """What the model was given for each reply, without the system prompt."""
    (link,) = services.language_model._chain
    assert isinstance(link.model, ScriptedModel)
    return [[message.content for message in prompt[1:]] for prompt in link.model.prompts]
