"""The configured models for those who ask one of them directly, past the dialogue.

What they use counts for the user, and for the models' limits, as what the dialogue uses does.
"""

from dataclasses import dataclass
from typing import Literal

from assistant.llm.router import ModelSpec, Plan
from workers.services import Services


@dataclass(frozen=True, kw_only=True)
class DirectModel:
    name: str
    base_url: str
    """Up to and with `/v1`."""
    api_key: str


def direct_models(services: Services) -> list[DirectModel]:
    """Return those that are in the users' plan."""
    return [
        DirectModel(
            name=spec.name,
            base_url=spec.base_url or services.settings.language_model_url,
            api_key=spec.api_key.get_secret_value(),
        )
        for spec in services.settings.model_specs
        if spec.tier in _plan(services).tiers
    ]


def exhausted(
    services: Services, model: DirectModel, user_id: str
) -> Literal["budget", "limit"] | None:
    """Return what is used up: the user's budget of today, or the model's tokens for now."""
    if _plan(services).budget.is_spent(services.usage.today(user_id)):
        return "budget"
    return "limit" if services.usage.at_limit([_spec(services, model)]) else None


def count_usage(
    services: Services,
    model: DirectModel,
    user_id: str,
    request_id: str,
    prompt_tokens: int,
    completion_tokens: int,
) -> None:
    usage = _spec(services, model).usage(prompt_tokens, completion_tokens)
    services.usage.add(user_id, request_id, model.name, usage)


def _spec(services: Services, model: DirectModel) -> ModelSpec:
    return next(spec for spec in services.settings.model_specs if spec.name == model.name)


def _plan(services: Services) -> Plan:
    return next(iter(services.settings.llm_plans.values()), Plan())
