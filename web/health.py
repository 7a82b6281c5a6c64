"""Is this process alive, and can a turn be served."""

from flask import Blueprint, Response, jsonify
from redis.exceptions import RedisError

from web.answers import Described
from web.context import services
from web.openapi import operation
from workers.readiness import waiting_for

blueprint = Blueprint("health", __name__)


class Alive(Described):
    alive: bool


class Readiness(Described):
    ready: bool
    waiting_for: list[str]
    """What has no worker whose models are warm."""


@blueprint.get("/healthz")
@operation({200: Alive})
def healthz() -> Response:
    """Tell that the web process lives."""
    return jsonify(Alive(alive=True).model_dump())


@blueprint.get("/readyz")
@operation({200: Readiness, 503: Readiness})
def readyz() -> tuple[Response, int]:
    """Tell whether a turn can be served.

    200 where every stage has a worker whose models are warm, 503 until then.
    """
    try:
        missing = waiting_for(services().redis)
    except RedisError:
        missing = ["redis"]
    answer = Readiness(ready=not missing, waiting_for=missing)
    return jsonify(answer.model_dump()), 503 if missing else 200
