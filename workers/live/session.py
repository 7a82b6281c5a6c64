"""A live session: what the engine hears becomes turns, and what turns say becomes its events."""

import time
import uuid
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace

import numpy as np

from assistant.prompts import sentence_language
from speech.audio import Audio, Samples, encode_pcm16
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
from workers.live.answering import RATE_HZ
from workers.live.captions import Captions
from workers.live.conversation import LiveConversation
from workers.live.events import (
    LiveEvent,
    TurnNamed,
    UserSaidNothing,
    UserSpeechStarted,
    UserSpeechStopped,
    UserTranscribed,
)
from workers.live.idleness import CUES, Idleness
from workers.live.live_turn import LiveTurn
from workers.live.settings import LiveSettings
from workers.live.watch import unwatch, watch
from workers.services import Services

_PIECE_SAMPLES = RATE_HZ // 10
SILENT_AFTER_S = 0.5
"""Without sound for so long after a pause, the microphone is taken to hear silence."""
_STALLED_AFTER_S = 2.0
"""The same in the middle of a word: there it is rather a network, or a busy machine, that is late,
and silence in place of what still comes would end the turn."""


@dataclass
class _Utterance:
    """What the user is saying."""

    start_ms: int
    item_id: str = field(default_factory=lambda: f"item_{uuid.uuid4().hex[:20]}")
    turn: LiveTurn | None = None
    """Begun provisionally at the last pause."""
    is_announced: bool = False


class LiveSession(LiveConversation):
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
        super().__init__(
            services,
            conversation_id=conversation_id,
            user_id=user_id,
            settings=settings,
            emit=emit,
        )
        self._engine = TurnEngine(settings.turn_taking, VoiceActivity(), services.end_of_turn)
        self._captions = Captions(services, self._lock, self._emit)
        self._utterance: _Utterance | None = None
        self._heard_at_s = time.monotonic()
        self._idleness = Idleness()
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
            # Of a recording that comes in one message, what was said first would else be all of it.
            for begin in range(0, len(samples), _PIECE_SAMPLES):
                self._take(self._engine.hear(samples[begin : begin + _PIECE_SAMPLES]))

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

    def close(self) -> None:
        """End the session; a reply in progress is written to its end, as in any turn."""
        unwatch(self)
        with self._lock:
            self._is_closed = True
            self._forget_utterance()
            super().close()

    def tick(self) -> None:
        """Hear silence where the microphone has gone silent in the middle of something, and speak
        up where nobody says anything."""
        with self._lock:
            if self._is_closed:
                return
            silent_s = time.monotonic() - self._heard_at_s
            utterance = self._utterance
            has_paused = utterance is not None and utterance.turn is not None
            bound_s = SILENT_AFTER_S if has_paused else _STALLED_AFTER_S
            if utterance is not None and silent_s >= bound_s:
                self.hear(np.zeros(round(silent_s * RATE_HZ), np.float32))
            self._watch_idleness()

    def _watch_idleness(self) -> None:
        is_waited_for = (
            self._replies.has_replied
            and self._replies.interruptible is None
            and not self._unanswered
            and not self._calls.is_open
            and self._utterance is None
            and self._settings.replies_by_itself
        )
        since_ms = self._idleness.after(
            self._settings.idle_timeout_ms if is_waited_for else None, self._engine.now_ms
        )
        if since_ms is None:
            return
        item_id = f"item_{uuid.uuid4().hex[:20]}"
        silence_ms = since_ms, self._engine.now_ms
        self._emit(UserSaidNothing(item_id=item_id, start_ms=since_ms, end_ms=silence_ms[1]))
        self._commit_item(item_id, silence_ms)
        self._emit(UserTranscribed(item_id=item_id, text="", language=None))
        language = self._settings.language or self._language
        cue = CUES[sentence_language(language, "")]
        settings = replace(self._settings, instructions=cue, language=language)
        self._answer(None, settings, is_asked=False)

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
        may_interrupt = self._settings.turn_taking.can_be_interrupted
        turn = self._replies.interruptible if may_interrupt else None
        interrupted = turn.id if turn is not None else None
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
        is_of_use = self._settings.captions or not self._settings.only_transcribes
        if self._utterance is not None and is_of_use:
            self._captions.ask(
                self._utterance.item_id,
                encode_pcm16(self._sound(event.start_ms, event.at_ms)),
                self._requests.next(self._settings),
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
        turn = self._begin_heard(item_id, sound, end_ms)
        turn.spoke_until = time.time() - (now_ms - end_ms) / 1000
        self._replies.follow(turn)
        return turn

    def _reply_on_suspicion(self) -> None:
        turn = self._utterance.turn if self._utterance else None
        if turn is not None and self._is_reply_due:
            turn.stages.setdefault("likely_ended", time.time())
            self._leave()
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
        self._commit_item(utterance.item_id, (event.start_ms, event.end_ms))
        replies = self._is_reply_due
        if replies:
            if self._replies.is_making:
                self._replies.interrupt()  # It was asked for while the user spoke.
            self._leave()
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
        elif not self._settings.only_transcribes:
            self._unanswered.add(turn)

    @property
    def _is_reply_due(self) -> bool:
        """Whether the end of what the user says now brings a reply by itself.

        Where one is being made that nobody may interrupt, it does not: two are never made at once.
        """
        taking = self._settings.turn_taking
        is_free = taking.can_be_interrupted or not self._replies.is_making
        return self._settings.replies_by_itself and taking.mode != "manual" and is_free

    def _expect_reply(self, turn: LiveTurn) -> None:
        """Tell of the reply once it is known that something was said."""
        self._replies.follow_on(turn)
        self._replies.is_held = False
        if turn.transcript is not None:
            self._know_words(turn)

    def _know_words(self, turn: LiveTurn) -> None:
        heard = turn.transcript
        if heard is not None and self._utterance is not None and turn is self._utterance.turn:
            if heard.text and self._settings.captions:
                self._captions.show(turn.item_id, heard.text)
            is_nothing = heard.no_speech or is_backchannel(heard.text)
            self._take(self._engine.judge(is_interruption=not is_nothing))
        else:
            super()._know_words(turn)

    def _sound(self, start_ms: int, end_ms: int) -> Audio:
        return Audio(self._engine.audio(start_ms, end_ms), RATE_HZ)


def warm_up(services: Services) -> None:
    """Load what listens, before anybody speaks."""
    load_voice_detector()
    services.end_of_turn.probability(np.zeros(RATE_HZ, np.float32))
