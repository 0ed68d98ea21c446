"""What the pipeline costs beside its engine: throughput on the sample calls, overhead, peak memory.

    python -m benchmarks.batch [--folder sample_calls] [--asr NAME] [--long-hours 3]

The raw engine reads, right after the pipeline and in the same process, the very clips that the pipeline
gave it. CPU time is that of the whole process, all threads. Peak memory is that of `wrapup run` on calls made
of one sample call repeated, each in a process of its own.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import av
import numpy as np
from rich.console import Console
from rich.table import Table

from models import registry
from models.machine import choose_default_asr
from models.ports import Transcriber
from models.types import RATE_HZ, Samples, Transcription
from pipeline.app import Pipeline
from pipeline.config import load_config
from pipeline.doors.files import blocks, probe

MEMORY_CALL = "01-overdraft-refund.flac"


class Recorder:
    """A transcriber that remembers the clips it was given."""

    def __init__(self, engine: Transcriber) -> None:
        self.version = engine.version
        self.capabilities = engine.capabilities
        self.clips: list[list[Samples]] = []
        self._engine = engine

    def transcribe(self, clips: Sequence[Samples]) -> list[Transcription]:
        """What the engine says."""
        self.clips.append(list(clips))
        return self._engine.transcribe(clips)


def throughput(files: Sequence[Path], asr: str, console: Console) -> None:
    """Pipeline and raw engine on the same segments."""
    recorder = Recorder(registry.engine("asr", asr))
    with Pipeline(load_config(asr=asr, diarizer="none"), transcriber=recorder) as pipeline:
        started_s = time.process_time()
        audio_s = sum(pipeline.process(file, file.stem).document.duration_s for file in files)
        pipeline_s = time.process_time() - started_s
    engine: Transcriber = registry.engine("asr", asr)
    engine.transcribe([np.zeros(RATE_HZ, np.float32)])
    started_s = time.process_time()
    for clips in recorder.clips:
        engine.transcribe(clips)
    raw_s = time.process_time() - started_s
    clip_s = sum(len(clip) for clips in recorder.clips for clip in clips) / RATE_HZ
    table = Table("", "CPU s", "calls: s of audio / CPU s", "speech: s of clips / CPU s", title=asr)
    table.add_row(
        "pipeline", f"{pipeline_s:.1f}", f"{audio_s / pipeline_s:.1f}", f"{clip_s / pipeline_s:.1f}"
    )
    table.add_row("raw engine", f"{raw_s:.1f}", f"{audio_s / raw_s:.1f}", f"{clip_s / raw_s:.1f}")
    console.print(table)
    console.print(
        f"{len(files)} calls, {audio_s:.0f} s of audio, {clip_s:.0f} s of clips; "
        f"overhead of the pipeline over its engine {pipeline_s / raw_s - 1:.1%}"
    )


def memory(call: Path, lengths_s: Sequence[float], asr: str, console: Console) -> None:
    """Peak resident memory of one call of each length."""
    table = Table("call", "peak memory", title="wrapup run, one stereo call")
    with tempfile.TemporaryDirectory() as folder:
        for length_s in lengths_s:
            path = Path(folder) / f"{length_s:.0f}.wav"
            write_repeated(call, path, length_s)
            table.add_row(f"{length_s / 60:.0f} min", f"{peak_bytes(path, Path(folder), asr) / 1e6:.0f} MB")
            path.unlink()
    console.print(table)


def write_repeated(call: Path, path: Path, length_s: float) -> None:
    """A stereo WAV of `length_s` made of the call, again and again."""
    info = probe(call)
    audio = np.concatenate(list(blocks(info)), axis=1)
    samples = (np.clip(audio, -1, 1) * 32_767).astype(np.int16)
    with av.open(str(path), "w") as container:
        stream = container.add_stream("pcm_s16le", rate=RATE_HZ, layout="stereo")
        for _ in range(round(length_s * RATE_HZ / samples.shape[1])):
            frame = av.AudioFrame.from_ndarray(
                np.ascontiguousarray(samples.T).reshape(1, -1), format="s16", layout="stereo"
            )
            frame.sample_rate = RATE_HZ
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))


def peak_bytes(path: Path, out: Path, asr: str) -> int:
    """Peak memory of `wrapup run` on one file, in a process of its own."""
    code = (
        "import resource, sys; from pipeline.cli import app; "
        "app(sys.argv[1:], standalone_mode=False); "
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)"
    )
    command = [sys.executable, "-c", code, "run", str(path), "--out", str(out / "out"), "--asr", asr]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return int(done.stdout.split()[-1]) * 1024


def main() -> int:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, default=Path("sample_calls"))
    parser.add_argument("--asr", default=choose_default_asr()[0])
    parser.add_argument("--long-hours", type=float, default=3.0, help="0 leaves the memory table out")
    given = parser.parse_args()
    console = Console(width=110, highlight=False)
    files = [file for file in sorted(given.folder.glob("*.flac")) if probe(file).channels == 2]
    throughput(files, given.asr, console)
    if given.long_hours:
        memory(given.folder / MEMORY_CALL, [180.0, given.long_hours * 3600], given.asr, console)
    return 0


if __name__ == "__main__":
    sys.exit(main())
