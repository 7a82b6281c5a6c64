"""What went wrong, as the `error` event that tells of it."""

import logging

from kombu.exceptions import OperationalError
from redis.exceptions import RedisError
from wyoming.error import Error

from assistant.errors import AssistantError
from assistant.events import TurnCancelled, TurnFailed
from speech.errors import SpeechError

log = logging.getLogger(__name__)


class RequestError(Exception):
    """A request that cannot be answered; the connection goes on."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.code = code


class ProtocolError(RequestError):
    """The connection cannot go on, as where the client's next event begins is not known."""


class ClientGoneError(Exception):
    """Nobody reads what is sent."""


def failed(end: TurnFailed | TurnCancelled) -> RequestError:
    """Return why a turn that has ended has no answer."""
    if isinstance(end, TurnFailed):
        return RequestError(end.code, end.message)
    return RequestError("turn_cancelled", "The turn was stopped.")


def as_event(error: Exception) -> Error:
    if isinstance(error, RequestError | AssistantError | SpeechError):
        return Error(text=str(error), code=error.code)
    if isinstance(error, RedisError | OperationalError):
        log.error("Redis cannot be reached: %s", error)
        return Error(
            text="The server is restarting; try again in a moment.", code="store_unavailable"
        )
    log.error("a request failed", exc_info=error)
    return Error(text="Something went wrong on our side.", code="internal")
