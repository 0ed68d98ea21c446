"""Transcribe a WAV file live with Deepgram's Python SDK: only the address is Wrapup's.

    python deepgram_python.py ws://127.0.0.1:8080 call.wav [SPEED]

SPEED is times real time, 1 by default. The key is taken from DEEPGRAM_API_KEY. Needs deepgram-sdk 7.
"""

from __future__ import annotations

import asyncio
import os
import sys
import wave

from deepgram import AsyncDeepgramClient, DeepgramClientEnvironment
from deepgram.listen.v1.types import ListenV1Metadata, ListenV1Results

CHUNKS_A_SECOND = 10


async def main(url: str, path: str, speed: float) -> None:
    http = url.replace("ws", "http", 1)
    where = DeepgramClientEnvironment(base=http, production=url, agent=url, agent_rest=http)
    client = AsyncDeepgramClient(api_key=os.environ.get("DEEPGRAM_API_KEY", "none"), environment=where)
    with wave.open(path) as file:
        async with client.listen.v1.connect(
            model="nova-3",
            encoding="linear16",
            sample_rate=str(file.getframerate()),
            channels=str(file.getnchannels()),
            multichannel="true" if file.getnchannels() > 1 else "false",
            interim_results="true",
        ) as connection:

            async def send() -> None:
                while data := file.readframes(file.getframerate() // CHUNKS_A_SECOND):
                    await connection.send_media(data)
                    await asyncio.sleep(1 / CHUNKS_A_SECOND / speed)
                await connection.send_close_stream()

            sending = asyncio.create_task(send())
            async for message in connection:
                if isinstance(message, ListenV1Results) and message.is_final:
                    text = message.channel.alternatives[0].transcript
                    print(f"{message.start:7.2f}  {message.channel_index[0]}  {text}", flush=True)  # noqa: T201
                if isinstance(message, ListenV1Metadata):
                    break
            await sending


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2], float(sys.argv[3]) if len(sys.argv) > 3 else 1.0))
