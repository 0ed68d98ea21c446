"""Play a recording to /v1/realtime with the openai package, and print the text as it comes.

    pip install 'openai[realtime]>=3'      python openai_realtime.py http://127.0.0.1:8080/v1 call.wav

The file is a WAV of 16 bits; its channels are mixed down to one. WRAPUP_KEY holds the API key, where the
server wants one.
"""

# ruff: noqa: T201
from __future__ import annotations

import array
import asyncio
import base64
import os
import sys
import wave

from openai import AsyncOpenAI
from openai.resources.realtime.realtime import AsyncRealtimeConnection

BLOCK_S = 0.2
LAST = "nothing-more"


def read_mono(path: str) -> tuple[int, bytes]:
    """Rate, and samples of 16 bits of one channel."""
    with wave.open(path) as file:
        samples = array.array("h", file.readframes(file.getnframes()))
        channels = file.getnchannels()
        mono = (sum(samples[at : at + channels]) // channels for at in range(0, len(samples), channels))
        return file.getframerate(), array.array("h", mono).tobytes()


async def send(connection: AsyncRealtimeConnection, rate: int, audio: bytes) -> None:
    """All of the audio, then two commits: the answer to the second says that nothing more comes."""
    step = round(rate * BLOCK_S) * 2
    for at in range(0, len(audio), step):
        block = base64.b64encode(audio[at : at + step]).decode()
        await connection.input_audio_buffer.append(audio=block)
        await asyncio.sleep(BLOCK_S if os.environ.get("REAL_TIME") else 0)
    await connection.input_audio_buffer.commit()
    await connection.input_audio_buffer.commit(event_id=LAST)


async def main(url: str, path: str) -> None:
    rate, audio = read_mono(path)
    client = AsyncOpenAI(base_url=url, api_key=os.environ.get("WRAPUP_KEY", "none"))
    async with client.realtime.connect(extra_query={"intent": "transcription"}) as connection:
        hears = {
            "format": {"type": "audio/pcm", "rate": rate},
            "transcription": {"model": "wrapup", "language": "en"},
            "turn_detection": {"type": "server_vad", "silence_duration_ms": 500},
        }
        await connection.session.update(session={"type": "transcription", "audio": {"input": hears}})
        sending = None
        async for event in connection:
            if event.type == "session.updated":
                sending = asyncio.create_task(send(connection, rate, audio))
            elif event.type == "conversation.item.input_audio_transcription.completed":
                print(event.transcript, flush=True)
            elif event.type == "error" and event.error.event_id == LAST:
                break
            elif event.type == "error" and event.error.code != "input_audio_buffer_commit_empty":
                raise SystemExit(event.error.message)
        if sending is not None:
            await sending


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:3]))
