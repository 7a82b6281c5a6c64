"""Who speaks when: sound in, turns out. No thread, no network, no clock but the samples'.

    idle ──voice──► speaking ──silence──► paused ──voice──► speaking
     │                 ▲                     └──silence──► idle (TurnEnded)
     └─voice while the assistant is audible─► held ──it goes on──► speaking
                                               └──it was short──► unjudged ──► speaking or idle

Every state ends after a bounded time: `held` and `unjudged` by silence, by voice or by
`JUDGEMENT_MS`, `paused` by the cap of `patience`, `speaking` by `LONGEST_TURN_MS`.
"""

from collections.abc import Callable
from typing import Literal

from speech.audio import Samples
from speech.turn_taking.barge_in import BargeIn
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
    TurnTaking,
)
from speech.turn_taking.pause import EndOfTurnDetector, Pause
from speech.turn_taking.sound import SoundBuffer
from speech.turn_taking.timing import (
    BLIP_MS,
    CERTAIN_MS,
    FRAME_MS,
    JUDGEMENT_MS,
    LONGEST_TURN_MS,
    PAUSE_MS,
    PROGRESS_MS,
    RESUMED_MS,
    SHORT_SILENCE_MS,
    SHORTEST_COMMIT_MS,
    SPEECH_MS,
    WARY_MS,
)
from speech.turn_taking.voice_runs import VoiceDetector, VoiceRuns

BLIP_PROBABILITY = 0.8


class TurnEngine:
    """One session's ears; not thread-safe.

    An event is returned when the samples that decide it were heard, so give them in small pieces:
    a piece of a second brings its events a second late. The end-of-turn model is asked inside of
    `hear`, in a frame of its own, after `Paused`.
    """

    def __init__(
        self,
        settings: TurnTaking,
        voice: VoiceDetector,
        end_of_turn: EndOfTurnDetector | None = None,
    ) -> None:
        """Without `end_of_turn`, `semantic_vad` does as `server_vad`."""
        self._settings = settings
        self._voice = VoiceRuns(voice)
        self._end_of_turn = end_of_turn
        self._sound = SoundBuffer()
        self._at_ms = 0
        self._barge_in = BargeIn()
        self._owes_false_alarm = False
        self._free_from_ms = 0
        self._state: Literal["idle", "speaking", "paused", "held", "unjudged"] = "idle"
        # Of the present turn, meaningless while idle:
        self._start_ms = 0
        self._voice_start_ms = 0
        """Of a voice that holds the sound, without its padding."""
        self._voice_end_ms = 0
        self._voiced_ms = 0
        self._best = 0.0
        self._told_ms = 0
        self._short_end_ms = 0
        self._silence = Pause(None)

    @property
    def now_ms(self) -> int:
        return self._sound.end_ms

    def audio(self, start_ms: int, end_ms: int) -> Samples:
        """Return a copy of what was heard, mono float32 at 16 kHz.

        Kept is the present turn with its padding. What has just ended is there until the next
        `hear`.
        """
        return self._sound.cut(start_ms, end_ms)

    def set_audible(self, is_audible: bool, played: Callable[[int], Samples] | None = None) -> None:
        """Say whether the assistant's sound is being played: a voice then may interrupt it.

        `played(duration_ms)` returns the last of what was played up to now, mono float32 at 16 kHz;
        without it an echo is told by its level alone.
        """
        self._barge_in.is_audible, self._barge_in.played = is_audible, played

    def configure(self, settings: TurnTaking) -> None:
        """Go on by other settings; a turn that has begun stays open."""
        was, self._settings = self._settings.mode, settings
        if settings.mode == was or "manual" not in (settings.mode, was):
            return
        if settings.mode == "manual":
            self._free_from_ms = self._at_ms if self._state == "idle" else self._start_ms
        self._rest()
        self._voice.reset()

    def clear(self) -> None:
        """Forget what was heard. A sound that is held is released by the next `hear`."""
        self._rest()
        self._free_from_ms = self.now_ms
        self._sound.drop_before(self.now_ms)

    def commit(self) -> TurnEnded | None:
        """End the turn here, and an open question of interruption with it.

        Returns None without sound, and where a detector decides, without voice in it.
        """
        if self._settings.mode == "manual":
            start_ms = max(self._free_from_ms, self._sound.begin_ms)
        elif self._state != "idle":
            start_ms = self._start_ms
        elif self._voice.run:
            start_ms = self._padded(self._voice.run.start_ms)
        else:
            return None
        if self.now_ms - start_ms < SHORTEST_COMMIT_MS:
            return None
        self._state = "idle"
        self._rest()
        self._free_from_ms = self.now_ms
        return TurnEnded(start_ms=start_ms, end_ms=self.now_ms, at_ms=self.now_ms)

    def judge(self, is_interruption: bool) -> list[EngineEvent]:
        """Answer `ShortSpeech`; nothing happens where it was decided meanwhile."""
        if self._state != "unjudged":
            return []
        if is_interruption:
            return [self._interrupt(), *self._pause()]
        if self._voice_end_ms > self._short_end_ms:
            # More was said since: that is to be judged as well.
            self._state = "held"
            return []
        return [self._dismiss()]

    def hear(self, samples: Samples) -> list[EngineEvent]:
        """Take the next sound: mono float32 at 16 kHz, any number of samples."""
        self._sound.drop_before(self._oldest_needed_ms())
        self._sound.add(samples)
        events: list[EngineEvent] = []
        if self._owes_false_alarm:
            self._owes_false_alarm = False
            events.append(FalseAlarm(at_ms=self._at_ms))
        while self._at_ms + FRAME_MS <= self.now_ms:
            frame = self._sound.cut(self._at_ms, self._at_ms + FRAME_MS)
            self._at_ms += FRAME_MS
            if self._settings.mode != "manual":
                self._listen(frame)
                events += self._decide()
        return events

    def _oldest_needed_ms(self) -> int:
        if self._settings.mode == "manual":
            return max(self._free_from_ms, self._at_ms - LONGEST_TURN_MS)
        if self._state != "idle":
            return self._start_ms
        since_ms = self._voice.run.start_ms if self._voice.run else self._at_ms
        return since_ms - self._settings.prefix_padding_ms

    def _listen(self, frame: Samples) -> None:
        self._voice.hear(frame, self._at_ms, self._settings.threshold)
        if self._voice.is_voice and self._state in ("speaking", "paused"):
            self._barge_in.learn(self._voice.level_db)

    def _decide(self) -> list[EngineEvent]:
        match self._state:
            case "idle":
                return self._wait()
            case "speaking":
                return self._follow()
            case "paused":
                return self._wait_out()
            case "held":
                return self._doubt()
            case "unjudged":
                return self._await_judgement()

    def _wait(self) -> list[EngineEvent]:
        is_audible = self._barge_in.is_audible
        if is_audible and not self._settings.can_be_interrupted:
            self._voice.forget()
        run = self._voice.run
        if not run:
            return []
        if is_audible and not self._barge_in.is_possible(run, self.audio):
            return []
        if not is_audible and run.voiced_ms < SPEECH_MS:
            return []
        self._start_ms = self._padded(run.start_ms)
        self._voice_end_ms, self._voiced_ms, self._best = run.end_ms, run.voiced_ms, run.best
        if is_audible:
            # What went before may have been an echo, over which somebody speaks now.
            self._voiced_ms = min(run.voiced_ms, WARY_MS)
            self._state, self._voice_start_ms = "held", run.start_ms
            return [PossibleInterruption(at_ms=self._at_ms)]
        self._state, self._told_ms = "speaking", self._at_ms
        return [SpeechStarted(start_ms=self._start_ms)]

    def _follow(self) -> list[EngineEvent]:
        if self._is_too_long:
            return [self._end()]
        if not self._voice.is_voice:
            return self._pause()
        self._voice_end_ms = self._at_ms
        if self._at_ms - self._told_ms < PROGRESS_MS:
            return []
        self._told_ms = self._at_ms
        return [SpeechProgressed(start_ms=self._start_ms, at_ms=self._at_ms)]

    def _pause(self) -> list[EngineEvent]:
        if self._silence_ms < PAUSE_MS:
            return []
        self._state = "paused"
        self._voice.forget()
        is_semantic = self._settings.mode == "semantic_vad"
        self._silence = Pause(self._end_of_turn if is_semantic else None)
        return [Paused(start_ms=self._start_ms, end_ms=self._voice_end_ms)]

    def _wait_out(self) -> list[EngineEvent]:
        if self._is_too_long:
            return [self._end()]
        if self._voice.run:
            if self._voice.run.voiced_ms < RESUMED_MS:
                return []
            self._state, self._voice_end_ms = "speaking", self._voice.run.end_ms
            self._told_ms = self._at_ms
            return [SpeechResumed(at_ms=self._at_ms)]
        events: list[EngineEvent] = []
        probability = self._silence.ask(
            self._silence_ms, lambda: self.audio(self._start_ms, self._at_ms)
        )
        if probability is not None:
            events.append(
                LikelyEnded(
                    start_ms=self._start_ms, end_ms=self._voice_end_ms, probability=probability
                )
            )
        if self._silence.is_over(self._silence_ms, self._settings):
            events.append(self._end())
        return events

    def _doubt(self) -> list[EngineEvent]:
        self._add_voice()
        is_long = self._voiced_ms >= CERTAIN_MS
        if not is_long and self._silence_ms < SHORT_SILENCE_MS:
            return []
        is_blip = self._voiced_ms < BLIP_MS and self._best < BLIP_PROBABILITY
        if is_blip or self._barge_in.is_echo(self._voice_start_ms, self._voice_end_ms, self.audio):
            return [self._dismiss()]
        if is_long:
            return [self._interrupt()]
        self._state, self._short_end_ms = "unjudged", self._voice_end_ms
        return [ShortSpeech(start_ms=self._start_ms, end_ms=self._voice_end_ms)]

    def _await_judgement(self) -> list[EngineEvent]:
        self._add_voice()
        if self._voiced_ms >= CERTAIN_MS:
            return [self._interrupt()]
        if self._at_ms - self._short_end_ms >= JUDGEMENT_MS:
            return [self._dismiss()]
        return []

    def _add_voice(self) -> None:
        if self._voice.is_voice and self._voice.run:
            self._voice_end_ms = self._at_ms
            self._voiced_ms += FRAME_MS
            self._best = max(self._best, self._voice.run.best)

    def _interrupt(self) -> SpeechStarted:
        self._state, self._told_ms = "speaking", self._at_ms
        return SpeechStarted(start_ms=self._start_ms, is_interruption=True)

    def _dismiss(self) -> FalseAlarm:
        self._state = "idle"
        return FalseAlarm(at_ms=self._at_ms)

    def _end(self) -> TurnEnded:
        self._state = "idle"
        self._voice.forget()
        self._free_from_ms = self._voice_end_ms
        return TurnEnded(start_ms=self._start_ms, end_ms=self._voice_end_ms, at_ms=self._at_ms)

    def _rest(self) -> None:
        self._owes_false_alarm |= self._state in ("held", "unjudged")
        self._state = "idle"
        self._voice.forget()

    def _padded(self, start_ms: int) -> int:
        return max(start_ms - self._settings.prefix_padding_ms, self._free_from_ms, 0)

    @property
    def _silence_ms(self) -> int:
        return self._at_ms - self._voice_end_ms

    @property
    def _is_too_long(self) -> bool:
        return self._at_ms - self._start_ms >= LONGEST_TURN_MS
