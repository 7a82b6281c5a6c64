"""Who is asking. Without accounts, a browser is a guest by a random cookie that the page gives it.

A client without the cookie is known by its conversation alone: nobody else's things are reached.
"""

import hashlib
import re
import secrets

from flask import Response, request

from web.context import services
from web.errors import ProblemError

_COOKIE = "guest"
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
    """Return the user's id. Raises ProblemError where the client brings no cookie."""
    token = _token()
    if token is None:
        raise ProblemError(
            "guest_unknown", "This needs the cookie that the page gives; open the page first."
        )
    return "guest-" + hashlib.sha256(token.encode()).hexdigest()[:32]


def user_of(conversation_id: str) -> str:
    """Return the id of the user who asks in this conversation, which is theirs from now on.

    Raises ProblemError where it is somebody else's.
    """
    user_id = guest() if _token() else f"conversation-{conversation_id}"
    if not services().conversations.claim(conversation_id, user_id):
        raise unknown_conversation()
    return user_id


def own(conversation_id: str) -> str:
    """Return the conversation's id. Raises ProblemError where the user has no such one."""
    user_id = guest() if _token() else f"conversation-{conversation_id}"
    if services().conversations.owner(conversation_id) != user_id:
        raise unknown_conversation()
    return conversation_id


def unknown_conversation() -> ProblemError:
    return ProblemError("conversation_unknown", "There is no such conversation of yours.")


def _token() -> str | None:
    token = request.cookies.get(_COOKIE, "")
    return token if _TOKEN.fullmatch(token) else None
