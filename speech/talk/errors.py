"""What can go wrong between a terminal, its sound and the server."""


class TalkError(Exception):
    """Base of the terminal client's errors; `str(error)` is fit for the user to read."""

    code = "talk_failed"
    is_retryable = False


class DeviceError(TalkError):
    """No such device, a busy one, one that refuses every format, or no sound library at all."""

    code = "audio_device"


class ServerUnavailableError(TalkError):
    """Nobody answers at the address; trying again may help."""

    code = "server_unavailable"
    is_retryable = True


class ServerRefusedError(TalkError):
    """What answers refuses this client, or speaks another protocol."""

    code = "server_refused"


class ConnectionLostError(TalkError):
    """The socket broke; the session can be resumed for a while."""

    code = "connection_lost"
    is_retryable = True


class SessionEndedError(TalkError):
    """The server closed the session on purpose."""

    code = "session_ended"
