"""Who is asking. Without accounts, a browser is a guest by a random cookie that the page gives it,
and a program whoever its API key names.

A client without either is known by its conversation alone: nobody else's things are reached.
"""

import hashlib
import hmac
import re
import secrets

from flask import Response, request

from web.context import services
from web.errors import ProblemError

_COOKIE = "guest"
_SUBPROTOCOL = "openai-insecure-api-key."
"""As OpenAI's browser clients have it."""
_TOKEN = re.compile(r"[A-Za-z0-9_-]{43}")
_LIFETIME_S = 400 * 24 * 3600  # The longest that browsers keep one.


def introduce(response: Response) -> Response:
    """Make the browser a guest, where it is not one yet."""
    if _token() is None:
        response.set_cookie(
            _COOKIE,
            secrets.token_urlsafe(32),
            max_age=_LIFETIME_S,
            httponly=True,
            samesite="Lax",
            secure=request.is_secure,
        )
    return response


def guest() -> str:
    """Return the user's id. Raises ProblemError where the client brings neither key nor cookie."""
    user_id = known_user()
    if user_id is None:
        raise ProblemError(
            "guest_unknown", "This needs the cookie that the page gives; open the page first."
        )
    return user_id


def known_user() -> str | None:
    """Return the id of whom the API key names, else of the browser; None for anybody else."""
    if name := key_name():
        return f"key-{name}"
    token = _token()
    return "guest-" + hashlib.sha256(token.encode()).hexdigest()[:32] if token else None


def key_name() -> str | None:
    """Return the name of the API key that the request brings as its bearer token."""
    brought = bearer_token().encode()
    for name, key in services().settings.api_keys.items():
        if hmac.compare_digest(key.get_secret_value().encode(), brought):
            return name
    return None


def bearer_token() -> str:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else _subprotocol_token()


def _subprotocol_token() -> str:
    """Return what a page brings to a WebSocket, for which it can set no headers."""
    offered = request.headers.get("Sec-WebSocket-Protocol", "").split(",")
    tokens = (name.strip().partition(_SUBPROTOCOL)[2] for name in offered)
    return next(filter(None, tokens), "")


def need_key() -> None:
    """Raises ProblemError where this server has API keys and the request brings none of them."""
    if services().settings.api_keys and key_name() is None:
        raise ProblemError(
            "invalid_api_key",
            "This server wants one of its API keys, as in Authorization: Bearer KEY.",
        )


def user_of(conversation_id: str) -> str:
    """Return the id of the user who asks in this conversation, which is theirs from now on.

    Raises ProblemError where it is somebody else's.
    """
    return claim(conversation_id, known_user())


def claim(conversation_id: str, known: str | None) -> str:
    """The same for a user who is known otherwise, or nobody in particular."""
    user_id = known or f"conversation-{conversation_id}"
    if not services().conversations.claim(conversation_id, user_id):
        raise unknown_conversation()
    return user_id


def own(conversation_id: str) -> str:
    """Return the conversation's id. Raises ProblemError where the user has no such one."""
    user_id = known_user() or f"conversation-{conversation_id}"
    if services().conversations.owner(conversation_id) != user_id:
        raise unknown_conversation()
    return conversation_id


def is_anothers(turn_id: str) -> bool:
    """Return whether the turn was asked for by an API key, and this request does not bring it."""
    asked = services().turns.request(turn_id)
    user_id = asked.user_id if asked is not None else ""
    return user_id.startswith("key-") and user_id != known_user()


def unknown_conversation() -> ProblemError:
    return ProblemError("conversation_unknown", "There is no such conversation of yours.")


def _token() -> str | None:
    token = request.cookies.get(_COOKIE, "")
    return token if _TOKEN.fullmatch(token) else None
