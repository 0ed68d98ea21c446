"""Audio files as a door: a file is a call that does not wait.

PyAV decodes block by block and every channel is brought to `RATE_HZ`, so memory does not grow with length.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import av
import numpy as np

from models.errors import InputError
from models.types import Samples
from pipeline.resample import Resampler

SUFFIXES = frozenset(
    [
        ".wav",
        ".flac",
        ".mp3",
        ".m4a",
        ".mp4",
        ".aac",
        ".ogg",
        ".oga",
        ".opus",
        ".webm",
        ".mka",
        ".au",
        ".aif",
        ".aiff",
        ".caf",
        ".wma",
        ".amr",
    ]
)
"""What a folder is searched for; a file that is named is tried whatever its suffix."""

MAX_CHANNELS = 2

BLOCK_S = 0.5
"""Codecs' frames are a few dozen milliseconds; half a second at a time costs a tenth of the calls."""

SHORT_BY_S = 0.5
"""A file that ends this much before its header says was cut off; encoders' padding is far less."""

DUAL_MONO_PROBE_S = 60.0
DUAL_MONO_LEVEL = 1e-3
"""Two channels that never differ by more than this (-60 dBFS) in the probe carry one and the same signal."""

_FORMATS = "wav,w64,mp3,ogg,mov,flac,matroska,webm,aac,au,aiff,caf,asf,amr"
"""Demuxers that read one local file: a play list must not make the decoder open others."""


@dataclass(frozen=True, slots=True)
class AudioInfo:
    """What a file says of itself. `channels` counts those that are decoded: dual mono counts as one."""

    path: Path
    rate_hz: int
    channels: int
    duration_s: float | None
    started_at: datetime | None


class Truncated(Exception):
    """The file broke off; what was decoded before stands."""


def find_audio(paths: list[Path]) -> list[Path]:
    """The audio files under these paths, sorted within each folder. Raises `InputError`."""
    found: list[Path] = []
    for path in paths:
        if path.is_dir():
            inside = sorted(
                file for file in path.rglob("*") if file.suffix.lower() in SUFFIXES and file.is_file()
            )
            if not inside:
                raise InputError(f"{path}: no audio files in this folder (looked for {_shown_suffixes()})")
            found += inside
        elif path.exists():
            found.append(path)
        else:
            raise InputError(f"{path}: no such file or folder")
    return list(dict.fromkeys(found))


def probe(path: Path) -> AudioInfo:
    """Open a file and read what it says of itself. Raises `InputError`."""
    with _open(path) as container:
        stream = _audio_stream(path, container)
        channels = stream.codec_context.channels
        if channels > MAX_CHANNELS:
            raise InputError(
                f"{path}: {channels} channels; Wrapup reads mono, or stereo with one party a channel"
            )
        info = AudioInfo(
            path=path,
            rate_hz=stream.codec_context.sample_rate,
            channels=channels,
            duration_s=_duration_s(container, stream),
            started_at=_started_at(container),
        )
    if channels == MAX_CHANNELS and _is_dual_mono(info):
        return AudioInfo(path, info.rate_hz, 1, info.duration_s, info.started_at)
    return info


def fingerprint(path: Path) -> str:
    """SHA-256 of a file, by which a run that goes on knows it again. Raises `InputError`."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror})") from error


def blocks(info: AudioInfo) -> Iterator[Samples]:
    """The audio at `RATE_HZ` in blocks of shape (channels, n). Raises `InputError`, `Truncated`."""
    resamplers = [Resampler(info.rate_hz) for _ in range(info.channels)]
    decoded = 0
    fault: Truncated | None = None
    try:
        for frames in _gathered(_frames(info.path), round(BLOCK_S * info.rate_hz)):
            decoded += frames.shape[1]
            yield np.stack([part.push(row) for part, row in zip(resamplers, frames, strict=False)])
    except Truncated as error:
        fault = error
    yield np.stack([resampler.end() for resampler in resamplers])
    if fault is not None:
        raise fault
    if info.duration_s is not None and decoded / info.rate_hz < info.duration_s - SHORT_BY_S:
        raise Truncated(f"ends after {decoded / info.rate_hz:.1f} of {info.duration_s:.1f} s")
    if _riff_is_short(info.path):
        raise Truncated(f"ends after {decoded / info.rate_hz:.1f} s, before its header says")


def _riff_is_short(path: Path) -> bool:
    """Whether a WAV file is smaller than its header says, which the decoder does not tell.

    Sizes of 0 and 2^32 - 1 are what writers put who could not seek back.
    """
    with path.open("rb") as file:
        head = file.read(8)
    if len(head) < 8 or head[:4] != b"RIFF":
        return False
    declared = int.from_bytes(head[4:], "little")
    return declared not in (0, 0xFFFF_FFFF) and path.stat().st_size < declared + 8 - 1


def _gathered(frames: Iterator[Samples], enough: int) -> Iterator[Samples]:
    """The same audio in pieces of at least `enough` samples, also what came before a fault."""
    waiting: list[Samples] = []
    try:
        for frame in frames:
            waiting.append(frame)
            if sum(part.shape[1] for part in waiting) >= enough:
                yield np.concatenate(waiting, axis=1)
                waiting = []
    except Truncated:
        if waiting:
            yield np.concatenate(waiting, axis=1)
        raise
    if waiting:
        yield np.concatenate(waiting, axis=1)


def _open(path: Path) -> Any:
    try:
        if path.stat().st_size == 0:
            raise InputError(f"{path}: the file is empty")
        with path.open("rb"):
            pass
        return av.open(str(path), options={"format_whitelist": _FORMATS})
    except OSError as error:
        if isinstance(error, av.FFmpegError):
            raise InputError(f"{path}: not an audio file that can be read") from error
        raise InputError(f"{path}: cannot be read ({error.strerror})") from error
    except (av.FFmpegError, ValueError) as error:
        raise InputError(f"{path}: not an audio file that can be read") from error


def _audio_stream(path: Path, container: Any) -> Any:
    if not container.streams.audio:
        raise InputError(f"{path}: no audio in this file")
    return container.streams.audio[0]


def native(info: AudioInfo) -> Iterator[Samples]:
    """The audio at the file's own rate, in blocks of shape (channels, n).

    Raises `InputError`, `Truncated`.
    """
    for frame in _frames(info.path):
        yield frame[: info.channels]


def _frames(path: Path) -> Iterator[Samples]:
    """Decoded audio, shape (channels, n), float32, at the file's rate."""
    with _open(path) as container:
        stream = _audio_stream(path, container)
        planar = av.AudioResampler(format="fltp")
        decoded = container.decode(stream)
        started = False
        while True:
            try:
                frame = next(decoded, None)
            except (av.FFmpegError, ValueError) as error:
                if not started:
                    raise InputError(f"{path}: the audio in this file cannot be decoded") from error
                raise Truncated("the audio is damaged from here on") from error
            for part in planar.resample(frame):
                started = True
                yield part.to_ndarray()
            if frame is None:
                break
        if not started:
            raise InputError(f"{path}: no audio in this file")


def _duration_s(container: Any, stream: Any) -> float | None:
    if stream.duration is not None:
        return float(stream.duration * stream.time_base)
    return None if container.duration is None else container.duration / av.time_base


def _started_at(container: Any) -> datetime | None:
    """The recording's start in UTC, where the file states one to the second."""
    stated = container.metadata.get("creation_time")
    if not stated:
        return None
    try:
        moment = datetime.fromisoformat(stated)
    except ValueError:
        return None
    return moment.replace(tzinfo=moment.tzinfo or UTC).astimezone(UTC)


def _is_dual_mono(info: AudioInfo) -> bool:
    seen = 0
    try:
        for frame in _frames(info.path):
            if np.max(np.abs(frame[0] - frame[1]), initial=0.0) > DUAL_MONO_LEVEL:
                return False
            seen += frame.shape[1]
            if seen >= DUAL_MONO_PROBE_S * info.rate_hz:
                break
    except Truncated:
        pass
    return True


def _shown_suffixes() -> str:
    return ", ".join(sorted(suffix.removeprefix(".") for suffix in SUFFIXES))
