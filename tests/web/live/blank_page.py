"""A page without views, for tests of the scripts below them, and a live session for it."""

import base64
import contextlib
import json
from collections.abc import Iterator
from typing import Any

import numpy as np
from flask import Flask, request
from playwright.sync_api import Browser, Page
from simple_websocket import Server

from tests.web.scripted_realtime import Event, ScriptedRealtime, serve, wait_until

SOUND_HZ = 24_000
WAIT_MS = 15_000
BLANK = "<!doctype html><title>Blank</title>"

OPEN = """
async (scripts) => {
  const { LiveTalk } = await import(`${scripts}live/live_talk.js`);
  const { preferences } = await import(`${scripts}state/preferences.js`);
  const [turns, told] = [[], []];
  const shown = {
    addTurn: (turn) => turns.push(turn),
    removeTurn: (turn) => turns.splice(turns.indexOf(turn), 1),
    nameTurn: (turn) => told.push(["named", turn.id]),
  };
  const live = new LiveTalk(shown, {
    onConversation: (id) => told.push(["conversation", id]),
    onReplied: () => told.push(["replied"]),
    onProblem: ({ code, detail }) => told.push(["problem", code, detail]),
    onSolved: () => told.push(["solved"]),
    onLevel: (loudness) => (window.loudness = loudness),
  });
  Object.assign(window, { live, preferences, turns, told });
}
"""


class Recorded(ScriptedRealtime):
    """Keeps what it sends, and sends it again to a page that takes its session up."""

    def __init__(self) -> None:
        super().__init__()
        self.log: list[Event] = []
        self.close_codes: list[int | None] = []
        """With which the page ended each connection."""

    def serve(self, socket: Server) -> None:
        after = request.args.get("last_event_id", "event_0")
        if request.args.get("resume") in self.known_tokens:
            self.replayed = [event for event in self.log if number(event) > number(after)]
        super().serve(socket)
        self.close_codes.append(socket.close_reason)

    def send(self, type: str, **fields: Any) -> str:
        event_id = super().send(type, **fields)
        if type != "x.session.resumed":
            self.log.append({"type": type, "event_id": event_id, **fields})
        return event_id

    def name_turn(self, turn_id: str, **ids: str | None) -> None:
        self.send("x.turn", turn_id=turn_id, **ids)

    def commit(self, item_id: str = "said", turn_id: str = "turn-1") -> None:
        self.send("input_audio_buffer.speech_started", item_id=item_id)
        self.send("input_audio_buffer.speech_stopped", item_id=item_id)
        self.send("input_audio_buffer.committed", item_id=item_id)
        self.name_turn(turn_id, item_id=item_id)

    def hear(self, words: str, item_id: str = "said", turn_id: str = "turn-1") -> None:
        self.commit(item_id, turn_id)
        kind = "conversation.item.input_audio_transcription.completed"
        self.send(kind, item_id=item_id, transcript=words)

    def answer(
        self,
        words: str,
        sound: np.ndarray | None = None,
        item_id: str | None = "said",
        turn: int = 1,
    ) -> str:
        """As `start_reply`, of a turn with that number; its sound is one piece."""
        ids = {"response_id": f"response_{turn}"}
        self.send("response.created", response={"id": ids["response_id"]})
        self.name_turn(f"turn-{turn}", item_id=item_id, **ids)
        reply = f"item_{turn}"
        self.send("response.output_item.added", item={"id": reply, "role": "assistant"}, **ids)
        kind = "text" if sound is None else "audio_transcript"
        self.send(f"response.output_{kind}.delta", item_id=reply, delta=words, **ids)
        if sound is not None:
            self.speak(reply, words, sound, index=0, audio_start_ms=0)
        return reply

    def speak(self, item_id: str, words: str, sound: np.ndarray, **piece: int) -> None:
        duration_ms = len(sound) * 1000 // SOUND_HZ
        audio_id = f"{item_id}.{piece['index']}"
        fields = {"text": words, "audio_id": audio_id, "duration_ms": duration_ms, **piece}
        self.send("x.speech.piece", item_id=item_id, **fields)
        for start in range(0, len(sound), 4800):
            self.send(
                "response.output_audio.delta",
                item_id=item_id,
                delta=encoded(sound[start : start + 4800]),
            )

    def wait_for_stop(self, audio_ms: int | None = None) -> int:
        """Wait until the page has told that it plays no more; return how much it had played."""

        def has_stopped() -> bool:
            if not self.positions:  # Of a reply that was held at once nothing is told yet.
                return False
            (played_ms, is_playing) = self.positions[-1]
            return not is_playing and audio_ms in (None, played_ms)

        wait_until(has_stopped, "that its sound stops")
        return self.positions[-1][0]

    @property
    def positions(self) -> list[tuple[int, bool]]:
        return [(e["audio_ms"], e["is_playing"]) for e in self.sent("x.playback.position")]


def number(event: Event | str) -> int:
    event_id = event if isinstance(event, str) else event["event_id"]
    return int(event_id.removeprefix("event_"))


def encoded(sound: np.ndarray) -> str:
    return base64.b64encode(sound.tobytes()).decode()


def tone(duration_s: float) -> np.ndarray:
    time_s = np.arange(round(duration_s * SOUND_HZ)) / SOUND_HZ
    return (8000 * np.sin(2 * np.pi * 440 * time_s)).astype("<i2")


class LivePage:
    """The page's `LiveTalk`, and the turns that it shows."""

    def __init__(self, page: Page, scripts: str) -> None:
        self.page = page
        self._scripts = scripts
        self.open()

    def open(self) -> None:
        """Load the scripts, as after the page was loaded."""
        self.page.evaluate(OPEN, self._scripts)

    def start(self) -> None:
        self.do("live.start()")
        self.wait("listening")

    def do(self, script: str) -> Any:
        return self.page.evaluate(script)

    def wait(self, state: str | None) -> None:
        self.page.wait_for_function("state => live.state === state", arg=state, timeout=WAIT_MS)

    def until(self, condition: str) -> None:
        """Wait for a JavaScript condition."""
        self.page.wait_for_function(condition, timeout=WAIT_MS)

    @property
    def turns(self) -> list[dict[str, Any]]:
        shown: list[dict[str, Any]] = json.loads(self.do("JSON.stringify(turns)"))
        return shown

    @property
    def said(self) -> list[tuple[str, str | None]]:
        """Question and reply of each turn."""
        return [(turn["question"], (turn["reply"] or {}).get("text")) for turn in self.turns]

    def expect_said(self, *said: tuple[str, str | None]) -> None:
        try:
            wait_until(lambda: self.said == list(said), "", timeout_s=10)
        except AssertionError:
            assert self.said == list(said)

    def told(self, kind: str) -> list[list[str]]:
        return [each[1:] for each in self.do("told") if each[0] == kind]


@contextlib.contextmanager
def serve_blank() -> Iterator[tuple[str, Recorded]]:
    """Yield the address of a page without anything, and the other end of its sockets."""
    app = Flask("web")
    script = Recorded()

    @app.get("/")
    def blank() -> str:
        return BLANK

    with serve(app, script) as url:
        yield url, script


@contextlib.contextmanager
def open_live(browser: Browser, url: str, scripts: str = "/static/js/") -> Iterator[LivePage]:
    """Yield whatever is at `url`, with the page's scripts of that address."""
    context = browser.new_context(permissions=["microphone"], bypass_csp=True)
    page = context.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto(url)
    yield LivePage(page, scripts)
    context.close()
    assert errors == []
