"""A spoken conversation: sound, keys and the server's events, until somebody ends it."""

import contextlib
import queue
import time
from dataclasses import dataclass

from speech.talk.devices import SoundDevices
from speech.talk.display import Display, level_dbfs
from speech.talk.errors import DeviceError, TalkError
from speech.talk.keyboard import Keyboard
from speech.talk.link import Link
from speech.talk.microphone import Microphone
from speech.talk.options import Options
from speech.talk.player import Player
from speech.talk.realtime_client import RealtimeClient, ServerEvent
from speech.talk.reply import Replies
from speech.talk.session import describe_session
from speech.talk.transcript import Transcript

_TICK_S = 0.05
_LOOK_FOR_DEVICES_EVERY_S = 2.0


@dataclass(frozen=True)
class _Key:
    name: str


@dataclass(frozen=True)
class _Lost:
    reason: str


@dataclass(frozen=True)
class _Ended:
    """The session is over; without an error the user wants it so."""

    error: TalkError | None = None


class Conversation:
    """Everything happens in the thread of `run`; the others only put into the inbox.

    SimpleQueue may be written to in a signal's handler, which Queue may not.
    """

    def __init__(self, options: Options, texts: dict[str, str], display: Display) -> None:
        self._inbox: queue.SimpleQueue[ServerEvent | _Key | _Lost | _Ended] = queue.SimpleQueue()
        self._options = options
        self._texts = texts
        self._display = display
        self._client = RealtimeClient(options.server, conversation_id=options.conversation)
        self._link = Link(
            self._client,
            on_event=self._inbox.put,
            on_lost=lambda reason: self._inbox.put(_Lost(reason)),
            on_end=lambda error: self._inbox.put(_Ended(error)),
        )
        self._player = Player()
        self._replies = Replies(self._link, self._player)
        self._microphone = Microphone(
            self._link.append,
            is_open=not options.push_to_talk,
            is_half_duplex=options.half_duplex,
            is_playing=self._is_playing,
        )
        self._devices = SoundDevices(
            options.microphone, options.loudspeaker, self._microphone.hear, self._player.pull
        )
        self._keyboard = Keyboard(lambda key: self._inbox.put(_Key(key)))
        has_keys = self._keyboard.is_there and not options.push_to_talk
        self._transcript = Transcript(display, texts, has_keys=has_keys)
        self._is_connected = False
        self._is_hearing = False
        self._is_thinking = False
        self._caption = ""
        self._commit_at_s: float | None = None
        self._devices_lost_s: float | None = None

    def run(self) -> None:
        """Talk until the user ends it.

        Raises DeviceError, ServerUnavailableError, ServerRefusedError, SessionEndedError.
        """
        with contextlib.ExitStack() as stack:
            stack.callback(self._display.close)
            self._devices.open()
            stack.callback(self._devices.close)
            self._link.start()
            stack.callback(self._link.close)
            stack.enter_context(self._keyboard)
            keys = "keys_push" if self._options.push_to_talk else "keys_open"
            self._display.say(self._texts[keys if self._keyboard.is_there else "no_keys"])
            self._talk()
        if self._client.conversation_id:
            self._display.say(
                self._texts["goodbye"].format(conversation=self._client.conversation_id)
            )

    def stop(self) -> None:
        """End `run`; safe in a signal's handler."""
        self._inbox.put(_Ended())

    def _talk(self) -> None:
        while True:
            with contextlib.suppress(queue.Empty):
                message = self._inbox.get(timeout=_TICK_S)
                if isinstance(message, _Ended):
                    if message.error is not None:
                        raise message.error
                    return
                if isinstance(message, ServerEvent):
                    self._handle(message)
                elif isinstance(message, _Lost):
                    self._is_connected = False
                elif message.name in ("q", "Q", "\x04", ""):
                    return
                else:
                    self._press(message.name)
            self._tick(time.monotonic())

    def _tick(self, now_s: float) -> None:
        is_playing = self._replies.report(now_s)
        if self._commit_at_s is not None and now_s >= self._commit_at_s:
            self._commit_at_s = None
            self._link.send("input_audio_buffer.commit")
            self._link.send("response.create")
            self._is_thinking = True
        self._watch_devices(now_s)
        self._display.show(
            self._texts[self._state(is_playing)],
            level_dbfs(self._microphone.rms),
            self._caption or (self._replies.text if self._replies.is_active else ""),
        )

    def _state(self, is_playing: bool) -> str:
        states = (
            (self._devices_lost_s is not None, "no_device"),
            (
                not self._is_connected,
                "reconnecting" if self._client.conversation_id else "connecting",
            ),
            (is_playing, "speaking"),
            (self._player.is_held, "held"),
            (self._microphone.is_recording, "recording"),
            (self._microphone.is_muted, "muted"),
            (self._is_hearing, "hearing"),
            (
                self._is_thinking or self._replies.is_active or self._player.has_sound,
                "thinking",
            ),
            (self._options.push_to_talk, "push_to_talk"),
        )
        return next((name for holds, name in states if holds), "listening")

    def _is_playing(self) -> bool:
        position = self._player.position()
        return position is not None and position.is_playing

    def _press(self, key: str) -> None:
        if key in (" ", "\r", "\n"):
            if not self._options.push_to_talk:
                self._replies.cancel()
            elif self._microphone.is_recording:
                self._commit_at_s = self._microphone.release()
            else:
                self._replies.cancel()
                self._link.send("input_audio_buffer.clear")
                self._microphone.press()
        elif key in "mM":
            self._microphone.is_muted = not self._microphone.is_muted
        elif key in "hH" and not self._options.push_to_talk:
            self._microphone.is_half_duplex = not self._microphone.is_half_duplex
            state = "half_duplex_on" if self._microphone.is_half_duplex else "half_duplex_off"
            self._transcript.tell(state)

    def _handle(self, event: ServerEvent) -> None:
        data = event.data
        self._replies.take(event, time.monotonic())
        match event.type:
            case "session.created":
                self._begin()
            case "x.session.resumed":
                self._is_connected = True
            case "input_audio_buffer.speech_started":
                self._is_hearing, self._caption = True, ""
                if self._replies.cut_off():
                    self._transcript.interrupted(data["item_id"], self._replies.last_text)
            case "input_audio_buffer.speech_stopped":
                self._is_hearing = False
            case "input_audio_buffer.committed":
                self._is_hearing, self._is_thinking = False, True
            case "x.caption":
                self._caption = data["text"]
            case "conversation.item.input_audio_transcription.completed":
                self._tell_what_was_heard(data["item_id"], data["transcript"].strip())
            case "conversation.item.input_audio_transcription.failed":
                self._caption, self._is_thinking = "", False
                self._transcript.tell("transcription_failed", message=data["error"]["message"])
            case "x.playback.resume":
                self._transcript.was_held()
            case "response.created":
                self._is_thinking = False
            case "response.done":
                self._is_thinking = False
                self._transcript.replied(data["response"], self._replies.text)
            case "x.turn.timings" if self._options.timings:
                stages = ", ".join(f"{name} {ms:.0f} ms" for name, ms in data["stages"].items())
                self._transcript.tell("timings", stages=stages)
            case "error":
                self._is_thinking = False
                self._transcript.refused(data["error"])

    def _begin(self) -> None:
        """A session that knows nothing of this client yet, the first one or after a long drop."""
        self._is_connected = True
        self._is_hearing = self._is_thinking = False
        self._caption = ""
        self._replies.forget()
        self._link.send("session.update", session=describe_session(self._options))

    def _tell_what_was_heard(self, item_id: str, words: str) -> None:
        self._caption = ""
        if words:
            self._transcript.heard(item_id, words)
        else:
            self._is_thinking = False

    def _watch_devices(self, now_s: float) -> None:
        if self._devices_lost_s is None:
            lost = self._devices.lost
            if lost is None:
                return
            self._transcript.tell("device_lost", device=lost)
            self._microphone.rms = 0.0
        elif now_s - self._devices_lost_s < _LOOK_FOR_DEVICES_EVERY_S:
            return
        try:
            self._devices.reopen()
        except DeviceError:
            self._devices_lost_s = time.monotonic()
            return
        self._devices_lost_s = None
        self._transcript.tell("device_back")
