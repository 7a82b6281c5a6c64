"""What the assistant knows of the user, for the user to see, change and erase."""

from datetime import UTC, datetime

from flask import Blueprint, Response, jsonify, request

from assistant.manner import Manner
from web.answers import Described, Time
from web.context import services
from web.errors import ProblemError
from web.identity import guest
from web.openapi import operation
from web.payloads import FactPayload, ProfilePayload, parse, parse_body

blueprint = Blueprint("profile", __name__, url_prefix="/api/profile")

_ERRORS = ("guest_unknown", "profile_off")


class FactAnswer(Described):
    id: str
    text: str
    """Without its subject, the user."""
    at: Time


class ProfileAnswer(Described):
    is_enabled: bool
    """Whether facts are used and learned."""
    manner: Manner | None
    facts: list[FactAnswer]
    """Oldest first."""


@blueprint.before_request
def _require_profile() -> None:
    if not services().settings.profile:
        raise ProblemError("profile_off", "This server remembers nothing about its users.")


@blueprint.get("")
@operation({200: ProfileAnswer}, errors=_ERRORS)
def read() -> Response:
    """Return what is known of the user."""
    return _answer()


@blueprint.patch("")
@operation({200: ProfileAnswer}, body=ProfilePayload, errors=_ERRORS)
def change() -> Response:
    """Change the user's wishes; what is left out stays, and a `manner` of null is none."""
    payload = parse_body(ProfilePayload)
    if "manner" in payload.model_fields_set:
        services().profiles.set_manner(guest(), payload.manner)
    if payload.is_enabled is not None:
        services().profiles.set_enabled(guest(), payload.is_enabled)
    return _answer()


@blueprint.delete("")
@operation({204: None}, errors=_ERRORS)
def forget_everything() -> tuple[str, int]:
    """Forget all that is known of the user."""
    services().profiles.forget_everything(guest(), at=datetime.now(UTC))
    return "", 204


@blueprint.post("/facts")
@operation({201: ProfileAnswer}, body=FactPayload, errors=_ERRORS)
def add_fact() -> tuple[Response, int]:
    """Have a fact about the user remembered."""
    text = parse(FactPayload, request.get_json()).text
    services().profiles.add_fact(guest(), text, turn_id=None, at=datetime.now(UTC))
    return _answer(), 201


@blueprint.patch("/facts/<fact_id>")
@operation({200: ProfileAnswer}, body=FactPayload, errors=(*_ERRORS, "fact_unknown"))
def edit_fact(fact_id: str) -> Response:
    """Correct a fact about the user."""
    text = parse(FactPayload, request.get_json()).text
    if services().profiles.edit_fact(guest(), fact_id, text) is None:
        raise _unknown_fact()
    return _answer()


@blueprint.delete("/facts/<fact_id>")
@operation({204: None}, errors=(*_ERRORS, "fact_unknown"))
def delete_fact(fact_id: str) -> tuple[str, int]:
    """Forget a fact about the user."""
    if services().profiles.delete_fact(guest(), fact_id, at=datetime.now(UTC)) is None:
        raise _unknown_fact()
    return "", 204


def _answer() -> Response:
    profile = services().profiles.get(guest())
    answer = ProfileAnswer(
        is_enabled=profile.is_enabled,
        manner=profile.manner,
        facts=[
            FactAnswer(id=fact.id, text=fact.text, at=fact.at.isoformat(timespec="seconds"))
            for fact in profile.facts
        ],
    )
    return jsonify(answer.model_dump())


def _unknown_fact() -> ProblemError:
    return ProblemError("fact_unknown", "There is no such fact about you.")
