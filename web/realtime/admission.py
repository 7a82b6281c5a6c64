"""Who may open a live session, and whose it is then."""

from dataclasses import dataclass
from urllib.parse import urlsplit

from flask import request

from web.context import services
from web.errors import ProblemError
from web.identity import bearer_token, key_name, known_user
from web.realtime.session_config import SessionConfig, new_session
from workers.client_secret_store import PREFIX


@dataclass(frozen=True, kw_only=True)
class Visitor:
    user_id: str | None
    """None for nobody in particular."""
    config: SessionConfig | None = None
    """Of a client secret's session."""
    model: str | None = None

    def named_in(self, conversation_id: str) -> str:
        return self.user_id or f"conversation-{conversation_id}"


def admit() -> Visitor:
    """Raises ProblemError.

    A key or a client secret is as good from anywhere, even from the page of another server. Else
    such a page is refused, for it could have its visitors talk here by their own cookies, and
    browsers ask nobody before they open a socket.
    """
    if bearer_token().startswith(PREFIX):
        return _by_secret(bearer_token())
    origin = request.headers.get("Origin")
    if key_name() is not None:
        return Visitor(user_id=known_user())
    if origin is not None and _host(origin) != request.host.lower():
        raise ProblemError(
            "origin_refused",
            "Pages of other servers may open a conversation here only with a key of this server, "
            "or with a client secret that was made with one.",
        )
    is_our_page = origin is not None and known_user() is not None
    if services().settings.api_keys and not is_our_page:
        raise ProblemError(
            "invalid_api_key",
            "This server wants one of its API keys, as in Authorization: Bearer KEY, or a client "
            "secret.",
        )
    return Visitor(user_id=known_user())


def _host(origin: str) -> str:
    try:
        return urlsplit(origin).netloc.lower()
    except ValueError:  # As of a bracket that is never closed.
        return ""


def _by_secret(value: str) -> Visitor:
    client_secret = services().client_secrets.find(value)
    if client_secret is None:
        raise ProblemError(
            "invalid_client_secret", "This client secret has expired, or never was one."
        )
    return Visitor(
        user_id=client_secret.user_id,
        config=new_session(client_secret.session),
        model=client_secret.session.get("model"),
    )
