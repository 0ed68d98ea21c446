"""Transcribe a WAV file live with Pipecat's Deepgram service: only `base_url` is Wrapup's.

    python pipecat_deepgram.py ws://127.0.0.1:8080 call.wav [SPEED]

SPEED is times real time, 1 by default. The key is taken from DEEPGRAM_API_KEY. Needs pipecat-ai and
deepgram-sdk. Pipecat sends one channel; of a file with two it is given the first.
"""

from __future__ import annotations

import array
import asyncio
import contextlib
import os
import sys
import wave

from pipecat.frames.frames import (
    EndFrame,
    Frame,
    InputAudioRawFrame,
    TranscriptionFrame,
    VADUserStoppedSpeakingFrame,
)
from pipecat.pipeline.pipeline import Pipeline
from pipecat.pipeline.worker import PipelineParams, PipelineWorker
from pipecat.processors.frame_processor import FrameDirection, FrameProcessor
from pipecat.services.deepgram.stt import DeepgramSTTService
from pipecat.workers.runner import WorkerRunner

CHUNKS_A_SECOND = 10
LAST_WORDS_S = 3.0
"""Pipecat hears nothing any more once it is told to end: the last words have so long to come."""


class Printer(FrameProcessor):
    """Prints what was said."""

    def __init__(self) -> None:
        super().__init__()
        self.printed = asyncio.Event()

    async def process_frame(self, frame: Frame, direction: FrameDirection) -> None:
        await super().process_frame(frame, direction)
        if isinstance(frame, TranscriptionFrame):
            self.printed.set()
            print(f"{frame.result.start:7.2f}  {frame.text}", flush=True)  # noqa: T201
        await self.push_frame(frame, direction)


async def main(url: str, path: str, speed: float) -> None:
    with wave.open(path) as file:
        rate, channels = file.getframerate(), file.getnchannels()
        samples = array.array("h", file.readframes(file.getnframes()))[::channels]
    engine = DeepgramSTTService(base_url=url, api_key=os.environ.get("DEEPGRAM_API_KEY", "none"))
    printer = Printer()
    worker = PipelineWorker(
        Pipeline([engine, printer]), params=PipelineParams(audio_in_sample_rate=rate), enable_rtvi=False
    )

    @worker.event_handler("on_pipeline_started")
    async def _started(*_: object) -> None:
        sending.append(asyncio.create_task(send()))

    async def send() -> None:
        step = rate // CHUNKS_A_SECOND
        for at in range(0, len(samples), step):
            data = samples[at : at + step].tobytes()
            await worker.queue_frame(InputAudioRawFrame(data, rate, 1))
            await asyncio.sleep(1 / CHUNKS_A_SECOND / speed)
        await worker.queue_frame(VADUserStoppedSpeakingFrame())
        with contextlib.suppress(TimeoutError):
            while True:
                printer.printed.clear()
                await asyncio.wait_for(printer.printed.wait(), LAST_WORDS_S)
        await worker.queue_frame(EndFrame())

    sending: list[asyncio.Task[None]] = []
    runner = WorkerRunner()
    await runner.add_workers(worker)
    await runner.run()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2], float(sys.argv[3]) if len(sys.argv) > 3 else 1.0))
