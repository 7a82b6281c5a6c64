"""A pipeline of Pipecat's, fed and listened to."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

from pipecat.frames.frames import EndFrame, ErrorFrame, Frame, InputAudioRawFrame, TTSAudioRawFrame
from pipecat.pipeline.pipeline import Pipeline
from pipecat.pipeline.worker import PipelineParams, PipelineWorker
from pipecat.processors.frame_processor import FrameDirection, FrameProcessor
from pipecat.workers.runner import WorkerRunner

from tests.clients import sounds


class Listener(FrameProcessor):
    """Keeps the frames that come, until the one that is waited for."""

    def __init__(self, is_last: Callable[[list[Frame]], bool]) -> None:
        super().__init__()
        self.frames: list[Frame] = []
        self.done = asyncio.Event()
        self._is_last = is_last

    async def process_frame(self, frame: Frame, direction: FrameDirection) -> None:
        await super().process_frame(frame, direction)
        self.frames.append(frame)
        if self._is_last(self.frames):
            self.done.set()
        await self.push_frame(frame, direction)

    def text(self, kind: type[Frame]) -> str:
        return "".join(frame.text for frame in self.frames if isinstance(frame, kind))

    def sound(self) -> bytes:
        """Return the WAV file of what was spoken."""
        spoken = [frame for frame in self.frames if isinstance(frame, TTSAudioRawFrame)]
        return sounds.wav(b"".join(frame.audio for frame in spoken), spoken[0].sample_rate)


async def run(
    processors: Sequence[FrameProcessor],
    frames: Sequence[Frame],
    is_last: Callable[[list[Frame]], bool],
) -> Listener:
    """Send frames through a pipeline, sound at the speed of speech."""
    listener = Listener(is_last)
    rates = {"audio_in_sample_rate": sounds.RATE_HZ, "audio_out_sample_rate": sounds.RATE_HZ}
    worker = PipelineWorker(
        Pipeline([*processors, listener]), params=PipelineParams(**rates), enable_rtvi=False
    )
    failures: list[str] = []
    started = asyncio.Event()

    @worker.event_handler("on_pipeline_started")
    async def _(*_: Any) -> None:
        started.set()

    @worker.event_handler("on_pipeline_error")
    async def _(_: Any, frame: ErrorFrame) -> None:
        failures.append(frame.error)
        listener.done.set()

    async def send() -> None:
        await started.wait()
        for frame in frames:
            await worker.queue_frame(frame)
            if isinstance(frame, InputAudioRawFrame):
                await asyncio.sleep(frame.num_frames / frame.sample_rate)
        await listener.done.wait()
        await worker.queue_frame(EndFrame())

    runner = WorkerRunner(handle_sigint=False)
    await runner.add_workers(worker)
    await asyncio.gather(runner.run(), send())
    assert not failures, failures
    return listener


def comes(kind: type[Frame]) -> Callable[[list[Frame]], bool]:
    """For `run`: the last frame is the first of this kind."""
    return lambda frames: isinstance(frames[-1], kind)
