"""Makes the sample calls from their scripts: audio, references, notes and the manifest.

`python sample_calls/build.py` makes them all; `--check NAME` makes one call in a temporary folder and
compares it with what is stored. Needs flite with the voices slt, rms, awb and kal16 (Debian: package flite).
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from zlib import crc32

import av
import numpy as np
from numpy.typing import NDArray
from pydub import AudioSegment
from script import CHANNELS, Line, Script, read_script
from sound import RATE_HZ, hold_music, speak, telephone

HERE = Path(__file__).resolve().parent
LEAD_IN_MS = 800
SAME_SPEAKER_GAP_MS = 700
OTHER_SPEAKER_GAP_MS = 500
TAIL_MS = 1_000
HANG_UP_TAIL_MS = 100
AGENT_QUIETER_DB = 3
SAME_SOUND_DB = 40

ABOUT = {
    "about": "Calls to an invented bank, written for Wrapup; all people, numbers and events are fictional.",
    "licence": "Apache-2.0",
    "copyright": "The Wrapup authors",
    "made_with": "flite 2.2 (Debian 2.2-5) speaks the lines; pydub and numpy make the call; FLAC by PyAV.",
    "voices": (
        "slt, rms, awb and kal16 come with flite, whose permissive licence (Carnegie Mellon University) "
        "allows use without restriction; it asks nothing of the sound that flite makes. No code or data of "
        "flite is here."
    ),
    "line": "300-3400 Hz, hiss at noise_dbfs (agent's channel 3 dB quieter), mu-law round trip, 8 kHz.",
}


@dataclass(frozen=True, slots=True)
class Placed:
    """A line on the time line."""

    start_ms: int
    end_ms: int
    line: Line
    audio: AudioSegment


def place(script: Script) -> list[Placed]:
    """Speak the lines and lay them one after the other. Raises `ValueError` where one voice meets itself."""
    placed: list[Placed] = []
    end_ms, last = LEAD_IN_MS, ""
    for line in script.lines:
        audio = _sound(script, line)
        usual_ms = SAME_SPEAKER_GAP_MS if line.who == last else OTHER_SPEAKER_GAP_MS
        gap_ms = (usual_ms if last else 0) if line.gap_ms is None else line.gap_ms
        start_ms = end_ms + gap_ms
        own_end_ms = max((other.end_ms for other in placed if other.line.who == line.who), default=0)
        if start_ms < own_end_ms + OTHER_SPEAKER_GAP_MS:
            raise ValueError(f"{script.call_id}: too little time before {line.text!r}")
        placed.append(Placed(start_ms, start_ms + len(audio), line, audio))
        end_ms, last = max(end_ms, start_ms + len(audio)), line.who
    return placed


def _sound(script: Script, line: Line) -> AudioSegment:
    if line.who == "music":
        return hold_music(round(float(line.text) * 1000))
    return speak(script.voices[line.who], line.text)


def mix(script: Script, placed: list[Placed]) -> AudioSegment:
    """Both channels of the call, agent first."""
    length_ms = _length_ms(script, placed)
    channels = []
    for who, channel in CHANNELS.items():
        track = AudioSegment.silent(length_ms, frame_rate=RATE_HZ)
        for item in placed:
            if item.line.who == who or (item.line.who == "music" and who == "agent"):
                track = track.overlay(item.audio, position=item.start_ms)
        noise_dbfs = script.noise_dbfs - (AGENT_QUIETER_DB if who == "agent" else 0)
        channels.append(telephone(track, noise_dbfs, seed=crc32(script.call_id.encode()) + channel))
    return AudioSegment.from_mono_audiosegments(*channels)


def _length_ms(script: Script, placed: list[Placed]) -> int:
    if not placed:
        return round(script.seconds * 1000)
    dropped = any(" / " in item.line.text for item in placed)
    return max(item.end_ms for item in placed) + (HANG_UP_TAIL_MS if dropped else TAIL_MS)


def reference(
    script: Script, placed: list[Placed], audio: AudioSegment, *, mono: bool = False
) -> dict[str, Any]:
    """What `wrapup eval` compares with; times in seconds, exact to the millisecond."""
    spans = [(item, {"start": item.start_ms / 1000, "end": item.end_ms / 1000}) for item in placed]
    segments = [
        span
        | {
            "speaker": item.line.who,
            "channel": 0 if mono else CHANNELS[item.line.who],
            "text": item.line.text.partition(" / ")[0],
        }
        for item, span in spans
        if item.line.who != "music"
    ]
    segments.sort(key=lambda row: (row["start"], row["channel"]))
    name = _audio_name(script, mono=mono)
    found = {"audio": name, "duration": len(audio) / 1000, "segments": segments}
    music = [span | {"channel": 0} for item, span in spans if item.line.who == "music"]
    return found | {"music": music} if music else found


def note(script: Script, segments: list[dict[str, Any]]) -> dict[str, Any]:
    """The reference note; `evidence` are indices of segments. Raises `ValueError` for a quote nobody said."""
    statements = []
    for row in script.note:
        evidence: set[int] = set()
        for quote in row["quotes"]:
            said = [index for index, item in enumerate(segments) if quote in item["text"]]
            if not said:
                raise ValueError(f"{script.call_id}: nobody says {quote!r}")
            evidence.update(said)
        statements.append(row | {"evidence": sorted(evidence)})
    return {"code": "ok" if statements else "no_speech", "statements": statements}


def _audio_name(script: Script, *, mono: bool) -> str:
    return f"{script.call_id}{'.mono' if mono else ''}.flac"


def make_call(script: Script, folder: Path) -> list[dict[str, Any]]:
    """Write one call's files into `folder`; gives its rows of the manifest, the mono mix last."""
    placed = place(script)
    stereo = mix(script, placed)
    segments = reference(script, placed, stereo)["segments"]
    _write_json(folder / f"{script.call_id}.note.json", note(script, segments))
    rows = []
    for mono in (False, True)[: 1 + script.mono]:
        audio = _sum(stereo) if mono else stereo
        path = folder / _audio_name(script, mono=mono)
        _write_flac(path, audio)
        _write_json(path.with_suffix(".json"), reference(script, placed, audio, mono=mono))
        rows.append(_row(script, path, audio))
    return rows


def _row(script: Script, path: Path, audio: AudioSegment) -> dict[str, Any]:
    row: dict[str, Any] = {
        "id": path.stem,
        "title": script.title,
        "purpose": script.purpose,
        "audio": path.name,
        "reference": path.with_suffix(".json").name,
        "note": f"{script.call_id}.note.json",
        "script": f"scripts/{script.call_id}.toml",
        "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
        "bytes": path.stat().st_size,
        "rate_hz": RATE_HZ,
        "channels": ["mix"] if audio.channels == 1 else list(CHANNELS),
        "duration_s": len(audio) / 1000,
        "voices": {who: asdict(voice) for who, voice in script.voices.items()},
        "noise_dbfs": script.noise_dbfs,
        "summary_code": "ok" if script.note else "no_speech",
    }
    if script.secrets:
        row["secrets"] = list(script.secrets)
    return row


def _sum(stereo: AudioSegment) -> AudioSegment:
    left, right = stereo.split_to_mono()
    return left.overlay(right)


def _write_flac(path: Path, audio: AudioSegment) -> None:
    """FLAC without the encoder's version in it, so that a rebuild gives the same bytes."""
    layout = "mono" if audio.channels == 1 else "stereo"
    packed = np.frombuffer(audio.raw_data, dtype=np.int16).reshape(1, -1)
    with av.open(path, "w", format="flac", container_options={"fflags": "+bitexact"}) as container:
        stream = container.add_stream(
            "flac", rate=RATE_HZ, layout=layout, options={"flags": "+bitexact", "compression_level": "12"}
        )
        frame = av.AudioFrame.from_ndarray(packed, format="s16", layout=layout)
        frame.rate = RATE_HZ
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))


def _read_flac(path: Path) -> NDArray[np.float64]:
    with av.open(path) as container:
        frames = [frame.to_ndarray() for frame in container.decode(audio=0)]
    return np.concatenate(frames, axis=1).astype(np.float64)


def _write_json(path: Path, value: dict[str, Any]) -> None:
    path.write_text(json.dumps(value, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def build() -> None:
    """Make every call and the manifest."""
    rows = [row for path in sorted(HERE.glob("scripts/*.toml")) for row in make_call(read_script(path), HERE)]
    _write_json(HERE / "manifest.json", ABOUT | {"calls": rows})


def check(call_id: str) -> list[str]:
    """Make one call again; gives what differs. Another processor may round a few samples apart."""
    script = read_script(HERE / "scripts" / f"{call_id}.toml")
    wrong = []
    with TemporaryDirectory() as folder:
        for row in make_call(script, Path(folder)):
            for name in (row["reference"], row["note"]):
                if (Path(folder) / name).read_bytes() != (HERE / name).read_bytes():
                    wrong.append(f"{name} differs")
            made, stored = _read_flac(Path(folder) / row["audio"]), _read_flac(HERE / row["audio"])
            if made.shape != stored.shape:
                wrong.append(f"{row['audio']} has another length")
            elif np.sum((made - stored) ** 2) > np.sum(stored**2) / 10 ** (SAME_SOUND_DB / 10):
                wrong.append(f"{row['audio']} sounds different")
    return wrong


def main() -> int:
    """Command line; the exit status is 1 where `--check` finds a difference."""
    parser = argparse.ArgumentParser(description="Make the sample calls from their scripts.")
    parser.add_argument("--check", metavar="NAME", help="make one call again, say 12-hang-up, and compare")
    name = parser.parse_args().check
    if name is None:
        build()
        return 0
    wrong = check(name)
    sys.stdout.write("\n".join(wrong or [f"{name}: same references, same sound"]) + "\n")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
