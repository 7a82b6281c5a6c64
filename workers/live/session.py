"""A live session: what the engine hears becomes turns, and what turns say becomes its events."""

import threading
import time
import uuid
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace

import numpy as np

from assistant.errors import AssistantError
from speech.audio import Audio, Samples, encode_pcm16, wrap_wav
from speech.turn_taking.backchannel import is_backchannel
from speech.turn_taking.engine import TurnEngine
from speech.turn_taking.events import (
    EngineEvent,
    FalseAlarm,
    LikelyEnded,
    Paused,
    PossibleInterruption,
    ShortSpeech,
    SpeechProgressed,
    SpeechResumed,
    SpeechStarted,
    TurnEnded,
)
from speech.turn_taking.vad import VoiceActivity
from speech.turn_taking.vad import warm_up as load_voice_detector
from workers import turn_control
from workers.live.captions import Captions
from workers.live.events import (
    LiveEvent,
    TurnNamed,
    UserCommitted,
    UserSpeechStarted,
    UserSpeechStopped,
)
from workers.live.live_turn import LiveTurn
from workers.live.replies import Replies
from workers.live.settings import LiveSettings
from workers.live.unanswered import Typed, Unanswered
from workers.live.watch import unwatch, watch
from workers.services import Services
from workers.turn_start import start_turn
from workers.turn_store import TurnRequest

RATE_HZ = 16_000
_MAX_TURNS = 1_000
"""Of which it is known what the user said in them; the oldest are forgotten then."""
SILENT_AFTER_S = 0.5
"""Without sound for so long, the microphone is taken to hear silence."""


class TurnInProgressError(AssistantError):
    code = "turn_in_progress"


@dataclass
class _Utterance:
    """What the user is saying."""

    start_ms: int
    item_id: str = field(default_factory=lambda: f"item_{uuid.uuid4().hex[:20]}")
    turn: LiveTurn | None = None
    """Begun provisionally at the last pause."""
    is_announced: bool = False


class LiveSession:
    """Thread-safe. `emit` is called from several threads, one at a time and in order."""

    def __init__(
        self,
        services: Services,
        *,
        conversation_id: str,
        user_id: str,
        settings: LiveSettings,
        emit: Callable[[LiveEvent], None],
    ) -> None:
        self._services = services
        self._conversation_id = conversation_id
        self._user_id = user_id
        self._settings = settings
        self._emit_to = emit
        self._is_closed = False
        self._lock = threading.RLock()
        self._engine = TurnEngine(settings.turn_taking, VoiceActivity(), services.end_of_turn)
        self._replies = Replies(services, self._lock, self._emit, self._know_words)
        self._replies.can_hold = settings.can_hold
        self._captions = Captions(services, self._lock, self._emit)
        self._utterance: _Utterance | None = None
        self._unanswered = Unanswered(services, self._replies, conversation_id, user_id, self._emit)
        self._last_item_id: str | None = None
        self._turns: dict[str, str] = {}
        """By the item of the user that is their question."""
        self._heard_at_s = time.monotonic()
        watch(self)

    # What the client does

    def configure(self, settings: LiveSettings) -> None:
        with self._lock:
            if settings.turn_taking != self._settings.turn_taking:
                self._engine.configure(settings.turn_taking)
            self._settings = settings
            self._replies.can_hold = settings.can_hold

    def hear(self, samples: Samples) -> None:
        """Take the next sound of the microphone: mono float32 at 16 kHz, any number of samples."""
        with self._lock:
            self._heard_at_s = time.monotonic()
            self._engine.set_audible(self._replies.is_audible, self._replies.played)
            self._take(self._engine.hear(samples))

    def commit(self) -> str | None:
        """End the user's turn here (push to talk); return the item's id, None without sound."""
        with self._lock:
            ended = self._engine.commit()
            if ended is None:
                return None
            self._drop_guess()
            self._end_turn(ended)
            return self._last_item_id

    def clear(self) -> None:
        """Forget the sound that is not committed."""
        with self._lock:
            self._engine.clear()
            self._forget_utterance()
            self._replies.release()

    def say(self, text: str, item_id: str | None = None) -> str:
        """Add what the user typed, without a reply yet; return the item's id."""
        with self._lock:
            item_id = item_id or f"item_{uuid.uuid4().hex[:20]}"
            item = Typed(item_id=item_id, text=text)
            self._unanswered.add(item)
            self._note_turn(item)
            self._commit_item(item_id)
            return item_id

    def respond(self, settings: LiveSettings | None = None) -> str:
        """Reply to what has no reply yet, or speak up where there is nothing; return the turn's id.

        `settings` are for this reply, in place of the session's. Raises TurnInProgressError while
        a reply is being made.
        """
        with self._lock:
            turn = self._replies.current
            if turn is not None and self._replies.is_making:
                if turn.is_replying or not self._unanswered:
                    raise TurnInProgressError(
                        "A reply is being made; wait for its end, or cancel it."
                    )
                self._replies.interrupt()  # Nothing of it is told: this reply is to both.
            return self._answer(
                self._unanswered.take() if self._unanswered else None, settings or self._settings
            )

    def forget(self, item_id: str) -> None:
        """Have no model know what the user said, nor what was replied to it."""
        with self._lock:
            if self._unanswered.forget(item_id):
                return
            turn_id = self._turns.get(item_id)
            if turn_id is not None:
                self._services.conversations.hide(self._conversation_id, [turn_id])

    def forget_reply(self, turn_id: str) -> None:
        """Have the conversation know nothing of a reply, which ends where it still goes on."""
        with self._lock:
            turn = self._replies.current
            if turn is not None and turn.id == turn_id and self._replies.is_open:
                self._replies.interrupt("cancelled")
            self._services.conversations.amend(self._conversation_id, turn_id, "")

    def cancel(self) -> bool:
        """Stop the reply in progress; return False where there is none."""
        with self._lock:
            if not self._replies.is_open:
                return False
            self._replies.interrupt("cancelled")
            return True

    def played(self, turn_id: str, audio_ms: int, is_playing: bool = True) -> None:
        """The client has played so much of the reply, and is still playing or is not."""
        with self._lock:
            turn = self._replies.current
            if turn is not None and turn.id == turn_id:
                turn.playback.report(audio_ms, is_playing and not self._replies.is_held)

    def truncate(self, turn_id: str, audio_ms: int) -> None:
        """The client played `audio_ms` of the reply and will play no more of it."""
        with self._lock:
            self._replies.truncate(turn_id, audio_ms)

    def close(self) -> None:
        """End the session; a reply in progress is written to its end, as in any turn."""
        unwatch(self)
        with self._lock:
            self._is_closed = True
            self._forget_utterance()
            self._unanswered.leave()
            self._replies.release()

    def tick(self) -> None:
        """Hear silence where the microphone has gone silent in the middle of something."""
        with self._lock:
            silent_s = time.monotonic() - self._heard_at_s
            if self._utterance is None or self._is_closed or silent_s < SILENT_AFTER_S:
                return
            self.hear(np.zeros(round(silent_s * RATE_HZ), np.float32))

    # What the engine hears

    def _take(self, events: Iterable[EngineEvent]) -> None:
        for event in events:
            match event:
                case SpeechStarted():
                    self._start_speech(event)
                case PossibleInterruption():
                    self._hold(event)
                case ShortSpeech():
                    self._guess(event.start_ms, event.end_ms)
                case FalseAlarm():
                    self._dismiss(event)
                case SpeechProgressed():
                    self._caption(event)
                case Paused():
                    self._guess(event.start_ms, event.end_ms)
                case LikelyEnded():
                    self._reply_on_suspicion()
                case SpeechResumed():
                    self._drop_guess()
                case TurnEnded():
                    self._end_turn(event)

    def _start_speech(self, event: SpeechStarted) -> None:
        utterance = self._utterance = self._utterance or _Utterance(event.start_ms)
        utterance.start_ms = event.start_ms
        self._services.foreground.begin_speaking(utterance.item_id)
        interrupted = None
        if self._replies.is_open:
            assert self._replies.current is not None
            interrupted = self._replies.current.id
        if not utterance.is_announced:
            self._announce(utterance, interrupted)
        if interrupted:
            self._replies.interrupt()

    def _announce(self, utterance: _Utterance, interrupted: str | None) -> None:
        utterance.is_announced = True
        self._emit(
            UserSpeechStarted(
                item_id=utterance.item_id, start_ms=utterance.start_ms, interrupted=interrupted
            )
        )

    def _hold(self, event: PossibleInterruption) -> None:
        self._utterance = _Utterance(max(0, event.at_ms))
        self._replies.hold()
        if not self._settings.can_hold and self._replies.current is not None:
            self._announce(self._utterance, self._replies.current.id)
            self._replies.cut_off_for_client()

    def _dismiss(self, event: FalseAlarm) -> None:
        if self._utterance and self._utterance.is_announced:
            self._emit(UserSpeechStopped(item_id=self._utterance.item_id, end_ms=event.at_ms))
        self._forget_utterance()
        self._replies.release()

    def _caption(self, event: SpeechProgressed) -> None:
        if self._utterance is not None:
            self._captions.ask(
                self._utterance.item_id,
                encode_pcm16(self._sound(event.start_ms, event.at_ms)),
                self._request(),
                is_shown=self._settings.captions,
            )

    def _guess(self, start_ms: int, end_ms: int) -> None:
        """Begin the turn on suspicion: its words are recognised, and nobody hears of it."""
        utterance = self._utterance = self._utterance or _Utterance(start_ms)
        if utterance.turn is not None:
            if utterance.turn.end_ms == end_ms:
                return
            self._drop_guess()
        utterance.turn = self._begin(utterance.item_id, start_ms, end_ms)

    def _begin(self, item_id: str, start_ms: int, end_ms: int) -> LiveTurn:
        now_ms = self._engine.now_ms
        sound = encode_pcm16(self._sound(start_ms, now_ms))
        turn_id = start_turn(
            self._services,
            self._request(),
            wrap_wav(sound, RATE_HZ),
            is_provisional=True,
        )
        turn = LiveTurn(id=turn_id, item_id=item_id, end_ms=end_ms, is_spoken=self._settings.speaks)
        turn.spoke_until = time.time() - (now_ms - end_ms) / 1000
        turn.stages["begun"] = time.time()
        self._replies.follow(turn)
        return turn

    def _reply_on_suspicion(self) -> None:
        turn = self._utterance.turn if self._utterance else None
        if turn is not None and self._settings.replies_by_itself:
            turn.stages.setdefault("likely_ended", time.time())
            self._unanswered.leave()
            turn_control.begin_reply(self._services, turn.id)

    def _drop_guess(self) -> None:
        if self._utterance is not None and self._utterance.turn is not None:
            turn_control.cancel(self._services, self._utterance.turn.id, "superseded")
            self._utterance.turn = None

    def _forget_utterance(self) -> None:
        self._drop_guess()
        if self._utterance is not None:
            self._captions.end(self._utterance.item_id, is_withdrawn=True)
            self._services.foreground.end_speaking(self._utterance.item_id)
            self._utterance = None

    def _end_turn(self, event: TurnEnded) -> None:
        utterance = self._utterance or _Utterance(event.start_ms)
        turn, self._utterance = utterance.turn, None
        self._captions.end(utterance.item_id, is_withdrawn=False)
        if utterance.is_announced:
            self._emit(UserSpeechStopped(item_id=utterance.item_id, end_ms=event.end_ms))
        self._commit_item(utterance.item_id)
        replies = self._settings.replies_by_itself and self._settings.turn_taking.mode != "manual"
        if replies:
            self._unanswered.leave()
        if turn is None or not turn_control.confirm(self._services, turn.id, replies=replies):
            turn = self._begin(utterance.item_id, event.start_ms, event.end_ms)
            turn_control.confirm(self._services, turn.id, replies=replies)
        self._services.foreground.end_speaking(utterance.item_id)
        turn.stages["turn_ended"] = time.time()
        self._note_turn(turn)
        self._emit(TurnNamed(turn_id=turn.id, item_id=turn.item_id))
        self._replies.confirm(turn)
        if replies:
            self._expect_reply(turn)
        else:
            self._unanswered.add(turn)

    def _expect_reply(self, turn: LiveTurn) -> None:
        """Tell of the reply once it is known that something was said."""
        self._replies.current, self._replies.is_held = turn, False
        if turn.transcript is not None:
            self._know_words(turn)

    def _know_words(self, turn: LiveTurn) -> None:
        heard = turn.transcript
        assert heard is not None
        if self._utterance is not None and turn is self._utterance.turn:
            if heard.text and self._settings.captions:
                self._captions.show(turn.item_id, heard.text)
            is_nothing = heard.no_speech or is_backchannel(heard.text)
            self._take(self._engine.judge(is_interruption=not is_nothing))
        elif turn is self._replies.current and turn.is_confirmed:
            self._replies.confirm(turn)
            if not (heard.no_speech or turn.is_told):
                self._replies.start(turn)

    # Replies

    def _answer(self, item: LiveTurn | Typed | None, settings: LiveSettings) -> str:
        if isinstance(item, LiveTurn):
            turn = item
            turn.is_spoken = settings.speaks
            self._services.turns.put_request(turn.id, self._request(settings))
            turn_control.begin_reply(self._services, turn.id)
        else:
            request = self._request(settings, item.text) if item else self._cued(settings)
            turn = LiveTurn(
                id=start_turn(self._services, request),
                item_id=item.item_id if item else "",
                is_confirmed=True,
                is_spoken=settings.speaks,
            )
            turn.spoke_until = time.time()
            self._note_turn(turn)
        self._replies.ask(turn)
        return turn.id

    def _cued(self, settings: LiveSettings) -> TurnRequest:
        """Return the request for what the assistant says by itself.

        Instructions for it alone are its cue: small models follow them where they expect a
        question, and hardly where they stand in place of the system prompt.
        """
        usual = self._settings.instructions
        cue = settings.instructions if settings.instructions != usual else None
        request = self._request(replace(settings, instructions=usual), "")
        return request.model_copy(update={"cue": cue or ""})

    def _commit_item(self, item_id: str) -> None:
        self._emit(UserCommitted(item_id=item_id, previous_item_id=self._last_item_id))
        self._last_item_id = item_id

    def _note_turn(self, turn: LiveTurn | Typed) -> None:
        self._turns[turn.item_id] = turn.id
        if len(self._turns) > _MAX_TURNS:
            del self._turns[next(iter(self._turns))]

    def _request(
        self, settings: LiveSettings | None = None, question: str | None = None
    ) -> TurnRequest:
        settings = settings or self._settings
        return TurnRequest(
            conversation_id=self._conversation_id,
            user_id=self._user_id,
            question=question,
            language=settings.language,
            speak=settings.speaks,
            voice=settings.voice,
            manner=settings.manner,
            timezone=settings.timezone,
            instructions=settings.instructions,
            max_reply_tokens=settings.max_reply_tokens,
            speed=settings.speed,
        )

    def _sound(self, start_ms: int, end_ms: int) -> Audio:
        return Audio(self._engine.audio(start_ms, end_ms), RATE_HZ)

    def _emit(self, event: LiveEvent) -> None:
        if not self._is_closed:
            self._emit_to(event)


def warm_up(services: Services) -> None:
    """Load what listens, before anybody speaks."""
    load_voice_detector()
    services.end_of_turn.probability(np.zeros(RATE_HZ, np.float32))
