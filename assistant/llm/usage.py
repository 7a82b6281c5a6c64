"""What replies cost: tokens and money, for a turn, a user, a day; and how much a user may spend."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from pydantic import BaseModel, ConfigDict, Field

if TYPE_CHECKING:
    from assistant.llm.router import ModelSpec

# Said instead of a reply once nothing of the day's budget is left.
BUDGET_SPENT = {
    "en": "You have used all of today's budget for answers. It starts afresh tomorrow; "
    "thank you for your patience.",
    "zh": "您今天的问答额度已经用完了，明天会重新开始计算，感谢您的耐心。",
}


@dataclass(frozen=True)
class Usage:
    """Of one turn, or of many together."""

    calls: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    cost: float = 0.0
    """In the currency of the configured prices."""

    @property
    def tokens(self) -> int:
        return self.prompt_tokens + self.completion_tokens

    def __add__(self, other: "Usage") -> "Usage":
        return Usage(
            self.calls + other.calls,
            self.prompt_tokens + other.prompt_tokens,
            self.completion_tokens + other.completion_tokens,
            self.cost + other.cost,
        )


class Budget(BaseModel):
    """What a user may spend in a day (UTC); None is no limit.

    A turn is counted when it ends, so the last one may go beyond.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    tokens_per_day: int | None = Field(None, ge=1)
    """Of prompts and replies together."""
    cost_per_day: float | None = Field(None, gt=0)
    low_from: float = Field(0.8, ge=0, le=1)
    """The share spent from which on the cheaper tier answers."""

    def is_low(self, spent: Usage) -> bool:
        return self._share(spent) >= self.low_from

    def is_spent(self, spent: Usage) -> bool:
        return self._share(spent) >= 1

    def _share(self, spent: Usage) -> float:
        tokens = spent.tokens / self.tokens_per_day if self.tokens_per_day else -1
        return max(tokens, spent.cost / self.cost_per_day if self.cost_per_day else -1)


class UsageStore(Protocol):
    """Thread-safe."""

    def add(self, user_id: str, turn_id: str, model: str, usage: Usage) -> None:
        """Count what a turn used of a model; a second call for the same two changes nothing."""
        ...

    def today(self, user_id: str) -> Usage:
        """Return what this user has used since midnight (UTC)."""
        ...

    def at_limit(self, models: "Iterable[ModelSpec]") -> frozenset[str]:
        """Return the names of those that have reached their tokens of this minute or day."""
        ...
