"""The live sessions of this process: counted, found again after a drop, ended together."""

import hmac
import logging
import threading
import time

from web.realtime.connection import GOING_AWAY, POLICY, Connection
from web.realtime.opening import Opening, OpenLive
from web.realtime.session import RealtimeSession

log = logging.getLogger(__name__)

_GOODBYE_S = 3.0


class NoRoomError(Exception):
    """As many sessions are open as may be, or the process is ending."""


class Sessions:
    """Thread-safe."""

    def __init__(self, open_live: OpenLive, *, limit: int, kept_s: float) -> None:
        """`kept_s`: how long a session waits for a client whose connection has dropped."""
        self.open_live = open_live
        self._limit = limit
        self._kept_s = kept_s
        self._lock = threading.Lock()
        self._connections: dict[RealtimeSession, Connection | None] = {}
        """In the order of their last connecting; None where it dropped."""
        self._is_closing = False

    @property
    def has_room(self) -> bool:
        with self._lock:
            return not self._is_closing and len(self._open_connections()) < self._limit

    def _open_connections(self) -> list[Connection]:
        return [connection for connection in self._connections.values() if connection is not None]

    def open(self, opening: Opening, connection: Connection) -> RealtimeSession:
        """Raises NoRoomError."""
        session = RealtimeSession(opening, self.open_live, self._kept_s)
        forgotten = None
        with self._lock:
            is_full = self._is_closing
            if len(self._connections) >= self._limit:
                # One that may never be asked for again makes way for one that is.
                forgotten = next((s for s, c in self._connections.items() if c is None), None)
                is_full = is_full or forgotten is None
                if forgotten is not None:
                    del self._connections[forgotten]
            if not is_full:
                self._connections[session] = connection
        if forgotten is not None:
            forgotten.close()
        if is_full:
            session.close()
            raise NoRoomError
        return session

    def find(self, token: str) -> RealtimeSession | None:
        """Return the session that can be resumed by that token."""
        with self._lock:
            for session in self._connections:
                if session.can_resume and hmac.compare_digest(
                    session.token.encode(), token.encode()
                ):
                    return session
        return None

    def resume(self, session: RealtimeSession, connection: Connection) -> bool:
        """Give the session its new connection; return False where it has ended meanwhile."""
        with self._lock:
            if session not in self._connections or self._is_closing:
                return False
            earlier = self._connections.pop(session)
            self._connections[session] = connection
        if earlier is not None:  # Half-open, and not known to be.
            earlier.close(POLICY, "The session goes on in another connection.")
        return True

    def release(
        self, session: RealtimeSession, connection: Connection, *, is_over: bool = False
    ) -> None:
        """Take the connection from its session, which ends now, or soon if nobody resumes it."""
        with self._lock:
            if self._connections.get(session) is not connection:
                return  # Resumed in another connection, or ended.
            if is_over or not session.can_resume or self._is_closing:
                del self._connections[session]
                is_over = True
            else:
                self._connections[session] = None
        if is_over:
            session.close()
            return
        session.outbox.detach()
        timer = threading.Timer(self._kept_s, self._expire, [session, session.outbox.attached])
        timer.daemon = True
        timer.start()

    def _expire(self, session: RealtimeSession, attached: int) -> None:
        with self._lock:
            if (
                self._connections.get(session, session) is not None
                or session.outbox.attached != attached
            ):
                return
            del self._connections[session]
        session.close()

    def close_all(self) -> None:
        """Say goodbye to every client, and take no new one; return when all have gone."""
        with self._lock:
            self._is_closing = True
            connections = self._open_connections()
            dropped = [session for session, each in self._connections.items() if each is None]
            for session in dropped:
                del self._connections[session]
        for connection in connections:
            connection.close(GOING_AWAY, "The server is restarting; connect again in a moment.")
        for session in dropped:
            session.close()
        give_up_at = time.monotonic() + _GOODBYE_S
        while connections and time.monotonic() < give_up_at:
            time.sleep(0.05)
            with self._lock:
                connections = self._open_connections()
