"""Have a recording read by /v1/audio/transcriptions with the openai package: who said what, then as a stream.

    pip install 'openai>=3'      python openai_file.py http://127.0.0.1:8080/v1 call.flac

WRAPUP_KEY holds the API key, where the server wants one.
"""

# ruff: noqa: T201
from __future__ import annotations

import os
import sys
from pathlib import Path

from openai import OpenAI


def main(url: str, path: str) -> None:
    client = OpenAI(base_url=url, api_key=os.environ.get("WRAPUP_KEY", "none"))
    recording = Path(path)
    call = client.audio.transcriptions.create(file=recording, model="wrapup", response_format="diarized_json")
    print(f"{call.duration:.1f} s")
    for segment in call.segments:
        print(f"{segment.start:7.2f} {segment.speaker}: {segment.text}")
    events = client.audio.transcriptions.create(file=recording, model="wrapup", stream=True)
    for event in events:
        if event.type == "transcript.text.delta":
            print(event.delta, end="", flush=True)
    print()


if __name__ == "__main__":
    main(*sys.argv[1:3])
