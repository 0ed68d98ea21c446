"""The examples for OpenAI's clients, and all that its package reads of an answer, on a real server."""

from __future__ import annotations

import json
import os
import subprocess
import wave
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from websockets.asyncio.client import connect

from tests.conftest import ROOT
from tests.pipeline.live_server import run, served, speech

pytestmark = pytest.mark.clients

PATIENCE_S = 60

READ_ALL = """
import json, sys
from pathlib import Path
import openai
client = openai.OpenAI(base_url=sys.argv[1], api_key="none", max_retries=0)
def read(**options):
    return client.audio.transcriptions.create(file=Path(sys.argv[2]), model="whisper-1", **options)
found = {name: read(response_format=name) for name in ("text", "srt", "vtt")}
plain, diarized = read(), read(response_format="diarized_json")
verbose = read(response_format="verbose_json", timestamp_granularities=["word", "segment"])
found["json"] = [plain.text, plain.usage.seconds]
found["verbose"] = [verbose.duration, len(verbose.words), [segment.text for segment in verbose.segments]]
found["diarized"] = [[segment.speaker, segment.text] for segment in diarized.segments]
found["stream"] = [event.type for event in read(response_format="diarized_json", stream=True)]
try:
    read(language="de")
except openai.BadRequestError as error:
    found["error"] = [error.status_code, error.param, error.code]
print(json.dumps(found))
"""


@pytest.fixture
def call(tmp_path: Path) -> Path:
    """A recording in which the agent speaks, then the customer."""
    path = tmp_path / "call.wav"
    with wave.open(str(path), "wb") as file:
        file.setnchannels(2)
        file.setsampwidth(2)
        file.setframerate(16_000)
        samples = speech((0.3, 1.2, 0), (2.2, 3.4, 1), seconds=5.0)
        file.writeframes(np.ascontiguousarray(samples).tobytes())
    return path


def ran(python: Path, *arguments: str | Path) -> str:
    """What a client prints."""
    environment = {name: value for name, value in os.environ.items() if "proxy" not in name.lower()}
    done = subprocess.run(
        [python, *arguments], env=environment, capture_output=True, text=True, timeout=PATIENCE_S, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


async def followed(address: str) -> list[dict[str, Any]]:
    """The events of the one call of a server, up to its end."""
    found: list[dict[str, Any]] = []
    async with connect(f"ws://{address}/v1/events", compression=None) as socket:
        while not found or found[-1]["event"]["type"] != "call_closed":
            found.append(json.loads(await socket.recv()))
    return found


def test_a_call_is_streamed(clients_python: Path, call: Path, tmp_path: Path) -> None:
    with served(tmp_path, diarizer="none") as (address, _):
        printed = ran(clients_python, ROOT / "examples" / "openai_realtime.py", f"http://{address}/v1", call)
        feed = run(lambda: followed(address))
    finals = [one["event"] for one in feed if one["event"]["type"] == "utterance_final"]
    texts = [" ".join(word["text"] for word in final["words"]) for final in finals]
    assert len(texts) == 2
    assert printed.splitlines() == texts
    assert feed[-1]["event"]["code"] == "hangup"


def test_a_file_is_read(clients_python: Path, call: Path, tmp_path: Path) -> None:
    with served(tmp_path) as (address, _):
        printed = ran(clients_python, ROOT / "examples" / "openai_file.py", f"http://{address}/v1", call)
    length, agent, customer, text = printed.splitlines()
    assert length == "5.0 s"
    assert (agent.split()[1], customer.split()[1]) == ("agent:", "customer:")
    assert text == f"{agent.partition(': ')[2]} {customer.partition(': ')[2]}"


def test_all_answers_are_read(clients_python: Path, call: Path, tmp_path: Path) -> None:
    with served(tmp_path) as (address, _):
        found = json.loads(ran(clients_python, "-c", READ_ALL, f"http://{address}/v1", call))
    text = found["text"].strip()
    assert found["json"] == [text, 5.0]
    assert found["verbose"][:2] == [5.0, len(text.split())]
    assert " ".join(found["verbose"][2]) == text
    assert [speaker for speaker, _ in found["diarized"]] == ["agent", "customer"]
    assert " ".join(said for _, said in found["diarized"]) == text
    assert found["srt"].startswith("1\n")
    assert found["vtt"].startswith("WEBVTT")
    names = [name.removeprefix("transcript.text.") for name in found["stream"]]
    assert names == ["delta", "segment", "delta", "segment", "done"]
    assert found["error"] == [400, "language", "unsupported_language"]
