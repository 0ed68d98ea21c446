"""The sample calls are what their manifest says."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from models.types import SECTIONS
from tests.conftest import ROOT

FOLDER = ROOT / "sample_calls"
CALLS: list[dict[str, Any]] = json.loads((FOLDER / "manifest.json").read_text())["calls"]
SHORT = {"11-empty-call"}
FRAME_S = 0.02
SPEECH_OVER_NOISE_DB = 15.0

each_call = pytest.mark.parametrize("call", CALLS, ids=[call["id"] for call in CALLS])


def audio_of(call: dict[str, Any]) -> np.ndarray:
    """Samples at the file's rate, shape (channels, n)."""
    with av.open(str(FOLDER / call["audio"])) as container:
        parts = [frame.to_ndarray() for frame in container.decode(audio=0)]
        channels = container.streams.audio[0].codec_context.channels
    return np.concatenate(parts, axis=1).reshape(-1, channels).T.astype(np.float64)


def reference_of(call: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((FOLDER / call["reference"]).read_text())
    return found


def test_the_twelve_calls_and_their_mixes() -> None:
    names = {call["id"] for call in CALLS}
    assert len([name for name in names if not name.endswith(".mono")]) == 12
    assert len([name for name in names if name.endswith(".mono")]) == 2
    assert {path.name for path in FOLDER.glob("*.flac")} == {call["audio"] for call in CALLS}
    assert sum(path.stat().st_size for path in FOLDER.rglob("*") if path.is_file()) < 20_000_000


@each_call
def test_the_audio_is_what_the_manifest_says(call: dict[str, Any]) -> None:
    path = FOLDER / call["audio"]
    assert hashlib.sha256(path.read_bytes()).hexdigest() == call["sha256"]
    with av.open(str(path)) as container:
        assert container.streams.audio[0].codec_context.sample_rate == call["rate_hz"] == 8_000
    audio = audio_of(call)
    assert audio.shape[0] == len(call["channels"]) == (1 if call["id"].endswith(".mono") else 2)
    assert audio.shape[1] / 8_000 == pytest.approx(call["duration_s"], abs=0.001)
    assert call["id"] in SHORT or 60 <= call["duration_s"] <= 150


@each_call
def test_references_lie_inside_the_audio_in_order(call: dict[str, Any]) -> None:
    reference = reference_of(call)
    assert reference["audio"] == call["audio"]
    starts = [segment["start"] for segment in reference["segments"]]
    assert starts == sorted(starts)
    for segment in reference["segments"]:
        assert 0 <= segment["start"] < segment["end"] <= call["duration_s"] + 0.001
        assert segment["text"].strip()
        assert segment["speaker"] in ("agent", "customer")
    assert bool(reference["segments"]) == (call["id"] != "11-empty-call")


@pytest.mark.parametrize(
    "call", [call for call in CALLS if len(call["channels"]) == 2], ids=lambda call: call["id"]
)
def test_each_channel_speaks_when_its_reference_says_so(call: dict[str, Any]) -> None:
    audio = audio_of(call)
    size = int(FRAME_S * 8_000)
    for channel, samples in enumerate(audio):
        frames = samples[: len(samples) // size * size].reshape(-1, size)
        level_db = 20 * np.log10(np.sqrt(np.mean(frames**2, axis=1)) + 1e-9)
        loud = level_db > np.percentile(level_db, 10) + SPEECH_OVER_NOISE_DB
        said = np.zeros(len(loud), bool)
        spans = [s for s in reference_of(call)["segments"] if s["channel"] == channel]
        for segment in spans:
            said[
                max(0, int((segment["start"] - 0.3) / FRAME_S)) : int((segment["end"] + 0.3) / FRAME_S) + 1
            ] = True
        for music in reference_of(call).get("music", []):
            if music["channel"] == channel:
                said[int(music["start"] / FRAME_S) : int(music["end"] / FRAME_S) + 1] = True
        if spans:
            assert np.mean(said[loud]) >= 0.9
        else:
            assert not loud.any()
        for segment in spans:
            inside = slice(int(segment["start"] / FRAME_S), int(segment["end"] / FRAME_S) + 1)
            assert loud[inside].any(), segment


@pytest.mark.parametrize("name", ["03-disputed-transfer", "08-two-topics"])
def test_a_mono_mix_is_the_sum_of_the_channels(name: str) -> None:
    by_id = {call["id"]: call for call in CALLS}
    stereo, mono = audio_of(by_id[name]), audio_of(by_id[f"{name}.mono"])[0]
    assert np.array_equal(stereo.sum(axis=0), mono)
    said = [(s["start"], s["text"]) for s in reference_of(by_id[name])["segments"]]
    assert [(s["start"], s["text"]) for s in reference_of(by_id[f"{name}.mono"])["segments"]] == said


@pytest.mark.parametrize("call", [call for call in CALLS if call["note"]], ids=lambda call: call["id"])
def test_notes_quote_what_was_said(call: dict[str, Any]) -> None:
    note = json.loads((FOLDER / call["note"]).read_text())
    texts = [segment["text"] for segment in reference_of(call)["segments"]]
    assert note["code"] == call["summary_code"]
    assert bool(note["statements"]) == (note["code"] == "ok")
    for statement in note["statements"]:
        assert statement["section"] in SECTIONS
        quoted = " ".join(texts[number] for number in statement["evidence"])
        for quote in statement["quotes"]:
            assert quote in quoted


def test_the_card_number_is_no_readable_number_in_the_audio_folder() -> None:
    assert not [path for path in Path(FOLDER).glob("09-*.json") if "4111" in path.read_text()]
