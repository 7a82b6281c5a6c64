"""A language model that says what it was told to, for tests of everything around a model."""

import time
from collections.abc import Generator, Iterable, Sequence

from assistant.errors import LanguageModelError, LanguageModelUnavailableError
from assistant.llm.base import Completion, GenerationOptions
from assistant.messages import Message

Step = str | float | Completion | LanguageModelError
"""A delta, a pause in seconds, an end of one's own, or a failure."""


class ScriptedModel:
    """Plays one script a call, in order; then it is unavailable.

    A script without an end of its own ends with `Completion(finish_reason="stop")`.
    """

    def __init__(self, scripts: Iterable[Sequence[Step]], name: str = "scripted") -> None:
        self.name = name
        self._scripts = iter(scripts)
        self.prompts: list[list[Message]] = []
        """What each call was given."""
        self.closed = 0
        """How many calls were closed before their script was over."""

    def stream(
        self, messages: Sequence[Message], options: GenerationOptions
    ) -> Generator[str | Completion, None, None]:
        self.prompts.append(list(messages))
        script = next(self._scripts, [LanguageModelUnavailableError("The script is over.")])
        try:
            for step in script:
                if isinstance(step, LanguageModelError):
                    raise step
                if isinstance(step, float):
                    time.sleep(step)
                else:
                    yield step
        except GeneratorExit:
            self.closed += 1
            raise
        if not (script and isinstance(script[-1], Completion)):
            yield Completion(finish_reason="stop")
