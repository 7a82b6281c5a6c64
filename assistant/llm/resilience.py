"""Several language models as one that fails only when all of them do.

Only what happens before the first word is mended: an attempt after it would say things twice.
"""

import copy
import itertools
import time
from collections.abc import Callable, Generator, Sequence
from contextlib import closing
from dataclasses import dataclass

from tenacity import RetryCallState, Retrying
from tenacity.wait import wait_exponential_jitter

from assistant.errors import (
    GenerationCancelledError,
    LanguageModelError,
    LanguageModelUnavailableError,
    UnknownLanguageModelError,
)
from assistant.llm.base import FailedAttempt, Generated, GenerationOptions, LanguageModel
from assistant.llm.breaker import CircuitBreaker
from assistant.llm.cancellation import sleep
from assistant.messages import Message


@dataclass(frozen=True, kw_only=True)
class RetryPolicy:
    attempts: int = 2
    """Of one model, before the next one is asked."""
    first_backoff_s: float = 0.25
    """Doubles with each attempt; up to as much again is added at random."""
    longest_backoff_s: float = 4.0
    """A model that asks for a longer pause, or that took longer to fail, is not asked again."""
    total_s: float = 45.0
    """For all attempts together, until the first word."""
    breaker_failures: int = 3
    """In a row, after which a model is left alone."""
    breaker_reset_s: float = 15.0
    """How long, until one request tries whether it is back."""


@dataclass(frozen=True)
class _Link:
    model: LanguageModel
    breaker: CircuitBreaker


@dataclass
class _Patience:
    """How long the user still waits for the first word."""

    ends_s: float
    is_cancelled: Callable[[], bool]
    has_begun: bool = False

    def is_over(self) -> bool:
        return self.is_cancelled() or (not self.has_begun and self.has_run_out)

    @property
    def has_run_out(self) -> bool:
        return time.monotonic() >= self.ends_s


class ResilientModel:
    """Asks its models in order, each as often as the policy says, until one begins to answer.

    Yields a `FailedAttempt` for each failed one that another follows. Raises the last model's
    error, and at once where the circuit breakers leave nobody to ask.
    """

    def __init__(self, models: Sequence[LanguageModel], policy: RetryPolicy) -> None:
        self._policy = policy
        self._chain = [
            _Link(
                model, CircuitBreaker(model.name, policy.breaker_failures, policy.breaker_reset_s)
            )
            for model in models
        ]
        self._backoff = wait_exponential_jitter(
            multiplier=policy.first_backoff_s,
            jitter=policy.first_backoff_s,
            max=policy.longest_backoff_s,
        )

    @property
    def name(self) -> str:
        return self._chain[0].model.name

    def only(self, names: Sequence[str]) -> LanguageModel:
        """Return these models, in this order; what breakers learn, both know.

        Raises UnknownLanguageModelError.
        """
        links = {link.model.name: link for link in self._chain}
        if unknown := set(names) - set(links):
            raise UnknownLanguageModelError(f"Not among {', '.join(links)}: {', '.join(unknown)}.")
        view = copy.copy(self)
        view._chain = [links[name] for name in names]
        return view

    def stream(
        self,
        messages: Sequence[Message],
        options: GenerationOptions,
        is_cancelled: Callable[[], bool] | None = None,
    ) -> Generator[Generated, None, None]:
        patience = _Patience(
            time.monotonic() + self._policy.total_s, is_cancelled or (lambda: False)
        )
        error: LanguageModelError = LanguageModelUnavailableError(
            "No language model can be reached at the moment."
        )
        failed: FailedAttempt | None = None
        is_first = True
        for link in self._chain:
            for attempt in itertools.count(1):
                if patience.has_run_out or not link.breaker.admits():
                    break
                if failed:
                    yield failed
                started_s = time.monotonic()
                with closing(link.model.stream(messages, options, patience.is_over)) as pieces:
                    try:
                        first = next(pieces)
                    except LanguageModelError as raised:
                        error = _judge(raised, link.breaker, patience, is_first)
                    else:
                        link.breaker.succeeded()
                        patience.has_begun = True
                        yield first
                        yield from pieces
                        return
                is_first = False
                took_s = time.monotonic() - started_s
                pause_s = self._pause_s(error, attempt, took_s)
                if link.breaker.is_open or time.monotonic() + (pause_s or 0) >= patience.ends_s:
                    pause_s = None
                failed = FailedAttempt(model=link.model.name, code=error.code, retry_in_s=pause_s)
                if pause_s is None:
                    break
                yield failed
                failed = None
                sleep(pause_s, is_cancelled)
        raise error

    def _pause_s(self, error: LanguageModelError, attempt: int, took_s: float) -> float | None:
        """Return when to ask the same model again; None where that is not worth the wait."""
        if not isinstance(error, LanguageModelUnavailableError) or attempt >= self._policy.attempts:
            return None
        asked_s = error.retry_after_s or 0.0
        if max(asked_s, took_s) > self._policy.longest_backoff_s:
            return None
        state = RetryCallState(Retrying(), None, (), {})
        state.attempt_number = attempt
        return asked_s + self._backoff(state)


def _judge(
    error: LanguageModelError, breaker: CircuitBreaker, patience: _Patience, is_first: bool
) -> LanguageModelError:
    """Tell the breaker what happened, and return why there was no answer.

    Raises GenerationCancelledError where it was the user who ended the attempt.
    """
    if isinstance(error, GenerationCancelledError):
        if patience.is_cancelled() or not patience.has_run_out:
            raise error
        if is_first:  # A later one had only what the others left of the time.
            breaker.failed()
        return LanguageModelUnavailableError("The language model took too long.")
    if error.is_retryable:
        breaker.failed()
    else:
        breaker.succeeded()  # Who refuses is alive.
    return error
