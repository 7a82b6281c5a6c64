"""The same assistant without sound: questions are typed, or come line by line from a program."""

import queue
import sys
import threading
from collections import deque
from dataclasses import dataclass

from speech.talk.display import Display
from speech.talk.errors import TalkError
from speech.talk.link import Link
from speech.talk.options import Options
from speech.talk.realtime_client import RealtimeClient, ServerEvent
from speech.talk.session import describe_session
from speech.talk.transcript import Transcript

_NO_MORE = ""
"""A line has at least its end."""


@dataclass(frozen=True)
class _Ended:
    error: TalkError | None = None


class TypedConversation:
    """Lines of the standard input are asked one after the other; its end ends the conversation."""

    def __init__(self, options: Options, texts: dict[str, str], display: Display) -> None:
        self._inbox: queue.SimpleQueue[ServerEvent | str | _Ended] = queue.SimpleQueue()
        self._options = options
        self._texts = texts
        self._display = display
        self._client = RealtimeClient(options.server, conversation_id=options.conversation)
        self._link = Link(
            self._client,
            on_event=self._inbox.put,
            on_lost=lambda reason: None,
            on_end=lambda error: self._inbox.put(_Ended(error)),
        )
        self._transcript = Transcript(display, texts, has_keys=False)
        self._questions: deque[str] = deque()
        self._is_waiting = False
        self._text = ""

    def stop(self) -> None:
        """End `run`; safe in a signal's handler."""
        self._inbox.put(_Ended())

    def run(self) -> None:
        """Raises ServerUnavailableError, ServerRefusedError, SessionEndedError."""
        self._link.start()
        try:
            if sys.stdin.isatty():
                self._display.say(self._texts["text_hint"])
            threading.Thread(target=self._read_lines, name="lines", daemon=True).start()
            self._talk()
        finally:
            self._link.close()
        if self._client.conversation_id:
            conversation = self._client.conversation_id
            self._display.say(self._texts["goodbye"].format(conversation=conversation))

    def _read_lines(self) -> None:
        for line in sys.stdin:
            self._inbox.put(line)
        self._inbox.put(_NO_MORE)

    def _talk(self) -> None:
        has_more = True
        while has_more or self._is_waiting or self._questions:
            message = self._inbox.get()
            if isinstance(message, _Ended):
                if message.error is not None:
                    raise message.error
                return
            if isinstance(message, ServerEvent):
                self._handle(message)
            elif message == _NO_MORE:
                has_more = False
            elif message.strip():
                self._questions.append(message.strip())
            if self._questions and not self._is_waiting:
                self._ask(self._questions.popleft())

    def _ask(self, question: str) -> None:
        content = [{"type": "input_text", "text": question}]
        item = {"type": "message", "role": "user", "content": content}
        self._link.send("conversation.item.create", item=item)
        self._link.send("response.create")
        self._is_waiting = True

    def _handle(self, event: ServerEvent) -> None:
        data = event.data
        if event.type == "session.created":
            self._link.send("session.update", session=describe_session(self._options))
        elif event.type == "response.output_text.delta":
            self._text += data["delta"]
        elif event.type == "response.done":
            self._transcript.replied(data["response"], self._text)
            self._text, self._is_waiting = "", False
        elif event.type == "error":
            self._transcript.refused(data["error"])
            self._text, self._is_waiting = "", False
