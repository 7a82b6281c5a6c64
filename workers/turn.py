"""One turn: speech → assistant → speech, in three stages that are each safe to run twice.

A stage reads from the turn's stream what is done already and goes on from there. The sound of
each piece of the reply is made beside the model's writing; whoever does the last thing, the
writer or a speaker, finishes the turn.
"""

from collections.abc import Callable

from assistant.events import (
    AudioDecoded,
    AudioReady,
    ReplyReady,
    SpeechFailed,
    SpeechQueued,
    TranscriptReady,
    TurnFailed,
    TurnFinished,
)
from assistant.pipeline import ReplyRequest
from assistant.pipeline import reply as write_reply
from speech.audio import encode_pcm16
from speech.decoding import decode, resample
from speech.errors import SpeechError
from speech.recognition import transcribe as recognize
from speech.sentences import SentenceCutter
from speech.speakable import language_of, speakable
from workers.services import Services
from workers.turn_state import load_state
from workers.turn_store import REPLY_SAMPLE_RATE_HZ


def transcribe(services: Services, turn_id: str) -> bool:
    """Turn the upload into a transcript; return True where there is something to answer."""
    state = load_state(services.bus, turn_id)
    if state.transcript is None:
        upload = services.turns.upload(turn_id)
        request = services.turns.request(turn_id)
        if upload is None or request is None:
            _expire(services, turn_id)
            return False
        audio = decode(upload, services.decoding_limits)
        decoded = AudioDecoded(turn_id=turn_id, duration_s=round(audio.duration_s, 3))
        services.bus.append(decoded, once="decoded")
        heard = recognize(
            audio, services.recognizer, services.recognition_options(request.language)
        )
        state.transcript = TranscriptReady(
            turn_id=turn_id,
            text=heard.text,
            language=heard.language,
            language_probability=round(heard.language_probability, 3),
            no_speech=heard.no_speech,
        )
        services.bus.append(state.transcript, once="transcript")
        services.turns.drop_upload(turn_id)
    if state.transcript.no_speech:
        services.bus.append(
            TurnFinished(turn_id=turn_id, answer="", source="none", has_audio=False)
        )
    return not state.transcript.no_speech


def reply(services: Services, turn_id: str, queue_speech: Callable[[str, int], None]) -> None:
    """Write the reply, and hand each speakable piece to `queue_speech(turn_id, index)` at once."""
    state = load_state(services.bus, turn_id)
    request = services.turns.request(turn_id)
    if request is None or state.question is None:
        _expire(services, turn_id)
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
                question=state.question,
                language=language,
                history=request.history,
                written=state.written,
            ),
            model=services.language_model,
            conversations=services.conversations,
            options=services.reply_options,
        ):
            if isinstance(event, ReplyReady):
                # Every piece is in the stream before the end of the text, so that a turn whose
                # text is ready and whose pieces are spoken is complete.
                speak(cutter.flush())
                services.bus.append(event, once="reply")
            else:
                services.bus.append(event)
                speak(cutter.feed(event.text))
    finish_if_complete(services, turn_id)


def speak(services: Services, turn_id: str, index: int) -> None:
    """Make the sound of one piece of the reply."""
    state = load_state(services.bus, turn_id)
    request = services.turns.request(turn_id)
    piece = state.queued.get(index)
    if request is None or piece is None:
        return  # Expired.
    if index not in state.audio and state.end is None:
        try:
            voice = services.voice(piece.language, request.voice)
            sound = services.synthesizer(voice.engine).synthesize(
                speakable(piece.text, piece.language),
                voice,
                piece.language,
                services.settings.speaking_speed,
            )
        except SpeechError as error:
            services.bus.append(
                SpeechFailed(turn_id=turn_id, index=index, code=error.code, message=str(error)),
                once=f"audio:{index}",
            )
        else:
            sound = resample(sound, REPLY_SAMPLE_RATE_HZ)
            ready = AudioReady(
                turn_id=turn_id,
                index=index,
                audio_id=services.turns.put_audio(turn_id, index, encode_pcm16(sound)),
                text=piece.text,
                voice=voice.id,
                duration_s=round(sound.duration_s, 3),
            )
            services.bus.append(ready, once=f"audio:{index}")
    finish_if_complete(services, turn_id)


def finish_if_complete(services: Services, turn_id: str) -> None:
    state = load_state(services.bus, turn_id)
    if state.is_complete and state.reply is not None:
        services.bus.append(
            TurnFinished(
                turn_id=turn_id,
                answer=state.reply.text,
                source=state.reply.source,
                has_audio=bool(state.audio),
            )
        )


def fail(
    services: Services, turn_id: str, code: str, message: str, is_retryable: bool = False
) -> None:
    services.bus.append(
        TurnFailed(turn_id=turn_id, code=code, message=message, is_retryable=is_retryable)
    )


def _expire(services: Services, turn_id: str) -> None:
    fail(services, turn_id, "turn_expired", "This turn is no longer kept; please ask again.")
