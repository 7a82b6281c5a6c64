"""What today's answers have cost the user, and what the answer cache has spared everyone."""

from flask import Blueprint, Response, jsonify

from web.context import services
from web.identity import guest

blueprint = Blueprint("usage", __name__, url_prefix="/api")


@blueprint.get("/usage")
def usage() -> Response:
    today = services().usage.today(guest())
    return jsonify(
        prompt_tokens=today.prompt_tokens,
        completion_tokens=today.completion_tokens,
        cost=today.cost,
    )


@blueprint.get("/cache")
def cache() -> Response:
    return jsonify(services().answers.counters())
