"""The embedded diarizer on its real networks and on audio that its wheel carries."""

from __future__ import annotations

import ctypes
import wave
from concurrent.futures import ThreadPoolExecutor
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
import soxr
from pyannote.core import Annotation, Segment, Timeline
from pyannote.metrics.diarization import DiarizationErrorRate

from models import registry
from models.diarization import networks
from models.diarization.moonshine import MoonshineDiarizer, open_engine
from models.errors import ConfigError, EngineError, MissingWeightsError
from models.ports import Diarizer
from models.types import RATE_HZ, Samples, Turn

DIALOGUE = [
    (0.0, 1.0, "A"),
    (1.5, 1.9, "B"),
    (2.4, 3.4, "A"),
    (3.9, 4.3, "B"),
    (4.8, 8.1, "A"),
    (8.7, 11.4, "B"),
]
"""Who speaks in the first 11.5 s of the wheel's two-voice recording, by ear."""


def read(path: Path) -> Samples:
    """A wav file of 16-bit mono at RATE_HZ, shape (n,)."""
    with wave.open(str(path)) as file:
        assert (file.getnchannels(), file.getsampwidth()) == (1, 2)
        stored = np.frombuffer(file.readframes(file.getnframes()), dtype="<i2")
        samples = stored.astype(np.float32) / np.float32(32768)
        resampled = soxr.resample(samples, file.getframerate(), RATE_HZ)
    return np.asarray(resampled, dtype=np.float32)


def diarize(engine: Diarizer, samples: Samples, size: int) -> list[Turn]:
    """Turns when `samples` come in pushes of `size`."""
    stream = engine.open()
    for start in range(0, len(samples), size):
        stream.push(samples[start : start + size])
    return stream.end()


def error_rate(reference: list[tuple[float, float, str]], turns: list[Turn], end_s: float) -> float:
    """DER without a collar, overlap scored."""
    expected, found = Annotation(), Annotation()
    for index, (start_s, stop_s, speaker) in enumerate(reference):
        expected[Segment(start_s, stop_s), index] = speaker
    for index, turn in enumerate(turns):
        found[Segment(turn.start_samples / RATE_HZ, turn.end_samples / RATE_HZ), index] = turn.speaker
    metric = DiarizationErrorRate(collar=0.0, skip_overlap=False)
    return float(metric(expected, found, uem=Timeline([Segment(0, end_s)])))


@pytest.fixture(scope="module")
def engine() -> MoonshineDiarizer:
    opened = open_engine("")
    assert isinstance(opened, MoonshineDiarizer)
    return opened


@pytest.fixture(scope="module")
def dialogue() -> Samples:
    spec = find_spec("moonshine_voice")
    assert spec
    assert spec.submodule_search_locations
    path = Path(spec.submodule_search_locations[0]) / "assets" / "endgame_nagg_nell.wav"
    return read(path)[: round(11.5 * RATE_HZ)]


def test_two_voices_are_told_apart_however_the_audio_is_cut(
    engine: MoonshineDiarizer, dialogue: Samples
) -> None:
    turns = diarize(engine, dialogue, len(dialogue))
    assert {turn.speaker for turn in turns} == {"S1", "S2"}
    assert turns[0].speaker == "S1"
    assert error_rate(DIALOGUE, turns, 11.5) < 0.1
    assert diarize(engine, dialogue, 320) == turns


def test_voices_are_told_apart_while_they_speak_and_the_end_stays_the_same(
    engine: MoonshineDiarizer, dialogue: Samples
) -> None:
    samples = np.concatenate([dialogue, dialogue])
    stream = engine.open()
    so_far = []
    for start in range(0, len(samples), 7 * RATE_HZ // 2):
        stream.push(samples[start : start + 7 * RATE_HZ // 2])
        so_far.append(stream.so_far())
    assert [turns[0].speaker for turns in so_far] == ["S1"] * len(so_far)
    assert {turn.speaker for turn in so_far[-1]} == {"S1", "S2"}
    assert stream.so_far() == so_far[-1]
    turns = stream.end()
    assert turns == diarize(engine, samples, len(samples))
    reference = [(turn.start_samples / RATE_HZ, turn.end_samples / RATE_HZ, turn.speaker) for turn in turns]
    assert error_rate(reference, so_far[-1], 23.0) < 0.2


def test_streams_of_several_threads_do_not_meet(engine: MoonshineDiarizer, dialogue: Samples) -> None:
    clips = [dialogue[: 5 * RATE_HZ], dialogue[4 * RATE_HZ : 9 * RATE_HZ]]
    alone = [diarize(engine, clip, RATE_HZ) for clip in clips]
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(lambda clip: diarize(engine, clip, RATE_HZ), clips * 2))
    assert together == alone * 2
    assert alone[0] != alone[1]


@pytest.mark.parametrize("samples", [0, 1, RATE_HZ, 3 * RATE_HZ])
def test_silence_gives_no_turns(engine: MoonshineDiarizer, samples: int) -> None:
    assert diarize(engine, np.zeros(samples, dtype=np.float32), 512) == []


def test_a_stream_that_ended_takes_no_audio_and_repeats_its_answer(engine: MoonshineDiarizer) -> None:
    stream = engine.open()
    stream.push(np.zeros(0, dtype=np.float32))
    assert stream.so_far() == stream.end() == stream.end() == []
    with pytest.raises(EngineError, match="has ended"):
        stream.push(np.zeros(1, dtype=np.float32))
    with pytest.raises(EngineError, match="has ended"):
        stream.so_far()


def test_the_registry_opens_it_and_it_says_what_it_is() -> None:
    engine = registry.engine("diarizer", "moonshine:2")
    assert engine.needs_audio
    assert engine.online
    assert engine.version == "moonshine:community-1@0.0.73"


@pytest.mark.parametrize("argument", ["0", "-1", "two", "²", "2.5"])
def test_other_arguments_are_refused(argument: str) -> None:
    with pytest.raises(ConfigError, match="moonshine:2"):
        open_engine(argument)


def test_a_library_without_networks_names_the_other_way(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(networks, "_library", lambda: ctypes.CDLL(None))
    with pytest.raises(MissingWeightsError, match="moonshine:package"):
        open_engine("")


def test_a_missing_library_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(networks, "_LIBRARIES", {"linux": "none.so"})
    monkeypatch.setattr(networks.sys, "platform", "linux")
    with pytest.raises(MissingWeightsError, match="install moonshine-voice again"):
        open_engine("")


def test_a_damaged_network_is_an_engine_error() -> None:
    with pytest.raises(EngineError, match="onnxruntime cannot read"):
        networks.Networks(b"no graph", b"no graph", networks.open_networks().plda)


def test_a_network_that_fails_is_an_engine_error(engine: MoonshineDiarizer) -> None:
    with pytest.raises(EngineError, match="failed on this audio"):
        networks.open_networks().segment(np.zeros(7, dtype=np.float32))


def test_the_package_hears_speech_at_the_same_times(engine: MoonshineDiarizer, dialogue: Samples) -> None:
    package = open_engine("package")
    ours, theirs = diarize(engine, dialogue, RATE_HZ), diarize(package, dialogue, 320)
    reference = [(turn.start_samples / RATE_HZ, turn.end_samples / RATE_HZ, "speech") for turn in ours]
    speech = [Turn(turn.start_samples, turn.end_samples, "speech") for turn in theirs]
    assert error_rate(reference, speech, 11.5) < 0.03


def test_the_package_stream_keeps_the_port(dialogue: Samples) -> None:
    package = open_engine("package")
    clip = dialogue[: round(2.5 * RATE_HZ)]
    turns = diarize(package, clip, 320)
    assert turns
    assert diarize(package, clip, len(clip)) == turns
    stream = package.open()
    assert not package.online
    assert stream.so_far() == stream.end() == stream.end() == []
    with pytest.raises(EngineError, match="has ended"):
        stream.push(clip)


@pytest.mark.real_audio
def test_a_real_mono_call(engine: MoonshineDiarizer, real_audio: Path) -> None:
    path = real_audio / "calls_misc" / "pyannote_sample.wav"
    rows = [line.split() for line in path.with_suffix(".rttm").read_text(encoding="utf-8").splitlines()]
    reference = [(float(row[3]), float(row[3]) + float(row[4]), row[7]) for row in rows if row]
    samples = read(path)
    stream = engine.open()
    so_far = []
    for start in range(0, len(samples), 5 * RATE_HZ):
        stream.push(samples[start : start + 5 * RATE_HZ])
        so_far.append(stream.so_far())
    assert {turn.speaker for turn in so_far[-1]} == {"S1", "S2"}
    assert error_rate(reference, so_far[-1], len(samples) / RATE_HZ) <= 0.25
    turns = stream.end()
    assert error_rate(reference, turns, len(samples) / RATE_HZ) <= 0.15
