"""The first stage of a spoken turn: its upload becomes a transcript.

What fits into one window of Whisper is heard at once. Of more, every window is an event, so that
whoever waits sees it grow and a lost worker's successor goes on. A long recording goes on in a
task of its own, for which nobody is to wait: it has some of a worker's threads at most, and stands
back before each window while somebody waits for an answer or speaks.
"""

import contextlib
import threading
from collections.abc import Iterator

from assistant.events import AudioDecoded
from speech.asr.base import WINDOW_S
from speech.decoding import decode
from workers.recording import Queue, Recording
from workers.services import Services
from workers.settings import load_settings
from workers.turn import expire
from workers.turn_state import load_state

_slots = threading.BoundedSemaphore(max(1, load_settings().asr_concurrency // 2))
"""This worker's threads that long recordings may have; the others are there for turns."""


def transcribe(
    services: Services, turn_id: str, queue_reply: Queue, queue_recording: Queue
) -> None:
    """Turn the upload into a transcript, and have it answered; a long one is put off."""
    recording, upload = _open(services, turn_id, queue_reply)
    if recording is None or upload is None:
        return
    request, state = recording.request, recording.state
    audio = decode(upload, services.decoding_limits)
    is_long = audio.duration_s > services.settings.long_recording_s
    state.decoded = AudioDecoded(
        turn_id=turn_id,
        duration_s=round(audio.duration_s, 3),
        is_answered=request.answer == "always" or (request.answer == "auto" and not is_long),
    )
    services.bus.append(state.decoded, once="decoded")
    if not state.decoded.is_answered:
        recording.let_next_go()
    if is_long:
        services.foreground.leave(turn_id)
        queue_recording(turn_id)
    elif audio.duration_s > WINDOW_S or request.transcription.has_details:
        recording.hear_in_windows(audio)
    else:
        recording.hear_at_once(audio)


def transcribe_recording(services: Services, turn_id: str, queue_reply: Queue) -> None:
    """The same for one that was put off; goes on where a lost worker stopped."""
    recording, upload = _open(services, turn_id, queue_reply)
    if recording is None or upload is None:
        return
    audio = decode(upload, services.decoding_limits)
    del upload  # Of an hour, 60 MB.
    recording.hear_in_windows(audio, steps_back=True)


def finish_if_heard(services: Services, turn_id: str, queue_reply: Queue) -> bool:
    """Return whether nothing is left to hear: then this task is a second copy of another."""
    state = load_state(services.bus, turn_id)
    if state.transcript is None and state.end is None:
        return False
    request = services.turns.request(turn_id)
    if state.transcript is not None and state.end is None and request is not None:
        Recording(services, turn_id, request, state, queue_reply).finish(state.transcript)
    return True


def _open(
    services: Services, turn_id: str, queue_reply: Queue
) -> tuple[Recording, bytes] | tuple[None, None]:
    """Return the recording and its upload; None where nothing is left to hear, or to hear it by."""
    state = load_state(services.bus, turn_id)
    if state.transcript is not None or state.end is not None:
        finish_if_heard(services, turn_id, queue_reply)
        return None, None
    request, upload = services.turns.request(turn_id), services.turns.upload(turn_id)
    if request is None or upload is None:
        expire(services, turn_id)
        return None, None
    return Recording(services, turn_id, request, state, queue_reply), upload


@contextlib.contextmanager
def slot() -> Iterator[bool]:
    """Yield whether this worker has a thread for one more long recording, and keep it."""
    is_free = _slots.acquire(blocking=False)
    try:
        yield is_free
    finally:
        if is_free:
            _slots.release()
