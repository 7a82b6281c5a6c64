"""What a spoken turn costs where nothing overlaps: the same engines, run one after another.

Recognition of just the clip, the model's reading of just its words (the prompt before them is in
its cache), the writing of the first clause, and its sound. No pause is waited out, nothing is sent
anywhere, no check and no queue is in between.
"""

import contextlib
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass

from assistant.llm.base import GenerationOptions, LanguageModel
from assistant.messages import Message
from bench.live_clips import LANGUAGES, Clip
from bench.model_server import serve
from speech.decoding import resample
from speech.recognition import hear, warm_up
from speech.sentences import SentenceCutter
from speech.speakable import language_of, speakable
from workers.services import Services
from workers.turn_store import REPLY_SAMPLE_RATE_HZ


@dataclass(frozen=True, kw_only=True)
class Floor:
    """Seconds of each step."""

    recognition_s: float
    reading_s: float
    """From the request to the model's first word."""
    clause_s: float
    """From there to the end of the first clause."""
    synthesis_s: float
    text: str
    """What was heard."""

    @property
    def total_s(self) -> float:
        return self.recognition_s + self.reading_s + self.clause_s + self.synthesis_s


class FloorEngines:
    """The engines of `services`, in this process; the model answers at its server's side."""

    def __init__(self, services: Services, model: LanguageModel) -> None:
        self._services = services
        self._model = model
        self._options = GenerationOptions(
            temperature=services.settings.temperature, max_tokens=services.settings.max_reply_tokens
        )

    def warm_up(self) -> None:
        warm_up(self._services.recognizer)
        for language in LANGUAGES:
            self._synthesize("1, 2, 3.", language)
        self._write("Hello", 8)

    def measure(self, clip: Clip, reply: str) -> Floor:
        """`reply`: the one that was really given; its first clause says how much is written."""
        audio = clip.audio
        began = time.perf_counter()
        heard, _ = hear(
            audio.samples, self._services.recognizer, self._services.recognition_options(None)
        )
        recognition_s = time.perf_counter() - began
        clause = first_piece(reply)
        reading_s, clause_s = self._write(heard.text, len(clause))
        began = time.perf_counter()
        self._synthesize(clause, language_of(clause, heard.language))
        return Floor(
            recognition_s=recognition_s,
            reading_s=reading_s,
            clause_s=clause_s,
            synthesis_s=time.perf_counter() - began,
            text=heard.text,
        )

    def _write(self, question: str, n_chars: int) -> tuple[float, float]:
        """Return the seconds to the first word, and from it to `n_chars` characters.

        Where the reply ends sooner, the rest is counted at its pace.
        """
        messages = [
            Message(role="system", content=self._services.system_prompt),
            Message(role="user", content=question),
        ]
        began = first_at = now = time.perf_counter()
        first_chars = chars = 0
        with closing(self._model.stream(messages, self._options)) as pieces:
            for piece in pieces:
                if not isinstance(piece, str):
                    continue
                now = time.perf_counter()
                if not chars:
                    first_at, first_chars = now, len(piece)
                chars += len(piece)
                if chars >= n_chars:
                    break
        written_s = now - first_at
        if first_chars < chars < n_chars:
            written_s *= (n_chars - first_chars) / (chars - first_chars)
        return first_at - began, written_s

    def _synthesize(self, text: str, language: str) -> None:
        voice = self._services.voice(language, None)
        sound = self._services.synthesizer(voice.engine).synthesize(
            speakable(text, language), voice, language, self._services.settings.speaking_speed
        )
        resample(sound, REPLY_SAMPLE_RATE_HZ)


def first_piece(reply: str) -> str:
    """Return what of the reply is spoken first."""
    cutter = SentenceCutter()
    pieces = cutter.feed(reply) + cutter.flush()
    return next((piece for piece in pieces if speakable(piece, language_of(piece, "en"))), reply)


@contextlib.contextmanager
def floor_engines(services: Services) -> Iterator[FloorEngines]:
    """Load the engines; the model is the configured server's, else an embedded one of its own."""
    with contextlib.ExitStack() as stack:
        model: LanguageModel = services.language_model
        if services.settings.embeds_language_model:
            model = stack.enter_context(serve(services.settings.llm_model)).model
        engines = FloorEngines(services, model)
        engines.warm_up()
        yield engines
