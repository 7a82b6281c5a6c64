"""The words of a conversation, and what has to be said about it, as lines of the terminal."""

from typing import Any

from speech.talk.display import Display
from speech.talk.echo import EchoWatch


class Transcript:
    def __init__(self, display: Display, texts: dict[str, str], *, has_keys: bool) -> None:
        self._display = display
        self._texts = texts
        self._has_keys = has_keys
        self._echo = EchoWatch()
        self._interrupted_by: dict[str, str] = {}

    def tell(self, text: str, **values: str) -> None:
        self._display.say(f"· {self._texts[text].format(**values)}")

    def interrupted(self, item_id: str, reply: str) -> None:
        """What the user says in that item began while `reply` was audible."""
        self._interrupted_by[item_id] = reply

    def heard(self, item_id: str, words: str) -> None:
        self._display.say(f"{self._texts['you']}: {words}")
        reply = self._interrupted_by.pop(item_id, None)
        if reply is not None and self._echo.heard(words, reply):
            self._warn()

    def was_held(self) -> None:
        """The sound stopped for a voice that then was none."""
        if self._echo.held():
            self._warn()

    def replied(self, response: dict[str, Any], written: str) -> None:
        """`response` as in `response.done`; `written` is what came of its words so far."""
        if words := (_heard_words(response) or written).strip():
            is_cut = response["status"] == "cancelled"
            ending = f" [{self._texts['interrupted']}]" if is_cut else ""
            self._display.say(f"{self._texts['assistant']}: {words}{ending}")
        if response["status"] == "failed":
            error = (response.get("status_details") or {}).get("error") or {}
            self.tell("reply_failed", message=error.get("message") or error.get("code") or "?")

    def refused(self, error: dict[str, Any]) -> None:
        if error.get("code") == "session_expired":
            self.tell("session_expired")
        elif error.get("code") != "response_cancel_not_active":  # It ended just before the key.
            self.tell("server_error", message=error.get("message", ""))

    def _warn(self) -> None:
        self.tell("hears_itself" if self._has_keys else "hears_itself_keyless")


def _heard_words(response: dict[str, Any]) -> str:
    """Return what the server says was said; of a reply that was cut off, what was heard."""
    parts = [part for item in response.get("output") or [] for part in item.get("content") or []]
    return "".join(part.get("transcript") or part.get("text") or "" for part in parts)
