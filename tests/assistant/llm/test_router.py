from dataclasses import replace
from typing import Literal

import pytest
from pydantic import TypeAdapter, ValidationError

from assistant.llm.router import BudgetSpent, ModelSpec, Plan, Route, Router, RoutingRequest
from assistant.llm.usage import BUDGET_SPENT, Budget, Usage

SMALL = ModelSpec(name="half", tier="small")
LARGE = ModelSpec(name="whole", tier="large")
FACT = RoutingRequest(question="What is the capital of France?", language="en")


def route(request: RoutingRequest, *models: ModelSpec, plan: Plan | None = None) -> Route:
    router = Router(models or (SMALL, LARGE), {"standard": plan or Plan()}, busy_from=4)
    chosen = router.choose(request)
    assert isinstance(chosen, Route)
    return chosen


def why(request: RoutingRequest, plan: Plan | None = None) -> tuple[str, str]:
    chosen = route(request, plan=plan)
    return chosen.tier, chosen.reason


def test_models_are_read_from_json() -> None:
    (model,) = TypeAdapter(list[ModelSpec]).validate_json(
        '[{"name": "gpt", "tier": "large", "base_url": "https://host/v1", "api_key": "secret",'
        ' "prompt_price": 0.15, "completion_price": 0.6, "context_tokens": 128000,'
        ' "can_call_tools": true, "tokens_per_minute": 200000}]'
    )
    assert model.can_call_tools
    assert "secret" not in repr(model)
    with pytest.raises(ValidationError, match="price"):
        ModelSpec(name="gpt", prompt_price=-1)


def test_the_price_is_that_of_a_million_tokens() -> None:
    model = ModelSpec(name="gpt", prompt_price=0.5, completion_price=2)
    assert model.usage(1000, 200) == Usage(1, 1000, 200, 0.0009)
    assert model.usage(1000, 200) + model.usage(0, 0) == Usage(2, 1000, 200, 0.0009)


def test_a_single_model_answers_everything() -> None:
    for question in ("What is the capital of France?", "为什么天是蓝的"):
        request = replace(FACT, question=question)
        assert route(request, LARGE) == Route(model="whole", tier="large", reason="one model only")
        assert route(request, SMALL).model == "half"


def test_the_other_models_follow_in_the_order_in_which_to_ask_them() -> None:
    dear = ModelSpec(name="dear", tier="large", completion_price=9)
    cheap = ModelSpec(name="cheap", tier="large", completion_price=1)
    chosen = route(replace(FACT, question="Why?"), SMALL, dear, cheap)
    assert (chosen.model, chosen.fallbacks) == ("cheap", ("dear", "half"))


def test_a_low_budget_steps_down_even_where_reasoning_is_needed() -> None:
    hard = replace(FACT, question="Why is the sky blue?")
    plan = Plan(budget=Budget(tokens_per_day=1000, low_from=0.5))
    assert why(replace(hard, spent=Usage(1, 400, 99)), plan)[0] == "large"
    assert why(replace(hard, spent=Usage(1, 400, 100)), plan) == ("small", "budget is low")


@pytest.mark.parametrize("spent", [Usage(9, 900, 100), Usage(1, 1, 1, cost=0.2)])
def test_a_spent_budget_ends_politely_in_tokens_as_in_money(spent: Usage) -> None:
    plan = Plan(budget=Budget(tokens_per_day=1000, cost_per_day=0.2))
    router = Router([SMALL, LARGE], {"standard": plan})
    assert router.choose(replace(FACT, spent=spent)) == BudgetSpent()
    assert "tomorrow" in BUDGET_SPENT["en"]
    assert "明天" in BUDGET_SPENT["zh"]


def test_without_a_budget_nothing_is_ever_spent() -> None:
    assert why(replace(FACT, spent=Usage(9999, 10**9, 10**9, 10**6)))[1] != "budget is low"


def test_a_plan_decides_which_tiers_and_how_much() -> None:
    plans = {"free": Plan(tiers=("small",), budget=Budget(tokens_per_day=10)), "paid": Plan()}
    router = Router([SMALL, LARGE], plans)
    hard = replace(FACT, question="Why is the sky blue?", spent=Usage(1, 5, 4))
    for plan, model in {"free": "half", "paid": "whole", "unheard of": "half"}.items():
        chosen = router.choose(replace(hard, plan=plan))
        assert isinstance(chosen, Route)
        assert chosen.model == model
    assert router.choose(replace(hard, plan="free", spent=Usage(2, 5, 5))) == BudgetSpent()


def test_a_plan_without_a_model_and_a_name_given_twice_are_refused() -> None:
    with pytest.raises(ValueError, match="'free'"):
        Router([LARGE], {"free": Plan(tiers=("small",))})
    with pytest.raises(ValueError, match="same name"):
        Router([SMALL, LARGE, SMALL])


def test_a_model_at_its_limit_is_left_alone_while_another_can_answer() -> None:
    request = replace(FACT, question="Why?", at_limit=frozenset({"whole"}))
    assert route(request).model == "half"
    assert route(replace(request, at_limit=frozenset({"half", "whole"}))).model == "whole"


def test_a_long_prompt_goes_where_it_fits() -> None:
    wide = ModelSpec(name="wide", tier="small", context_tokens=32768)
    assert route(replace(FACT, question="Why?", prompt_tokens=4000), wide, LARGE).model == "wide"


def test_who_needs_tools_gets_a_model_that_calls_them() -> None:
    caller = ModelSpec(name="caller", tier="small", can_call_tools=True)
    assert route(replace(FACT, question="Why?", needs_tools=True), caller, LARGE).model == "caller"
    assert route(replace(FACT, question="Why?", needs_tools=True), SMALL, LARGE).model == "whole"


def test_a_busy_server_shares_out_to_the_small_model_what_needs_no_reasoning() -> None:
    chat = replace(FACT, question="Tell me something nice.")
    assert why(replace(chat, load=3))[0] == "large"
    assert why(replace(chat, load=4)) == ("small", "busy")
    assert why(replace(FACT, question="Why is the sky blue?", load=9))[0] == "large"


@pytest.mark.parametrize(
    ("language", "question", "tier", "reason"),
    [
        ("en", "what is 17 times 6", "small", "plain sum"),
        ("zh", "250的百分之十是多少", "small", "plain sum"),
        ("en", "A ticket costs 8 dollars. How much do 4 tickets cost?", "large", "needs reasoning"),
        ("zh", "為什麼天空是藍色的", "large", "needs reasoning"),
        ("en", "Which HTTP status code means not found?", "small", "easy: computing"),
        ("zh", "Python里怎么定义一个函数", "small", "easy: computing"),
        ("en", "Write a function in Python that sorts a list.", "large", "needs reasoning"),
        ("zh", "熱的反義詞是什麼", "small", "easy: opposite"),
        ("zh", "“谢谢”用英语怎么说？", "small", "easy: into english"),
        ("en", "good morning", "small", "easy: greeting"),
        # In English both knew them all; in Chinese the small one knew five of eight.
        ("en", "What is the capital of Norway?", "small", "easy: capital or symbol"),
        ("zh", "挪威的首都是哪里？", "large", "anything else"),
        ("en", "Recommend a good breakfast.", "large", "anything else"),
        ("zh", "我想去上海玩三天" * 6, "large", "long question"),
    ],
)
def test_the_question_and_its_language_decide(
    language: Literal["en", "zh"], question: str, tier: str, reason: str
) -> None:
    assert why(RoutingRequest(question=question, language=language)) == (tier, reason)


def test_a_long_conversation_stays_with_the_model_that_has_read_it() -> None:
    assert why(FACT)[0] == "small"
    assert why(replace(FACT, prompt_tokens=2000)) == ("large", "long conversation")
