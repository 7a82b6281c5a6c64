"""What today's answers have cost the user, and what the answer cache has spared everyone."""

from flask import Blueprint, Response, jsonify

from web.answers import Described
from web.context import services
from web.identity import guest
from web.openapi import operation

blueprint = Blueprint("usage", __name__, url_prefix="/api")


class UsageAnswer(Described):
    prompt_tokens: int
    completion_tokens: int
    cost: float
    """In the currency of the configured prices."""


class CacheAnswer(Described):
    hits: float
    similar: float
    shared: float
    misses: float
    bypassed: float
    saved_s: float
    """How long the answers took to write when they were first given."""


@blueprint.get("/usage")
@operation({200: UsageAnswer}, errors=("guest_unknown",))
def usage() -> Response:
    """Tell what the user's answers have cost today, by UTC."""
    today = services().usage.today(guest())
    answer = UsageAnswer(
        prompt_tokens=today.prompt_tokens,
        completion_tokens=today.completion_tokens,
        cost=today.cost,
    )
    return jsonify(answer.model_dump())


@blueprint.get("/cache")
@operation({200: CacheAnswer})
def cache() -> Response:
    """Count how questions fared with the remembered answers, of all users together."""
    return jsonify(CacheAnswer(**services().answers.counters()).model_dump())
