"""The reply as it is written, spoken and cut off."""

from speech.talk.link import Link
from speech.talk.player import Player, Position
from speech.talk.realtime_client import ServerEvent

_REPORT_EVERY_S = 1.0
# A server that holds a reply and forgets it; a user's real interruption is certain long before.
_LONGEST_HOLD_S = 15.0
_TEXT_EVENTS = ("response.output_audio_transcript.delta", "response.output_text.delta")


class Replies:
    """Plays replies, tells the server exactly how far, and ends them when the user speaks.

    Only one thread uses it; the device's thread pulls from the same player.
    """

    def __init__(self, link: Link, player: Player) -> None:
        self.text = ""
        """Of the reply that is being written."""
        self.last_text = ""
        """Of the one that was audible last."""
        self._link = link
        self._player = player
        self._active: str | None = None
        self._cancelled: set[str] = set()
        self._known_items: set[str] = set()
        self._cut_items: set[str] = set()
        self._reported: Position | None = None
        self._reported_s = 0.0
        self._held_s = 0.0

    @property
    def is_active(self) -> bool:
        """The server is making one."""
        return self._active is not None

    def take(self, event: ServerEvent, now_s: float) -> None:
        """Take one of the events that replies are made of; others do nothing."""
        data = event.data
        if event.type == "response.created":
            self._active = data["response"]["id"]
            self.text = ""
        elif event.type == "response.output_audio.delta":
            if data["item_id"] not in self._cut_items and (
                data.get("response_id") not in self._cancelled
            ):
                self._known_items.add(data["item_id"])
                self._player.add(data["item_id"], event.audio)
        elif event.type in _TEXT_EVENTS:
            self.text += data["delta"]
            self.last_text = self.text
        elif event.type == "response.done":
            self._active = None
        elif event.type == "x.playback.hold":
            self._player.hold()
            self._held_s = now_s
        elif event.type == "x.playback.resume":
            self._player.release()

    def cut_off(self) -> bool:
        """The user speaks: stop, and say what was heard. Return whether there was any sound."""
        cut = self._player.clear()
        for heard in cut:
            self._cut_items.add(heard.item_id)
            if heard.item_id in self._known_items:
                self._link.send(
                    "conversation.item.truncate",
                    item_id=heard.item_id,
                    content_index=0,
                    audio_end_ms=heard.audio_ms,
                )
        return bool(cut)

    def cancel(self) -> None:
        """The user pressed a key: no more of this reply, written or spoken."""
        if self._active is not None:
            self._cancelled.add(self._active)
            self._link.send("response.cancel", response_id=self._active)
        self.cut_off()

    def forget(self) -> None:
        """A new session has begun: the old one makes no more of its reply; what came is played."""
        self._active = None
        for names in (self._known_items, self._cut_items, self._cancelled):
            names.clear()
        self._player.release()

    def report(self, now_s: float) -> bool:
        """Tell the server where the loudspeaker is, if it is time; return whether sound plays."""
        if self._player.is_held and now_s - self._held_s > _LONGEST_HOLD_S:
            self._player.release()
        position = self._player.position(now_s)
        if position is None:
            return False
        before = self._reported
        if self._player.is_held and not position.is_playing:
            return False  # It is not over, and the server asked for it.
        changes = before is None or before.is_playing != position.is_playing
        if before is not None and before.item_id != position.item_id:
            changes = True
        if before is not None and not position.is_playing:
            changes |= before.audio_ms != position.audio_ms
        if changes or (position.is_playing and now_s - self._reported_s >= _REPORT_EVERY_S):
            if position.item_id in self._known_items:
                self._link.send(
                    "x.playback.position",
                    item_id=position.item_id,
                    audio_ms=position.audio_ms,
                    is_playing=position.is_playing,
                )
            self._reported, self._reported_s = position, now_s
        return position.is_playing
