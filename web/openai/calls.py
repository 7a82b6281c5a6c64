"""Calls over WebRTC and SIP, which this server does not take: it says so to who tries."""

from flask import Blueprint, Response

from web.errors import ProblemError
from web.identity import need_key
from web.openapi import operation

blueprint = Blueprint("openai_calls", __name__, url_prefix="/v1/realtime")
blueprint.before_request(need_key)


@blueprint.post("/calls")
@operation({}, errors=["webrtc_unsupported"])
def calls() -> Response:
    """Refuse a call over WebRTC, and name the WebSocket."""
    raise webrtc_unsupported()


def webrtc_unsupported() -> ProblemError:
    return ProblemError(
        "webrtc_unsupported",
        "This server takes no calls over WebRTC or SIP; open the WebSocket /v1/realtime.",
    )
