"""One question to a live session, and what its client saw of the answer, in seconds."""

import asyncio
import time
from dataclasses import dataclass, field

from bench.live_client import LiveClient, Received, speech_end
from bench.live_clips import Clip
from bench.live_playback import Heard

PATIENCE_S = 60.0
"""For a reply to be written and spoken, beyond which the turn counts as failed."""
QUIET_S = 0.3
"""A turn is over when nothing is left to be played for so long."""


@dataclass(frozen=True, kw_only=True)
class LiveTurn:
    """Times count from the end of the user's last word; None where it never came."""

    clip: Clip
    first_sound_s: float | None
    ended_s: float | None
    """When the server took the turn to be over: what it let the user wait."""
    is_cut_off: bool
    """It did so before the last word, at least once."""
    response_id: str | None = None
    transcript: str = ""
    reply: str = ""
    gaps_s: float = 0.0
    stages_ms: dict[str, float] = field(default_factory=dict)
    """As the server reports them, by the extension `timings`."""


async def ask(client: LiveClient, clip: Clip, *, patience_s: float = PATIENCE_S) -> LiveTurn:
    """Say the clip, listen to the whole reply, and return what came when."""
    begin = len(client.log)
    spoken_at = speech_end(client, clip)
    quiet_since: float | None = None

    def is_over() -> bool:
        nonlocal quiet_since
        now = time.monotonic()
        is_quiet = (
            now > spoken_at
            and is_answered(client.since(begin))
            and client.playback.unplayed_s(now) == 0.0
        )
        quiet_since = (quiet_since or now) if is_quiet else None
        return quiet_since is not None and now - quiet_since >= QUIET_S

    await asyncio.sleep(max(0.0, spoken_at - time.monotonic()))
    await client.wait_for(is_over, patience_s)
    return read_turn(clip, spoken_at, client.since(begin), client.playback.replies)


def is_answered(log: list[Received]) -> bool:
    """Return whether every response is done, the last one neither taken back nor talked over."""
    status: dict[str | None, str] = {}
    is_heard = True
    for each in log:
        match each.type:
            case "input_audio_buffer.speech_started":
                is_heard = False
            case "response.created":
                status[each.response_id] = "in_progress"
                is_heard = True
            case "response.done":
                status[each.response_id] = each.event["response"]["status"]
    return (
        bool(status)
        and is_heard
        and "in_progress" not in status.values()
        and list(status.values())[-1] != "cancelled"
    )


def read_turn(
    clip: Clip, spoken_at: float, log: list[Received], heard: dict[str, Heard]
) -> LiveTurn:
    """Return the turn that ended at `spoken_at`, as its events tell it.

    Of several responses the last that was heard counts: those before it answered a part of the
    question, or were taken back.
    """
    commits = [each.at for each in log if each.type == "input_audio_buffer.committed"]
    created = [each.response_id for each in log if each.type == "response.created"]
    audible = [
        (response_id, heard[response_id])
        for response_id in created
        if response_id in heard and heard[response_id].audible_at is not None
    ]
    response_id, sound = audible[-1] if audible else (created[-1] if created else None, None)
    stages: dict[str, float] = {}
    for each in log:
        if each.type == "x.turn.timings" and each.response_id == response_id:
            stages |= each.event["stages"]
    return LiveTurn(
        clip=clip,
        first_sound_s=sound.audible_at - spoken_at if sound and sound.audible_at else None,
        ended_s=commits[-1] - spoken_at if commits else None,
        is_cut_off=any(at < spoken_at for at in commits),
        response_id=response_id,
        transcript=" ".join(
            each.event.get("transcript", "")
            for each in log
            if each.type == "conversation.item.input_audio_transcription.completed"
        ),
        reply="".join(
            each.event["text"]
            for each in log
            if each.type == "response.output_audio_transcript.delta"
            and each.response_id == response_id
        ),
        gaps_s=sound.gaps_s if sound else 0.0,
        stages_ms=stages,
    )
