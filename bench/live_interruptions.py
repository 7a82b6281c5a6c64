"""From the user's voice to silence, and to the end of the work behind the sound."""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass

from redis import Redis

from assistant.events import AudioReady, ReplyDelta, SpeechQueued, TurnCancelled
from bench.live_client import LiveClient, speech_end
from bench.live_clips import Clip
from bench.live_processes import idle_from, watch
from workers.event_bus import EventBus, StoredEvent

AFTER_S = (0.3, 0.8, 1.5, 3.0)
"""Of audible reply, after which the user begins to speak."""
PATIENCE_S = 60.0


@dataclass(frozen=True, kw_only=True)
class Interruption:
    """Seconds from the first sound of the user's voice; None where it never came."""

    after_s: float
    hold_s: float | None
    """The client is told to hold its sound."""
    certain_s: float | None
    """`speech_started`: it was an interruption."""
    cancelled_s: float | None
    """`response.done` with status `cancelled`."""
    last_delta_s: float | None = None
    """The model's last word of the interrupted reply, by its stream; at most 0: none came later."""
    last_sound_s: float | None = None
    """The last piece of its sound that was made."""
    model_idle_s: float | None = None
    """The process of the model, and that of the voices, have nothing to do."""
    voices_idle_s: float | None = None

    @property
    def silence_s(self) -> float | None:
        told = [each for each in (self.hold_s, self.certain_s) if each is not None]
        return min(told, default=None)


@dataclass(frozen=True)
class Backstage:
    """Of a server on this machine: where its work behind the sound can be seen."""

    redis: Redis
    model_pids: tuple[int, ...]
    voices_pids: tuple[int, ...]


async def interrupt(
    client: LiveClient,
    question: Clip,
    objection: Clip,
    after_s: float,
    backstage: Backstage | None = None,
) -> Interruption | None:
    """Ask something that has a long answer, talk into it; None where no answer came."""
    begin = len(client.log)
    known = _turn_keys(backstage.redis) if backstage else set()
    spoken_at = speech_end(client, question)
    await asyncio.sleep(max(0.0, spoken_at - time.monotonic()))

    def audible_at() -> float:
        replies = client.playback.replies
        created = [
            each.response_id or ""
            for each in client.since(begin, "response.created")
            if each.at > spoken_at
        ]
        times = [replies[name].audible_at for name in created if name in replies]
        return next((at for at in times if at is not None), float("inf"))

    if not await client.wait_for(lambda: audible_at() < time.monotonic() - after_s, PATIENCE_S):
        return None
    place = len(client.log)
    voice_at = client.say(objection.samples) + objection.voice_begins_s

    def first(kind: str) -> float | None:
        later = client.since(place, kind)
        return later[0].at - voice_at if later else None

    watches = []
    if backstage:
        pids = (backstage.model_pids, backstage.voices_pids)
        watches = [asyncio.create_task(watch(each)) for each in pids]
    await client.wait_for(lambda: bool(client.since(place, "response.done")), 10.0)
    cancelled = [
        each.at - voice_at
        for each in client.since(place, "response.done")
        if each.event["response"]["status"] == "cancelled"
    ]
    behind: dict[str, float | None] = {}
    if backstage:
        await asyncio.sleep(1.0)  # What should have stopped has the time to show that it did not.
        for watch_ in watches:
            watch_.cancel()
        samples = await asyncio.gather(*watches)
        for name, those in zip(("model_idle_s", "voices_idle_s"), samples, strict=True):
            idle_at = idle_from(those, voice_at)
            behind[name] = idle_at - voice_at if idle_at else None
        stream_voice_at = voice_at + time.time() - time.monotonic()
        behind |= _last_work(backstage.redis, known, stream_voice_at)
    return Interruption(
        after_s=after_s,
        hold_s=first("x.playback.hold"),
        certain_s=first("input_audio_buffer.speech_started"),
        cancelled_s=cancelled[0] if cancelled else None,
        **behind,
    )


def _turn_keys(redis: Redis) -> set[bytes]:
    return set(redis.scan_iter("turn:*:events", count=1000))


def _last_work(redis: Redis, known: set[bytes], voice_at: float) -> dict[str, float | None]:
    """Return when the interrupted turn last wrote and last spoke, after the user's voice began.

    `voice_at`: in seconds of the epoch, as the ids of a stream are in milliseconds.
    """
    bus = EventBus(redis, 3600)
    streams = (
        bus.events(key.decode().split("{")[1].split("}")[0]) for key in _turn_keys(redis) - known
    )
    events = next((events for events in streams if _was_interrupted(events)), None)
    if events is None:
        return {}

    def last(*types: type) -> float | None:
        times = [each.at.timestamp() for each in events if isinstance(each.event, types)]
        return times[-1] - voice_at if times else None

    return {
        "last_delta_s": last(ReplyDelta, SpeechQueued),
        "last_sound_s": last(AudioReady),
    }


def _was_interrupted(events: Sequence[StoredEvent]) -> bool:
    return any(
        isinstance(each.event, TurnCancelled) and each.event.reason == "interrupted"
        for each in events
    )


async def interrupt_all(
    client: LiveClient,
    questions: Sequence[Clip],
    objections: Sequence[Clip],
    backstage: Backstage | None,
    settle_s: float = 3.0,
) -> list[Interruption]:
    """Interrupt each answer once, at each of `AFTER_S` in turn."""
    found = []
    for place, question in enumerate(questions):
        objection = objections[place % len(objections)]
        after_s = AFTER_S[place % len(AFTER_S)]
        begin = len(client.log)
        result = await interrupt(client, question, objection, after_s, backstage)
        if result is not None:
            found.append(result)
        await _end_reply(client, begin)
        await asyncio.sleep(settle_s)
    return found


async def _end_reply(client: LiveClient, begin: int) -> None:
    """Cancel the answer to the objection as soon as there is one."""

    def in_progress() -> bool:
        created = {each.response_id for each in client.since(begin, "response.created")}
        return bool(created - {each.response_id for each in client.since(begin, "response.done")})

    await client.wait_for(in_progress, 10.0)
    if in_progress():
        await client.send({"type": "response.cancel"})
    await client.wait_for(lambda: not in_progress(), 10.0)
    client.playback.stop(time.monotonic())
