"""Which of the configured models answers a question, and why."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr

from assistant.llm.usage import Budget, Usage

Tier = Literal["small", "large"]


class ModelSpec(BaseModel):
    """One configured model: where it is served, what it costs, what it can do."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    """As its server knows it; no two are the same."""
    tier: Tier = "large"
    base_url: str | None = None
    """Up to and with `/v1`; None for an embedded model."""
    api_key: SecretStr = SecretStr("none")
    prompt_price: float = Field(0.0, ge=0)
    """Of a million tokens, in any one currency."""
    completion_price: float = Field(0.0, ge=0)
    context_tokens: int = Field(4096, ge=512)
    """Of prompt and reply together."""
    can_call_tools: bool = False
    tokens_per_minute: int | None = Field(None, ge=1)
    """Of all users together, as is `tokens_per_day`; beyond it other models are asked."""
    tokens_per_day: int | None = Field(None, ge=1)

    def usage(self, prompt_tokens: int, completion_tokens: int) -> Usage:
        """Return what one call with so many tokens costs."""
        cost = prompt_tokens * self.prompt_price + completion_tokens * self.completion_price
        return Usage(1, prompt_tokens, completion_tokens, cost / 1e6)


class Plan(BaseModel):
    """What a kind of user gets."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    tiers: tuple[Tier, ...] = Field(("small", "large"), min_length=1)
    budget: Budget = Budget()


@dataclass(frozen=True, kw_only=True)
class RoutingRequest:
    question: str
    language: Literal["en", "zh"]
    prompt_tokens: int = 0
    """About how long the whole prompt is, history included."""
    reply_tokens: int = 300
    """How long the reply may get."""
    needs_tools: bool = False
    """True where the model itself must be able to call tools."""
    plan: str = "standard"
    load: int = 0
    """Replies being written now, of all users."""
    spent: Usage = field(default_factory=Usage)
    """Today, by this user."""
    at_limit: frozenset[str] = frozenset()
    """Names of models that have reached a limit of theirs."""


@dataclass(frozen=True, kw_only=True)
class Route:
    model: str
    tier: Tier
    reason: str
    """The name of the rule that decided."""
    fallbacks: tuple[str, ...] = ()
    """Other models that may answer, in the order in which to ask them."""


@dataclass(frozen=True)
class BudgetSpent:
    """No model answers this user any more today."""


# Chinese is in both scripts. Letters are bounded by other letters: to `\b` a Chinese character is
# a letter too. Nothing here needs punctuation, which transcripts may lack.
_REASONING = re.compile(
    r"\d.*\d|(?<![a-z])(why|if|explain|compare|difference|calculate|solve|prove|step by step"
    r"|write (me )?(an?|some|the (code|function|program|script)))(?![a-z])"
    r"|为什么|為什麼|为何|為何|如果|假如|解释|解釋|比较|比較|区别|區別|推理|证明|證明|写一|寫一",
    re.IGNORECASE | re.DOTALL,
)

_NUMBER = r"\d+(\.\d+)?\s*(%|％|percent)?|[零一二两兩三四五六七八九十百千]+"
_OPERATOR = r"[-+*/x×÷]|plus|minus|times|(multiplied|divided) by|of|加上?|[减減]去?|乘以?|除以|的"
_PLAIN_SUM = re.compile(
    rf"((what('s| is)|how much is)\s+)?({_NUMBER})\s*({_OPERATOR})\s*(百分之)?({_NUMBER})"
    r"\s*(equals?|=|是|等[于於])?\s*(多少|几|幾)?\W*",
    re.IGNORECASE,
)

# What the 0.5B of Qwen answers as well as the 1.5B: of 107 such questions in
# bench/data/question_kinds.tsv it got 106 right, the 1.5B 102. Of other facts and words it knows
# about half, so they are not here: "who …" 6 of 12 against 12, synonyms 3 of 8 against 7, capitals
# asked for in Chinese 5 of 8 against 7.
_COMPUTING = (
    r".*(?<![a-z])(python|java|javascript|html|css|sql|json|https?|git|linux|bash|shell)(?![a-z])"
)
_EASY: Mapping[str, Mapping[str, re.Pattern[str]]] = {
    language: {name: re.compile(pattern, re.IGNORECASE) for name, pattern in patterns.items()}
    for language, patterns in {
        "en": {
            "computing": _COMPUTING,
            "greeting": r"(hello|hi|hey|good (morning|evening|night)|thanks|thank you|(good)?bye"
            r"|how are you)\b.{0,20}$",
            "say a word": r"(please )?(just )?(say (the word|yes|no)|repeat after me"
            r"|(reply|answer) with)\b",
            "opposite": r".*\bopposite of\b",
            "capital or symbol": r".*\b(capital|chemical (symbol|formula)) (of|for)\b",
        },
        "zh": {
            "computing": _COMPUTING,
            "say a word": r"[请請]?(跟我[说說]|只回答|重[复複]一遍|[说說][“‘「])",
            "opposite": r".*反[义義][词詞]",
            "into english": r".*(用英[语語文]怎[么麼][说說]|[译譯]成英|英[语語文]是什[么麼])",
        },
    }.items()
}
_LONG_QUESTION_BYTES = 120
"""UTF-8: about 20 English words or 40 Chinese characters."""


class Router:
    """Thread-safe.

    `models`: within a tier, the cheapest is asked first, else the order given counts.
    `busy_from`: the load from which on the small tier helps out, as the large one would queue.
    `long_prompt_tokens`: a longer prompt stays with the large tier, which has most of it in its
    prefix cache; 250 is the built-in prompt, a question and a short exchange. More where reading
    is cheap, as it is on a GPU.
    Raises ValueError where a plan has no model, or a name is given twice.
    """

    def __init__(
        self,
        models: Sequence[ModelSpec],
        plans: Mapping[str, Plan] | None = None,
        busy_from: int = 4,
        long_prompt_tokens: int = 250,
    ) -> None:
        self._models = sorted(models, key=lambda model: model.prompt_price + model.completion_price)
        self._specs = {model.name: model for model in self._models}
        self._plans = plans or {"standard": Plan()}
        self._busy_from = busy_from
        self._long_prompt_tokens = long_prompt_tokens
        if len(self._specs) < len(self._models):
            raise ValueError("Two models have the same name.")
        for name, plan in self._plans.items():
            if not any(model.tier in plan.tiers for model in models):
                raise ValueError(f"The plan {name!r} has no model: none is {plan.tiers}.")

    @property
    def models(self) -> Sequence[ModelSpec]:
        return self._models

    def spec(self, name: str) -> ModelSpec:
        """Raises KeyError where no configured model has this name."""
        return self._specs[name]

    def choose(self, request: RoutingRequest) -> Route | BudgetSpent:
        """An unknown plan counts as the first one configured."""
        plan = self._plans.get(request.plan) or next(iter(self._plans.values()))
        if plan.budget.is_spent(request.spent):
            return BudgetSpent()
        needed = request.prompt_tokens + request.reply_tokens
        able = [model for model in self._models if model.tier in plan.tiers]
        able = _prefer(able, lambda model: model.name not in request.at_limit)
        able = _prefer(able, lambda model: model.context_tokens >= needed)
        if request.needs_tools:
            able = _prefer(able, lambda model: model.can_call_tools)
        if len({model.tier for model in able}) == 1:
            tier, reason = able[0].tier, "one model only"
        else:
            tier, reason = self._judge(request, plan.budget)
        ordered = [model.name for model in sorted(able, key=lambda model: model.tier != tier)]
        return Route(model=ordered[0], tier=tier, reason=reason, fallbacks=tuple(ordered[1:]))

    def _judge(self, request: RoutingRequest, budget: Budget) -> tuple[Tier, str]:
        """The first rule that applies decides. Both tiers are there and able."""
        question = request.question.strip()
        easy = [
            name for name, pattern in _EASY[request.language].items() if pattern.match(question)
        ]
        rules: tuple[tuple[str, bool, Tier], ...] = (
            ("budget is low", budget.is_low(request.spent), "small"),
            ("long conversation", request.prompt_tokens > self._long_prompt_tokens, "large"),
            ("plain sum", _PLAIN_SUM.fullmatch(question) is not None, "small"),
            ("needs reasoning", _REASONING.search(question) is not None, "large"),
            ("long question", len(question.encode()) > _LONG_QUESTION_BYTES, "large"),
            (f"easy: {', '.join(easy)}", bool(easy), "small"),
            ("busy", request.load >= self._busy_from, "small"),
            ("anything else", True, "large"),
        )
        return next((tier, name) for name, applies, tier in rules if applies)


def _prefer(models: list[ModelSpec], is_wanted: Callable[[ModelSpec], bool]) -> list[ModelSpec]:
    """Return those that are wanted; all, where none is."""
    return [model for model in models if is_wanted(model)] or models
