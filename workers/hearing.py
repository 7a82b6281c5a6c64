"""What is done while the user still speaks: captions, and the prompt read ahead with their words.

Both are guesses from the part of an utterance that was heard so far, and nothing is made of them:
they are left out while anybody waits for an answer, and the final transcript is made as if there
were none. A session may ask for captions as often as it likes: of one utterance only the newest
request counts, and a worker makes one caption at a time, so that whoever has finished speaking
waits for one at most.
"""

import json
import logging
import threading
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from typing import Any, cast

from assistant.errors import AssistantError
from speech.asr.base import SAMPLE_RATE_HZ
from speech.audio import decode_pcm16
from workers import background
from workers.celery_app import app
from workers.services import Services
from workers.turn_store import TurnRequest

log = logging.getLogger(__name__)

MAX_CAPTION_S = 15.0
"""Of sound; beyond it the last caption stays. Recognition takes longer the more was said."""
MAX_SHARE = 0.4
"""Of the time, for the captions of one utterance: a slow machine makes fewer."""
_RETENTION_S = 60
_TASK_EXPIRY_S = 2.0
_FIRST = "0-0"

_making = threading.Lock()


@dataclass(frozen=True, kw_only=True)
class Caption:
    """What the user seems to have said so far, in place of the caption before."""

    text: str
    language: str | None
    heard_ms: int
    """From the beginning of the utterance."""


def request_caption(
    services: Services,
    utterance_id: str,
    pcm16: bytes,
    language: str | None,
    request: TurnRequest | None = None,
) -> None:
    """Ask for a caption of an utterance that goes on; returns at once.

    `pcm16`: all of the utterance so far, mono at 16 kHz. `request`: that of the turn which it will
    become; where given, the model reads the caption's words ahead as that turn's question.
    """
    if len(pcm16) > 2 * SAMPLE_RATE_HZ * MAX_CAPTION_S or services.foreground.is_busy():
        return
    key = _key(utterance_id)
    fields = {
        "pcm16": pcm16,
        "language": language or "",
        "request": request.model_dump_json() if request else "",
    }
    with services.redis.pipeline() as pipe:
        pipe.hincrby(key, "sequence", 1)
        pipe.hset(key, mapping=cast("dict[Any, Any]", fields))
        pipe.expire(key, _RETENTION_S)
        sequence = int(pipe.execute()[0])
    _send("caption", utterance_id, sequence, queue="asr")


def captions(services: Services, utterance_id: str) -> Iterator[Caption]:
    """Yield the captions as they are made, until `end_captions`, or a while without one."""
    after = _FIRST
    while True:
        answer = cast(
            "list[Any] | dict[Any, Any] | None",
            # Shorter than the client's timeout.
            services.redis.xread({_stream(utterance_id): after}, block=20_000),
        )
        if not answer:
            return
        entries = next(iter(answer.values()))[0] if isinstance(answer, dict) else answer[0][1]
        for entry_id, fields in entries:
            if b"caption" not in fields:
                return
            yield Caption(**json.loads(fields[b"caption"]))
            after = entry_id.decode()


def end_captions(services: Services, utterance_id: str) -> None:
    """The utterance is over: make no more captions of it, and let who follows them go."""
    with services.redis.pipeline() as pipe:
        pipe.delete(_key(utterance_id))
        pipe.xadd(_stream(utterance_id), {"end": ""})
        pipe.expire(_stream(utterance_id), _RETENTION_S)
        pipe.execute()


def caption(services: Services, utterance_id: str, sequence: int) -> None:
    """Make the caption where it is still wanted and the machine has time for it."""
    from speech.recognition import transcribe  # Loads what web must not.

    if not _making.acquire(blocking=False):
        return
    try:
        if not _is_wanted(services, utterance_id, sequence):
            return
        pcm16, language, not_before = _fields(
            services, utterance_id, "pcm16", "language", "not_before"
        )
        began = time.time()
        if not pcm16 or began < float(not_before or 0):
            return
        audio = decode_pcm16(pcm16, SAMPLE_RATE_HZ)
        options = services.recognition_options(language.decode() or None)
        # A wider search takes twice as long, which whoever ends in the middle waits for.
        heard = transcribe(audio, services.recognizer, replace(options, is_part=True, beam_size=1))
        pause_until = began + (time.time() - began) / MAX_SHARE
        duration_ms = round(audio.duration_s * 1000)
        made = Caption(text=heard.text, language=heard.language, heard_ms=duration_ms)
        if made.text and _publish(services, utterance_id, made, pause_until):
            _send("read_ahead", utterance_id, sequence, queue="chat")
    finally:
        _making.release()


def read_ahead(services: Services, utterance_id: str, sequence: int) -> None:
    """Have the model server read the prompt with the words of the last caption.

    What of them stays as it is need not be read when the turn is answered. It ends as soon as
    somebody waits for an answer, or a newer caption is asked for.
    """
    made, request = _fields(services, utterance_id, "caption", "request")
    if not (made and request):
        return
    heard = Caption(**json.loads(made))
    try:
        background.read_ahead(
            services,
            TurnRequest.model_validate_json(request),
            heard.text,
            heard.language,
            is_cancelled=lambda: not _is_wanted(services, utterance_id, sequence),
        )
    except AssistantError as error:
        # The reply itself will say what is wrong.
        log.debug("%s is not read ahead: %s", utterance_id, error)


def _fields(services: Services, utterance_id: str, *names: str) -> list[bytes]:
    """Return what is kept of the utterance; empty where it is over."""
    values = cast("list[bytes | None]", services.redis.hmget(_key(utterance_id), *names))
    return [value or b"" for value in values]


def _is_wanted(services: Services, utterance_id: str, sequence: int) -> bool:
    newest = services.redis.hget(_key(utterance_id), "sequence")
    return newest is not None and int(newest) == sequence and not services.foreground.is_busy()


# In one step, so that no caption follows the end.
_PUBLISH = """
if redis.call('EXISTS', KEYS[1]) == 0 then return 0 end
redis.call('HSET', KEYS[1], 'caption', ARGV[1], 'not_before', ARGV[2])
redis.call('XADD', KEYS[2], '*', 'caption', ARGV[1])
redis.call('EXPIRE', KEYS[2], ARGV[3])
return 1
"""


def _publish(services: Services, utterance_id: str, made: Caption, not_before: float) -> bool:
    publish = services.redis.register_script(_PUBLISH)
    return bool(
        publish(
            keys=[_key(utterance_id), _stream(utterance_id)],
            args=[json.dumps(asdict(made), ensure_ascii=False), not_before, _RETENTION_S],
        )
    )


def _send(task: str, utterance_id: str, sequence: int, queue: str) -> None:
    # By name: importing the tasks would load what they compute with.
    app.send_task(
        f"workers.tasks.{task}", [utterance_id, sequence], queue=queue, expires=_TASK_EXPIRY_S
    )


def _key(utterance_id: str) -> str:
    return f"hearing:{{{utterance_id}}}"


def _stream(utterance_id: str) -> str:
    return f"hearing:{{{utterance_id}}}:captions"
