"""Real clients of Deepgram's live API against a real server: the examples, by the address alone."""

from __future__ import annotations

import os
import subprocess
import wave
from pathlib import Path

import numpy as np
import pytest

from tests.conftest import ROOT
from tests.pipeline.live_server import served, speech

pytestmark = pytest.mark.clients

PATIENCE_S = 120
SPEED = "5"
SECONDS = 6.0


def recorded(path: Path, channels: int) -> Path:
    """A recording in which the first channel speaks, then the last one."""
    samples = speech((0.3, 1.2, 0), (2.2, 3.4, channels - 1), seconds=SECONDS, channels=channels)
    with wave.open(str(path), "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(2)
        file.setframerate(16_000)
        file.writeframes(samples.tobytes())
    return path


def finals(folder: Path, program: str | Path, script: str, channels: int, cwd: Path) -> list[list[str]]:
    """The lines that a client printed, split, of a call that a server took."""
    recording = recorded(folder / "call.wav", channels)
    # Without the test's own packages, and whatever may stand between this machine and others.
    clean = {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}
    clean.pop("PYTHONPATH", None)
    with served(folder) as (address, service):
        command = [program, ROOT / "examples" / script, f"ws://{address}", recording, SPEED]
        done = subprocess.run(
            [str(part) for part in command],
            cwd=cwd,
            env=clean,
            capture_output=True,
            text=True,
            timeout=PATIENCE_S,
            check=False,
        )
        assert done.returncode == 0, done.stderr[-2_000:]
        for call in service.switchboard.calls():
            assert call.done.result(PATIENCE_S) == "hangup"
    return [line.split() for line in done.stdout.splitlines()]


def starts(lines: list[list[str]]) -> np.ndarray:
    """When each final begins, in seconds."""
    return np.array([float(line[0]) for line in lines])


@pytest.mark.parametrize("channels", [1, 2])
def test_python_sdk(tmp_path: Path, clients_python: Path, channels: int) -> None:
    lines = finals(tmp_path, clients_python, "deepgram_python.py", channels, tmp_path)
    assert np.allclose(starts(lines), [0.3, 2.2], atol=0.4)
    assert [line[1] for line in lines] == ["0", str(channels - 1)]
    assert all(line[2:] for line in lines)


@pytest.mark.parametrize("channels", [1, 2])
def test_javascript_sdk(tmp_path: Path, clients_node: Path, channels: int) -> None:
    lines = finals(tmp_path, "node", "deepgram_js.mjs", channels, clients_node)
    assert np.allclose(starts(lines), [0.3, 2.2], atol=0.4)
    assert [line[1] for line in lines] == ["0", str(channels - 1)]
    assert all(line[2:] for line in lines)


@pytest.mark.parametrize("script", ["pipecat_deepgram.py", "livekit_deepgram.py"])
def test_voice_frameworks(tmp_path: Path, clients_python: Path, script: str) -> None:
    lines = finals(tmp_path, clients_python, script, 1, tmp_path)
    assert np.allclose(starts(lines), [0.3, 2.2], atol=0.4)
    assert all(line[1:] for line in lines)
