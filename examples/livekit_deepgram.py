"""Transcribe a WAV file live with the Deepgram plug-in of LiveKit Agents: only `base_url` is Wrapup's.

    python livekit_deepgram.py ws://127.0.0.1:8080 call.wav [SPEED]

SPEED is times real time, 1 by default. The key is taken from DEEPGRAM_API_KEY. Needs livekit-agents and
livekit-plugins-deepgram. The plug-in sends one channel; of a file with two it is given the first.
"""

from __future__ import annotations

import array
import asyncio
import os
import sys
import wave

import aiohttp
from livekit import rtc
from livekit.agents import stt
from livekit.plugins import deepgram

CHUNKS_A_SECOND = 10


async def main(url: str, path: str, speed: float) -> None:
    with wave.open(path) as file:
        rate, channels = file.getframerate(), file.getnchannels()
        samples = array.array("h", file.readframes(file.getnframes()))[::channels]
    async with aiohttp.ClientSession() as session:
        engine = deepgram.STT(
            base_url=f"{url}/v1/listen",
            api_key=os.environ.get("DEEPGRAM_API_KEY", "none"),
            sample_rate=rate,
            http_session=session,
        )
        stream = engine.stream()

        async def send() -> None:
            step = rate // CHUNKS_A_SECOND
            for at in range(0, len(samples), step):
                block = samples[at : at + step]
                stream.push_frame(rtc.AudioFrame(block.tobytes(), rate, 1, len(block)))
                await asyncio.sleep(1 / CHUNKS_A_SECOND / speed)
            stream.end_input()

        sending = asyncio.create_task(send())
        async for event in stream:
            if event.type == stt.SpeechEventType.FINAL_TRANSCRIPT:
                final = event.alternatives[0]
                print(f"{final.start_time:7.2f}  {final.text}", flush=True)  # noqa: T201
        await sending
        await stream.aclose()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2], float(sys.argv[3]) if len(sys.argv) > 3 else 1.0))
