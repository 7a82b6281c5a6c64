"""A recording that is being heard: at once, or window by window, until it is said what it holds."""

import time
from collections.abc import Callable
from dataclasses import dataclass, replace

from assistant.events import (
    DetailedSegment,
    TranscriptProgress,
    TranscriptReady,
    TranscriptSegment,
    TranscriptWord,
    TurnFinished,
)
from assistant.history import Exchange
from speech.asr.base import RecognitionOptions, Segment, Word
from speech.audio import Audio
from speech.languages import join_texts
from speech.recognition import hear_windows
from speech.recognition import transcribe as recognize
from workers import turn_control
from workers.services import Services
from workers.transcript_store import StoredTranscript
from workers.turn import end
from workers.turn_state import TurnState, load_state
from workers.turn_store import TurnRequest

PATIENCE_S = 15.0
"""The longest that a recording stands back before a window, which is up to 30 s of it: where
somebody always waits it is still written down faster than it was spoken."""
_LOOK_S = 0.1

Queue = Callable[[str], object]
"""Sends a task with a turn's id."""


@dataclass(frozen=True)
class Recording:
    """The upload of one turn while it is being heard."""

    services: Services
    turn_id: str
    request: TurnRequest
    state: TurnState
    """As the stream has it, and then as it grows."""
    queue_reply: Queue

    def hear_at_once(self, audio: Audio) -> None:
        options = self._options(self.request.language)
        heard = recognize(audio, self.services.recognizer, options)
        self.state.segments = [self._told(segment) for segment in heard.segments]
        self.finish(
            TranscriptReady(
                turn_id=self.turn_id,
                text=heard.text,
                language=heard.language,
                language_probability=round(heard.language_probability, 3),
                no_speech=heard.no_speech,
            )
        )

    def hear_in_windows(self, audio: Audio, steps_back: bool = False) -> None:
        """Also tell how far it is; what the stream has is not heard again."""
        state = self.state
        options = replace(self._options(self.request.language or state.language), has_times=True)
        # What the stream has is rounded.
        after_s = state.heard_s + 0.001
        windows = hear_windows(audio, self.services.recognizer, options, after_s)
        while self._may_go_on(steps_back) and (window := next(windows, None)):
            is_first = window.segments and not state.segments
            progress = TranscriptProgress(
                turn_id=self.turn_id,
                done_s=round(window.end_s, 3),
                duration_s=round(audio.duration_s, 3),
                segments=tuple(self._told(segment) for segment in window.segments),
                language=window.language if is_first else state.language,
                language_probability=round(
                    window.language_probability if is_first else state.language_probability, 3
                ),
            )
            self.services.bus.append(progress, once=f"heard:{progress.done_s}")
            state.add(progress)
        if self._is_cancelled():
            return
        self.finish(
            TranscriptReady(
                turn_id=self.turn_id,
                text=join_texts(
                    (segment.text for segment in state.segments),
                    options.written_language(state.language),
                ),
                language=state.language,
                language_probability=state.language_probability,
                no_speech=not state.segments,
            )
        )

    def finish(self, transcript: TranscriptReady) -> None:
        """Say and keep what was heard, and have it answered or the turn ended; safe to do twice."""
        services, turn_id = self.services, self.turn_id
        is_answered = self.state.decoded is None or self.state.decoded.is_answered
        if is_answered and not transcript.no_speech:
            services.bus.append(transcript, once="transcript")
            if self.state.heard_s:
                services.foreground.enter(turn_id)  # Again, where it had left as a long one.
            # First of all: whoever waits for the reply waits for nothing else.
            if turn_control.may_reply(services, turn_id):
                self.queue_reply(turn_id)
            self._keep(transcript)
        else:
            self._keep(transcript)
            services.bus.append(transcript, once="transcript")
            end(services, TurnFinished(turn_id=turn_id, answer="", source="none", has_audio=False))
        services.turns.drop_upload(turn_id)

    def let_next_go(self) -> None:
        """What comes after it in the conversation need not wait for it."""
        following = self.services.order.leave(self.request.conversation_id, self.turn_id)
        if following and load_state(self.services.bus, following).question is not None:
            self.queue_reply(following)

    def _keep(self, transcript: TranscriptReady) -> None:
        is_kept = bool(self.request.conversation_id)
        if not is_kept or transcript.no_speech or self._is_cancelled():
            return
        decoded = self.state.decoded
        duration_s = decoded.duration_s if decoded else 0.0
        whole = TranscriptSegment(start_s=0.0, end_s=duration_s, text=transcript.text)
        self.services.transcripts.put(
            self.request.conversation_id,
            self.turn_id,
            StoredTranscript(
                text=transcript.text,
                language=transcript.language,
                duration_s=duration_s,
                # Of a short one a lost worker leaves the text.
                segments=tuple(self.state.segments) or (whole,),
            ),
        )
        is_answered = decoded is None or decoded.is_answered
        if not is_answered or len(transcript.text) > self.services.settings.max_question_chars:
            exchange = Exchange(
                transcript.text,
                "",
                turn_id=self.turn_id,
                source="transcript",
                at=time.time(),
                language=self.request.language or transcript.language,
            )
            self.services.conversations.add(
                self.request.conversation_id, self.request.user_id, exchange
            )

    def _options(self, language: str | None) -> RecognitionOptions:
        wish = self.request.transcription
        options = self.services.recognition_options(language)
        return replace(
            options,
            # In the short one 5 % of the words' places are more than 0.16 s off, against 0.11.
            window="full" if wish.has_words else options.window,
            prompt=wish.prompt,
            temperature=wish.temperature,
            translates=wish.translates,
        )

    def _told(self, segment: Segment) -> TranscriptSegment:
        """Return the segment as the events tell it."""
        start_s, end_s = round(segment.start_s, 3), round(segment.end_s, 3)
        wish = self.request.transcription
        if not wish.has_details:
            return TranscriptSegment(start_s=start_s, end_s=end_s, text=segment.text)
        return DetailedSegment(
            start_s=start_s,
            end_s=end_s,
            text=segment.text,
            words=tuple(map(_told_word, segment.words)) if wish.has_words else (),
            tokens=tuple(token for word in segment.words for token in word.tokens),
            window_s=round(segment.window_s, 3),
            temperature=segment.temperature,
            avg_logprob=round(segment.avg_logprob, 4),
            compression_ratio=round(segment.compression_ratio, 4),
            no_speech_prob=round(segment.no_speech_prob, 4),
        )

    def _may_go_on(self, steps_back: bool) -> bool:
        """Return False where the turn was cancelled, and True once it is this recording's turn."""
        deadline = time.monotonic() + PATIENCE_S
        while not (is_cancelled := self._is_cancelled()):
            if not (steps_back and self.services.foreground.needs_machine()):
                break
            if time.monotonic() > deadline:
                break
            time.sleep(_LOOK_S)
        return not is_cancelled

    def _is_cancelled(self) -> bool:
        return self.services.turns.control(self.turn_id).cancelled is not None


def _told_word(word: Word) -> TranscriptWord:
    return TranscriptWord(
        start_s=round(word.start_s, 3), end_s=round(word.end_s, 3), text=word.text
    )
