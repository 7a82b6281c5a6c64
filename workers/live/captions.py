"""What the user seems to be saying, shown while they speak and withdrawn where it was nothing."""

import threading
from collections.abc import Callable

from workers import hearing
from workers.live.events import Caption, LiveEvent
from workers.services import Services
from workers.turn_store import TurnRequest


class Captions:
    """All methods are called with the session's lock held."""

    def __init__(
        self,
        services: Services,
        lock: threading.RLock,
        emit: Callable[[LiveEvent], None],
    ) -> None:
        self._services = services
        self._lock = lock
        self._emit = emit
        self._item_id: str | None = None
        self._shown = ""

    def ask(self, item_id: str, pcm16: bytes, request: TurnRequest, *, is_shown: bool) -> None:
        """Ask for a caption of what was said so far; it comes if the machine has time for it."""
        if self._item_id != item_id:
            self._item_id, self._shown = item_id, ""
            if is_shown:
                threading.Thread(
                    target=self._follow, args=[item_id], name="live-captions", daemon=True
                ).start()
        to_answer = None if request.answer == "never" else request
        hearing.request_caption(self._services, item_id, pcm16, request.language, to_answer)

    def show(self, item_id: str, text: str) -> None:
        if self._item_id is None:
            self._item_id = item_id
        if self._item_id == item_id and text != self._shown:
            self._shown = text
            self._emit(Caption(item_id=item_id, text=text))

    def end(self, item_id: str, *, is_withdrawn: bool) -> None:
        if self._item_id != item_id:
            return
        if is_withdrawn and self._shown:
            self._emit(Caption(item_id=item_id, text=""))
        self._item_id, self._shown = None, ""
        hearing.end_captions(self._services, item_id)

    def _follow(self, item_id: str) -> None:
        for caption in hearing.captions(self._services, item_id):
            with self._lock:
                if self._item_id == item_id:
                    self.show(item_id, caption.text)
