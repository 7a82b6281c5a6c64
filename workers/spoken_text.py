"""A text that is only spoken, also one that is still being written: each sentence as it comes."""

import uuid

from assistant.events import ReplyDelta, ReplyReady, SpeechQueued, TurnFinished, TurnStarted
from speech.tts.voices import language_of_voice
from workers.celery_app import app
from workers.services import Services
from workers.turn_state import load_state
from workers.turn_store import TurnRequest


class SpokenText:
    """A turn outside every conversation, whose reply is the text: `begin`, then `add`…, then `end`.

    For one thread at a time.
    """

    def __init__(self, services: Services, request: TurnRequest) -> None:
        # Imported here: it loads dictionaries, which the web process seldom needs (0.2 s).
        from speech.sentences import SentenceCutter

        self.turn_id = uuid.uuid4().hex
        self._services = services
        self._request = request
        voice = request.voice
        # What the letters do not tell, the voice may: a French one reads French.
        self._language = request.language or (voice and language_of_voice(voice)) or "en"
        self._cutter = SentenceCutter()
        self._text = ""
        self._pieces = 0

    def begin(self) -> str:
        """Return the turn's id."""
        self._services.turns.put_request(self.turn_id, self._request)
        self._services.foreground.enter(self.turn_id)
        self._services.bus.append(
            TurnStarted(
                turn_id=self.turn_id, conversation_id=self._request.conversation_id, kind="speech"
            )
        )
        return self.turn_id

    def add(self, text: str) -> None:
        """Have spoken what is certain to be a piece now."""
        self._text += text
        self._services.bus.append(ReplyDelta(turn_id=self.turn_id, text=text, source="given"))
        for piece in self._cutter.feed(text):
            self._speak(piece)

    def end(self) -> None:
        """Have spoken what is left; the turn ends with its last sound."""
        for piece in self._cutter.flush():
            self._speak(piece)
        bus = self._services.bus
        bus.append(ReplyReady(turn_id=self.turn_id, text=self._text, source="given"), once="reply")
        state = load_state(bus, self.turn_id)
        if state.is_complete:  # No task is left that would say so.
            has_audio = bool(state.audio)
            bus.append(
                TurnFinished(
                    turn_id=self.turn_id, answer=self._text, source="given", has_audio=has_audio
                )
            )
            self._services.foreground.leave(self.turn_id)

    def _speak(self, piece: str) -> None:
        from speech.speakable import language_of, speakable  # As above.

        language = language_of(piece, self._language)
        if not speakable(piece, language):
            return
        queued = SpeechQueued(
            turn_id=self.turn_id, index=self._pieces, text=piece, language=language
        )
        self._services.bus.append(queued, once=f"piece:{queued.index}")
        self._pieces += 1
        app.send_task("workers.tasks.speak", [self.turn_id, queued.index])
