"""Is this process alive, and can a turn be served."""

from flask import Blueprint, Response, jsonify
from redis.exceptions import RedisError

from web.context import services
from workers.readiness import waiting_for

blueprint = Blueprint("health", __name__)


@blueprint.get("/healthz")
def healthz() -> Response:
    return jsonify(alive=True)


@blueprint.get("/readyz")
def readyz() -> tuple[Response, int]:
    """Return 200 where every stage has a worker whose models are warm, 503 until then."""
    try:
        missing = waiting_for(services().redis)
    except RedisError:
        missing = ["redis"]
    return jsonify(ready=not missing, waiting_for=missing), 503 if missing else 200
