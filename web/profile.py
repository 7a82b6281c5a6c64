"""What the assistant knows of the user, for the user to see, change and erase."""

from datetime import UTC, datetime
from typing import Any

from flask import Blueprint, Response, jsonify, request

from web.context import services
from web.errors import ProblemError
from web.identity import guest
from web.payloads import FactPayload, ProfilePayload, parse

blueprint = Blueprint("profile", __name__, url_prefix="/api/profile")


@blueprint.before_request
def _require_profile() -> None:
    if not services().settings.profile:
        raise ProblemError("profile_off", "This server remembers nothing about its users.")


@blueprint.get("")
def read() -> Response:
    return jsonify(_describe())


@blueprint.patch("")
def change() -> Response:
    """`manner` (null for none), and `is_enabled`: whether facts are used and learned."""
    payload = parse(ProfilePayload, request.get_json())
    if "manner" in payload.model_fields_set:
        services().profiles.set_manner(guest(), payload.manner)
    if payload.is_enabled is not None:
        services().profiles.set_enabled(guest(), payload.is_enabled)
    return jsonify(_describe())


@blueprint.delete("")
def forget_everything() -> tuple[str, int]:
    services().profiles.forget_everything(guest(), at=datetime.now(UTC))
    return "", 204


@blueprint.post("/facts")
def add_fact() -> tuple[Response, int]:
    text = parse(FactPayload, request.get_json()).text
    services().profiles.add_fact(guest(), text, turn_id=None, at=datetime.now(UTC))
    return jsonify(_describe()), 201


@blueprint.patch("/facts/<fact_id>")
def edit_fact(fact_id: str) -> Response:
    text = parse(FactPayload, request.get_json()).text
    if services().profiles.edit_fact(guest(), fact_id, text) is None:
        raise _unknown_fact()
    return jsonify(_describe())


@blueprint.delete("/facts/<fact_id>")
def delete_fact(fact_id: str) -> tuple[str, int]:
    if services().profiles.delete_fact(guest(), fact_id, at=datetime.now(UTC)) is None:
        raise _unknown_fact()
    return "", 204


def _describe() -> dict[str, Any]:
    profile = services().profiles.get(guest())
    return {
        "is_enabled": profile.is_enabled,
        "manner": profile.manner,
        "facts": [
            {"id": fact.id, "text": fact.text, "at": fact.at.isoformat(timespec="seconds")}
            for fact in profile.facts
        ],
    }


def _unknown_fact() -> ProblemError:
    return ProblemError("fact_unknown", "There is no such fact about you.")
