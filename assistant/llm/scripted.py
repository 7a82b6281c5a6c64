"""A language model that says what it was told to, for tests of everything around a model."""

from collections.abc import Callable, Generator, Iterable, Sequence

from assistant.errors import (
    GenerationCancelledError,
    LanguageModelError,
    LanguageModelUnavailableError,
)
from assistant.llm.base import Completion, Generated, GenerationOptions
from assistant.llm.cancellation import sleep
from assistant.messages import Message

Step = Generated | float | LanguageModelError
"""What to yield, a pause in seconds, or a failure."""


class ScriptedModel:
    """Plays one script a call, in order; then it is unavailable.

    A script without an end of its own ends with `Completion(finish_reason="stop")`.
    """

    def __init__(self, scripts: Iterable[Sequence[Step]], name: str = "scripted") -> None:
        self.name = name
        self._scripts = iter(scripts)
        self.prompts: list[list[Message]] = []
        """What each call was given."""
        self.options: list[GenerationOptions] = []
        """The same."""
        self.closed = 0
        """How many calls were closed or cancelled before their script was over."""

    def stream(
        self,
        messages: Sequence[Message],
        options: GenerationOptions,
        is_cancelled: Callable[[], bool] | None = None,
    ) -> Generator[Generated, None, None]:
        self.prompts.append(list(messages))
        self.options.append(options)
        script = next(self._scripts, [LanguageModelUnavailableError("The script is over.")])
        try:
            for step in script:
                if isinstance(step, LanguageModelError):
                    raise step
                sleep(step if isinstance(step, float) else 0.0, is_cancelled)
                if not isinstance(step, float):
                    yield step
        except (GeneratorExit, GenerationCancelledError):
            self.closed += 1
            raise
        if not (script and isinstance(script[-1], Completion)):
            yield Completion(finish_reason="stop", model=self.name)
