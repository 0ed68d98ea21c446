"""Silence in the places of secrets, everything else bit for bit, and clips of what a statement rests on."""

from __future__ import annotations

import hashlib
import re
import wave
from pathlib import Path

import av
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from models.errors import InputError
from models.text.digits import has_number, look
from pipeline.app import Pipeline, scoring
from pipeline.cli import app
from pipeline.config import load_config
from pipeline.doors.files import probe
from pipeline.formats.call_json import (
    CallDocument,
    CallWord,
    Channel,
    End,
    Note,
    NoteStatement,
    Provenance,
    Redaction,
    Timing,
    Utterance,
    write_call,
)
from pipeline.silencing import (
    ESTIMATED_MARGIN_S,
    MARGIN_S,
    PAUSE_S,
    RAMP_S,
    Frames,
    Stretch,
    cut_clip,
    secret_stretches,
    silence_recording,
    silenced,
)
from tests.conftest import ROOT

RATE_HZ = 8_000
SAMPLE = ROOT / "sample_calls" / "09-card-number.flac"
SECONDS = 12


def noise(seconds: float = SECONDS, channels: int = 2, seed: int = 1) -> Frames:
    drawn = np.random.default_rng(seed).integers(-32_768, 32_768, (channels, round(seconds * RATE_HZ)))
    return drawn.astype(np.int16)


def write_wav(path: Path, frames: Frames) -> Path:
    with wave.open(str(path), "wb") as file:
        file.setnchannels(len(frames))
        file.setsampwidth(2)
        file.setframerate(RATE_HZ)
        file.writeframes(frames.T.astype("<i2").tobytes())
    return path


def read_audio(path: Path) -> Frames:
    """Samples as they are in a file of 16 bits, by PyAV alone."""
    with av.open(str(path)) as container:
        frames = [frame.to_ndarray() for frame in container.decode(audio=0)]
        channels = container.streams.audio[0].codec_context.channels
    packed = np.concatenate(frames, axis=1)
    assert packed.dtype == np.int16
    return packed.reshape(-1, channels).T


def utterance(number: int, channel: int, start_s: float, end_s: float, estimated: bool = True) -> Utterance:
    word = CallWord(text="[NUMBER_1]", start_s=start_s, end_s=end_s, estimated=estimated)
    return Utterance(
        id=f"u{number}",
        speaker="S1",
        channel=channel,
        start_s=start_s,
        end_s=end_s,
        text=word.text,
        words=(word,),
    )


def redaction(kind: str, channel: int, start_s: float, end_s: float) -> Redaction:
    return Redaction(kind=kind, channel=channel, start_s=start_s, end_s=end_s, token="[NUMBER_1]")


def document(
    audio: Path | None,
    utterances: tuple[Utterance, ...] = (),
    redactions: tuple[Redaction, ...] = (),
    evidence: tuple[str, ...] = (),
) -> CallDocument:
    source = None if audio is None else hashlib.sha256(audio.read_bytes()).hexdigest()
    statements = (NoteStatement(section="reason", text="Why.", evidence=evidence),)
    return CallDocument(
        call_id="made",
        duration_s=SECONDS,
        channels=(Channel(index=0, role="agent"), Channel(index=1, role="customer")),
        utterances=utterances,
        redactions=redactions,
        summary=Note(code="ok", statements=statements),
        end=End(code="hangup"),
        provenance=Provenance(wrapup="0", source=source),
        timing=Timing(audio_s=SECONDS, wall_s=1),
    )


def span(stretch: Stretch) -> slice:
    return slice(round(stretch.start_s * RATE_HZ), round(stretch.end_s * RATE_HZ))


def test_a_stretch_is_silent_but_for_its_edges_and_the_rest_is_the_same() -> None:
    frames = noise()
    stretch = Stretch(1, 2.0, 3.5)
    out = silenced(frames, [stretch], RATE_HZ)
    ramp = round(RAMP_S * RATE_HZ)
    inside = out[1, span(stretch)]
    assert not inside[ramp:-ramp].any()
    assert (np.abs(inside[:ramp].astype(int)) < np.abs(frames[1, span(stretch)][:ramp].astype(int)) + 1).all()
    kept = np.ones(frames.shape, bool)
    kept[1, span(stretch)] = False
    assert np.array_equal(out[kept], frames[kept])


def test_sound_fades_without_a_jump() -> None:
    steady = np.full((1, RATE_HZ), 10_000, np.int16)
    out = silenced(steady, [Stretch(0, 0.25, 0.75)], RATE_HZ)[0].astype(int)
    assert np.abs(np.diff(out)).max() <= 10_000 / (RAMP_S * RATE_HZ) + 1
    assert np.array_equal(out, out[::-1])


@given(
    st.lists(
        st.tuples(st.integers(0, 2), st.floats(0, SECONDS + 2), st.floats(0, 3)).map(
            lambda each: Stretch(each[0], each[1], each[1] + each[2])
        ),
        max_size=4,
    ),
    st.sampled_from([1, 7, 320, 4_001, SECONDS * RATE_HZ]),
)
def test_silence_does_not_depend_on_how_the_audio_was_cut(stretches: list[Stretch], size: int) -> None:
    frames = noise(0.5 if size < 300 else SECONDS)
    parts = [
        silenced(frames[:, at : at + size], stretches, RATE_HZ, at) for at in range(0, frames.shape[1], size)
    ]
    assert np.array_equal(np.concatenate(parts, axis=1), silenced(frames, stretches, RATE_HZ))


def test_all_but_what_was_revealed_is_silenced_wider_where_times_are_estimates() -> None:
    found = secret_stretches(
        document(
            None,
            (utterance(1, 0, 2.0, 3.0, estimated=False), utterance(2, 1, 5.0, 6.0)),
            (
                redaction("card", 0, 2.0, 3.0),
                redaction("number", 1, 5.0, 6.0),
                redaction("revealed", 1, 8.0, 9.0),
                redaction("pin", 0, 0.1, 0.2),
            ),
        )
    )
    assert found == (
        Stretch(0, 2.0 - MARGIN_S, 3.0 + MARGIN_S),
        Stretch(1, 5.0 - ESTIMATED_MARGIN_S, 6.0 + ESTIMATED_MARGIN_S),
        Stretch(0, 0.0, 0.2 + ESTIMATED_MARGIN_S),
    )


@pytest.mark.parametrize("suffix", [".wav", ".flac"])
@pytest.mark.parametrize("channels", [1, 2])
def test_a_recording_is_written_bit_for_bit_around_the_silence(
    tmp_path: Path, suffix: str, channels: int
) -> None:
    frames = noise(channels=channels)
    audio = write_wav(tmp_path / "call.wav", frames)
    call = document(audio, (utterance(1, 0, 3.0, 4.0),), (redaction("card", 0, 3.0, 4.0),))
    silence_recording(call, audio, tmp_path / f"silent{suffix}")
    written = read_audio(tmp_path / f"silent{suffix}")
    assert np.array_equal(written, silenced(frames, secret_stretches(call), RATE_HZ))
    assert not np.array_equal(written, frames)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["call.wav", f"silent{suffix}"]


def test_a_clip_has_the_utterances_in_order_of_time_with_pauses_and_silence(tmp_path: Path) -> None:
    frames = noise()
    audio = write_wav(tmp_path / "call.wav", frames)
    call = document(
        audio,
        (
            utterance(3, 0, 9.0, 10.0),
            utterance(1, 1, 1.0, 2.0),
            utterance(2, 0, 2.5, 3.0),
            utterance(4, 0, 5.0, 6.0),
        ),
        (redaction("card", 1, 1.4, 1.6),),
        evidence=("u3", "u1", "u2", "unknown"),
    )
    cut_clip(call, audio, 1, tmp_path / "clip.wav")
    quiet = silenced(frames, secret_stretches(call), RATE_HZ)
    pause = np.zeros((2, round(PAUSE_S * RATE_HZ)), np.int16)
    expected = [quiet[:, RATE_HZ : 3 * RATE_HZ], pause, quiet[:, 9 * RATE_HZ : 10 * RATE_HZ]]
    assert np.array_equal(read_audio(tmp_path / "clip.wav"), np.concatenate(expected, axis=1))


def test_a_recording_that_breaks_off_is_silenced_up_to_there(tmp_path: Path) -> None:
    frames = noise()
    whole = write_wav(tmp_path / "whole.wav", frames).read_bytes()
    audio = tmp_path / "call.wav"
    audio.write_bytes(whole[: len(whole) // 2])
    call = document(audio, redactions=(redaction("card", 0, 1.0, 2.0),))
    silence_recording(call, audio, tmp_path / "out.wav")
    written = read_audio(tmp_path / "out.wav")
    expected = silenced(frames, secret_stretches(call), RATE_HZ)
    assert written.shape[1] > frames.shape[1] // 2 - RATE_HZ
    assert np.array_equal(written, expected[:, : written.shape[1]])


def test_what_cannot_be_done_is_told_in_one_line(tmp_path: Path) -> None:
    audio = write_wav(tmp_path / "call.wav", noise(1))
    other = write_wav(tmp_path / "other.wav", noise(1, seed=2))
    call = document(audio, (utterance(1, 0, 0.0, 0.5),))
    out = tmp_path / "out.wav"
    with pytest.raises(InputError, match=r"other\.wav: not the recording that made was made of"):
        silence_recording(call, other, out)
    with pytest.raises(InputError, match="does not say which recording"):
        silence_recording(document(None), audio, out)
    with pytest.raises(InputError, match="that is the recording itself"):
        silence_recording(call, audio, audio)
    with pytest.raises(InputError, match=r"out\.mp3: audio is written as \.wav or \.flac"):
        silence_recording(call, audio, tmp_path / "out.mp3")
    with pytest.raises(InputError, match="cannot be written: No such file or directory"):
        silence_recording(call, audio, tmp_path / "none" / "out.wav")
    with pytest.raises(InputError, match="no statement 2; the note has 1"):
        cut_clip(call, audio, 2, out)
    with pytest.raises(InputError, match="names no utterance"):
        cut_clip(call, audio, 1, out)
    assert not out.exists()


def test_the_commands_write_files_and_refuse_another_recording(tmp_path: Path) -> None:
    audio = write_wav(tmp_path / "call.wav", noise())
    other = write_wav(tmp_path / "other.wav", noise(seed=2))
    call = tmp_path / "call.json"
    call.write_text(
        write_call(
            document(audio, (utterance(1, 0, 3.0, 4.0),), (redaction("card", 0, 3.0, 4.0),), evidence=("u1",))
        )
    )
    clip, silent = str(tmp_path / "clip.flac"), str(tmp_path / "silent.wav")
    runner = CliRunner()
    done = runner.invoke(app, ["clip", str(call), str(audio), "--statement", "1", "--out", clip])
    assert (done.exit_code, done.stderr) == (0, "")
    assert not read_audio(Path(clip))[0, 100:-100].any()
    assert runner.invoke(app, ["silence", str(call), str(audio), "--out", silent]).exit_code == 0
    assert read_audio(Path(silent)).shape == (2, SECONDS * RATE_HZ)
    refused = runner.invoke(app, ["silence", str(call), str(other), "--out", silent])
    assert refused.exit_code == 2
    assert len(refused.stderr.splitlines()) == 1
    assert "not the recording" in refused.stderr


@pytest.mark.sample_calls
def test_the_engine_hears_no_digit_of_the_card_in_the_silenced_call(tmp_path: Path) -> None:
    out = tmp_path / "silent.flac"
    with Pipeline(load_config()) as pipeline:
        call = pipeline.process(SAMPLE, "card").document
    silence_recording(call, SAMPLE, out)
    with scoring(None, None) as transcribe:
        before, after = (
            " ".join(each.text for each in transcribe(path).utterances) for path in (SAMPLE, out)
        )
    assert has_digits(before, "one one one")
    assert has_digits(before, "three five seven")
    assert numbers(after) == ["two", "hundred", "fifty"] * 3
    assert "pay my credit card bill" in after
    original, written = read_audio(SAMPLE), read_audio(out)
    rate_hz = probe(SAMPLE).rate_hz
    kept = np.ones(original.shape, bool)
    for each in secret_stretches(call):
        kept[each.channel, round(each.start_s * rate_hz) : round(each.end_s * rate_hz)] = False
    assert np.array_equal(original[kept], written[kept])
    assert kept.mean() > 0.85


def numbers(text: str) -> list[str]:
    bare = (re.sub(r"\W", "", word).casefold() for word in text.split())
    return [word for word in bare if has_number(look(word))]


def has_digits(text: str, digits: str) -> bool:
    return digits in re.sub(r"[^a-z ]", "", text.casefold())
