"""Client secrets: what a program gives to a browser or a phone, to open a live session with.

Beside it the beta's addresses for the same, which answer with the session itself.
"""

import secrets
from collections.abc import Callable, Mapping
from typing import Annotated, Any, Literal

from flask import Blueprint, Response, jsonify
from pydantic import BaseModel, ConfigDict, Field

from web.context import services
from web.errors import ProblemError
from web.identity import known_user, need_key
from web.openapi import operation
from web.payloads import parse_body
from web.realtime import beta
from web.realtime.protocol_errors import ProtocolError
from web.realtime.session_config import SessionConfig, new_session
from workers.client_secret_store import ClientSecret
from workers.mcp_requests import McpNotAllowedError, named_server

blueprint = Blueprint("openai_client_secrets", __name__, url_prefix="/v1/realtime")
blueprint.before_request(need_key)

_MAX_SESSION_CHARS = 500_000
"""A secret is kept for up to two hours, with all that was said of its session."""


class ExpiresAfter(BaseModel):
    anchor: Literal["created_at"] = "created_at"
    seconds: int = Field(600, ge=10, le=7_200)


class ClientSecretRequest(BaseModel):
    expires_after: ExpiresAfter = ExpiresAfter()
    session: dict[str, Any] = Field(default_factory=dict)
    """As `session.update` takes it, of either type."""
    user: Annotated[str, Field(pattern=r"^[A-Za-z0-9_.-]{1,64}$")] | None = None
    """Ours: the end user. Later secrets for the same one reach what that user said and had
    remembered; without it, each secret is a user of its own."""


class MadeSecret(BaseModel):
    value: str
    """Opens sessions at `/v1/realtime` as a bearer token, or as a subprotocol."""
    expires_at: int
    """Seconds since 1970."""


class ClientSecretAnswer(MadeSecret):
    session: dict[str, Any]
    """As `session.created` will tell it."""


class BetaSecretRequest(BaseModel):
    expires_after: ExpiresAfter = ExpiresAfter()


class BetaSessionRequest(BaseModel):
    """Beside its secret, the settings of a session in the beta's flat shape."""

    model_config = ConfigDict(extra="allow")

    client_secret: BetaSecretRequest = BetaSecretRequest()


class BetaSession(BaseModel):
    """The session in the beta's flat shape, with its secret."""

    model_config = ConfigDict(extra="allow")

    id: str
    object: str
    client_secret: MadeSecret


@blueprint.post("/client_secrets")
@operation({200: ClientSecretAnswer}, body=ClientSecretRequest, errors=["invalid_session"])
def client_secrets() -> Response:
    """Make a client secret for live sessions with these settings."""
    wanted = parse_body(ClientSecretRequest)
    try:
        config = new_session(wanted.session)
    except ProtocolError as error:
        raise ProblemError("invalid_session", error.message, error.param) from error
    made = _make(config, wanted.session, wanted.expires_after, wanted.user)
    session = _described(config, wanted.session) | {"expires_at": made.expires_at}
    answer = ClientSecretAnswer(**made.model_dump(), session=session)
    return jsonify(answer.model_dump())


@blueprint.post("/sessions")
@operation({200: BetaSession}, body=BetaSessionRequest, errors=["invalid_session"])
def beta_sessions() -> Response:
    """Make a client secret for conversations, as the beta did."""
    return _beta_session(beta.session_settings)


@blueprint.post("/transcription_sessions")
@operation({200: BetaSession}, body=BetaSessionRequest, errors=["invalid_session"])
def beta_transcription_sessions() -> Response:
    """Make a client secret for sessions that only transcribe, as the beta did."""
    return _beta_session(beta.transcription_settings)


def _beta_session(settings: Callable[[Mapping[str, Any]], dict[str, Any]]) -> Response:
    wanted = parse_body(BetaSessionRequest)
    try:
        session = settings(wanted.model_extra or {})
        config = new_session(session)
    except ProtocolError as error:
        param = beta.named_param(error.param or "").removeprefix("session.") or None
        raise ProblemError("invalid_session", error.message, param) from error
    made = _make(config, session, wanted.client_secret.expires_after)
    told = beta.described_session(_described(config, session))
    answer = BetaSession(**told | {"client_secret": made})
    return jsonify(answer.model_dump())


def _make(
    config: SessionConfig, session: dict[str, Any], expires: ExpiresAfter, user: str | None = None
) -> MadeSecret:
    _check_servers(config)
    user_id = f"{known_user() or 'anybody'}/{user}" if user else None
    kept = ClientSecret(user_id=user_id, session=session)
    try:
        written = kept.model_dump_json()
        ClientSecret.model_validate_json(written)
    except ValueError as error:
        raise ProblemError(
            "invalid_session", "The session's settings are too deeply nested.", "session"
        ) from error
    if len(written) > _MAX_SESSION_CHARS:
        raise ProblemError(
            "invalid_session",
            f"The session's settings have more than {_MAX_SESSION_CHARS:,} characters.",
            "session",
        )
    value, expires_at = services().client_secrets.make(kept, expires.seconds)
    return MadeSecret(value=value, expires_at=expires_at)


def _check_servers(config: SessionConfig) -> None:
    try:
        for server in config.mcp_servers:
            named_server(services(), server.server_label, server.server_url, server.all_headers())
    except McpNotAllowedError as error:
        raise ProblemError("invalid_session", str(error), "session.tools") from error


def _described(config: SessionConfig, session: Mapping[str, Any]) -> dict[str, Any]:
    return config.describe(f"sess_{secrets.token_hex(12)}", session.get("model") or "default")
