"""One turn: speech → assistant → speech, in three stages that are each safe to run twice.

The first is `workers.transcription`.

A stage reads from the turn's stream what is done already and goes on from there. The sound of
each piece of the reply is made beside the model's writing; whoever does the last thing, the
writer or a speaker, finishes the turn.
"""

from collections.abc import Callable
from functools import partial

from assistant.draft import ReplyRequest
from assistant.events import (
    AudioReady,
    ReplyDelta,
    ReplyReady,
    SpeechFailed,
    SpeechQueued,
    TurnFailed,
    TurnFinished,
)
from assistant.pipeline import reply as write_reply
from speech.audio import trim_start
from speech.errors import SpeechError, SynthesisCancelledError
from speech.sentences import SentenceCutter
from speech.speakable import language_of, speakable
from workers import turn_control
from workers.services import Services
from workers.synthesis import synthesize
from workers.turn_state import load_state
from workers.turn_store import REPLY_SAMPLE_RATE_HZ


def finish_if_written(services: Services, turn_id: str) -> bool:
    """Return whether the reply is there already: then this task is a second copy of another."""
    state = load_state(services.bus, turn_id)
    if state.reply is None and state.end is None:
        return False
    finish_if_complete(services, turn_id)
    return True


def reply(services: Services, turn_id: str, queue_speech: Callable[[str, int], None]) -> None:
    """Write the reply, and hand each speakable piece to `queue_speech(turn_id, index)` at once.

    Raises GenerationCancelledError where `turn_control` stops it; what is written stays.
    """
    state = load_state(services.bus, turn_id)
    request = services.turns.request(turn_id)
    if request is None or state.question is None:
        expire(services, turn_id)
        return
    language = request.language or (state.transcript.language if state.transcript else None)
    if state.reply is None:
        cutter = SentenceCutter()
        index = 0

        def speak(pieces: list[str]) -> None:
            nonlocal index
            for piece in pieces:
                piece_language = language_of(piece, language or "en")
                if not request.speak or not speakable(piece, piece_language):
                    continue
                queued = SpeechQueued(
                    turn_id=turn_id,
                    index=index,
                    text=piece,
                    language=piece_language,
                )
                services.bus.append(queued, once=f"piece:{index}")
                if index not in state.audio and index not in state.unspoken:
                    queue_speech(turn_id, index)
                index += 1

        # What a lost worker had written is cut again into the same pieces; those not spoken yet
        # are sent again, since it may have died between the event and the task.
        speak(cutter.feed(state.written))
        for event in write_reply(
            ReplyRequest(
                turn_id=turn_id,
                conversation_id=request.conversation_id,
                user_id=request.user_id,
                question=state.question,
                cue=request.cue,
                language=language,
                manner=request.manner,
                timezone=request.timezone,
                history=request.history,
                written=state.written,
                written_source=state.written_source,
                instructions=request.instructions,
                max_reply_tokens=request.max_reply_tokens,
                generation=request.generation,
                functions=request.functions,
                tool_choice=request.tool_choice,
                steps=request.steps,
                called=tuple(state.calls),
                fresh=request.fresh,
                # Every piece is in the stream before the end of the text, so that a turn whose
                # text is ready and whose pieces are spoken is complete.
                on_written=lambda: speak(cutter.flush()),
                is_cancelled=partial(turn_control.is_stopped, services, turn_id),
                wait_until_confirmed=partial(turn_control.wait_until_confirmed, services, turn_id),
            ),
            services.dialogue,
        ):
            if isinstance(event, ReplyReady):
                services.bus.append(event, once="reply")
            else:
                services.bus.append(event)
                if isinstance(event, ReplyDelta):
                    speak(cutter.feed(event.text))
    finish_if_complete(services, turn_id)


def speak(services: Services, turn_id: str, index: int) -> None:
    """Make the sound of one piece of the reply. Raises SynthesisCancelledError where stopped."""
    state = load_state(services.bus, turn_id)
    request = services.turns.request(turn_id)
    piece = state.queued.get(index)
    if request is None or piece is None:
        return  # Expired.
    if index not in state.audio and state.end is None:
        try:
            voice, pcm16 = synthesize(services, piece, request, state)
        except SynthesisCancelledError:
            raise
        except SpeechError as error:
            services.bus.append(
                SpeechFailed(turn_id=turn_id, index=index, code=error.code, message=str(error)),
                once=f"audio:{index}",
            )
        else:
            if index == 0:
                pcm16 = trim_start(pcm16, REPLY_SAMPLE_RATE_HZ)
            ready = AudioReady(
                turn_id=turn_id,
                index=index,
                audio_id=services.turns.put_audio(turn_id, index, pcm16),
                text=piece.text,
                voice=voice.id,
                duration_s=round(len(pcm16) / 2 / REPLY_SAMPLE_RATE_HZ, 3),
            )
            services.bus.append(ready, once=f"audio:{index}")
    finish_if_complete(services, turn_id)


def finish_if_complete(services: Services, turn_id: str) -> None:
    state = load_state(services.bus, turn_id)
    if state.is_complete and state.reply is not None:
        end(
            services,
            TurnFinished(
                turn_id=turn_id,
                answer=state.reply.text,
                source=state.reply.source,
                has_audio=bool(state.audio),
            ),
        )


def finish_if_spoken(services: Services, turn_id: str, index: int) -> bool:
    """The same for one piece of the reply."""
    state = load_state(services.bus, turn_id)
    if state.end is None and index not in state.audio and index not in state.unspoken:
        return False
    finish_if_complete(services, turn_id)
    return True


def fail(
    services: Services, turn_id: str, code: str, message: str, is_retryable: bool = False
) -> None:
    end(
        services,
        TurnFailed(turn_id=turn_id, code=code, message=message, is_retryable=is_retryable),
    )


def end(services: Services, event: TurnFinished | TurnFailed) -> None:
    services.bus.append(event)
    services.turns.drop_upload(event.turn_id)
    services.foreground.leave(event.turn_id)
    turn_control.restore_where_unanswered(services, event.turn_id)


def expire(services: Services, turn_id: str) -> None:
    fail(services, turn_id, "turn_expired", "This turn is no longer kept; please ask again.")
