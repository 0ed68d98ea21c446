"""What the pipeline costs beside its engines: throughput on the sample calls, overhead, peak memory.

    python -m benchmarks.batch [--folder sample_calls] [--asr NAME] [--rounds 3] [--long-hours 3]

The engines work, right after the pipeline and in the same process and number of threads, on the very clips,
windows and lines that the pipeline gave them. CPU time is that of the whole process. Peak memory is that of
`wrapup run` on calls made of one sample call repeated, each in a process of its own.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import av
import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table

from models.machine import choose_default_asr, cores
from models.ports import PLAIN, UNLIMITED, Decoding, NoteLimits, Summarizer, VoiceActivityStream
from models.types import RATE_HZ, NoteRequest, Samples, Summary, Transcription
from pipeline.app import OpenEngines, Pipeline, open_engines
from pipeline.config import load_config
from pipeline.doors.files import blocks, probe

MEMORY_CALL = "01-overdraft-refund.flac"


class NoteRecorder:
    """A summarizer that remembers what it was asked."""

    def __init__(self, summarizer: Summarizer) -> None:
        self.requests: list[NoteRequest] = []
        self._summarizer = summarizer
        self.version = summarizer.version
        self.capabilities = summarizer.capabilities

    def summarize(self, request: NoteRequest, limits: NoteLimits = UNLIMITED) -> Summary:
        """As a summarizer."""
        self.requests.append(request)
        return self._summarizer.summarize(request, limits)


class Recorder:
    """Engines that remember what they were given, so that it can be given to them again, alone.

    A transcriber and a voice activity; `notes` is the summarizer.
    """

    def __init__(self, engines: OpenEngines) -> None:
        self.clips: list[list[Samples]] = []
        self.windows: list[list[Samples]] = []
        self.notes = NoteRecorder(engines.summarizer)
        self._engines = engines
        self.version = engines.transcriber.version
        self.capabilities = engines.transcriber.capabilities

    def transcribe(self, clips: Sequence[Samples], decoding: Decoding = PLAIN) -> list[Transcription]:
        """As a transcriber."""
        self.clips.append(list(clips))
        return self._engines.transcriber.transcribe(clips, decoding)

    def open(self) -> RecordedStream:
        """As voice activity."""
        self.windows.append([])
        return RecordedStream(self._engines.voice.open(), self.windows[-1])

    def again(self, threads: int) -> tuple[float, float]:
        """CPU seconds of the transcriber alone, and of all engines, on the same input in as many threads."""
        with ThreadPoolExecutor(threads) as pool:
            started_s = time.process_time()
            list(pool.map(self._engines.transcriber.transcribe, self.clips))
            words_s = time.process_time() - started_s
            list(pool.map(self._score, self.windows))
            list(pool.map(self._engines.summarizer.summarize, self.notes.requests))
            return words_s, time.process_time() - started_s

    def _score(self, windows: Sequence[Samples]) -> None:
        stream = self._engines.voice.open()
        for group in windows:
            stream.score(group)


class RecordedStream:
    """One channel's voice activity that remembers its windows."""

    def __init__(self, stream: VoiceActivityStream, kept: list[Samples]) -> None:
        self._stream = stream
        self._kept = kept

    def score(self, windows: Samples) -> NDArray[np.float32]:
        """As a stream of voice activity."""
        self._kept.append(windows)
        return self._stream.score(windows)

    def state(self) -> bytes:
        """As a stream of voice activity."""
        return self._stream.state()

    def restore(self, state: bytes) -> None:
        """As a stream of voice activity."""
        self._stream.restore(state)


@dataclass(frozen=True, slots=True)
class Round:
    """CPU seconds of one round, and what passed through it."""

    pipeline_s: float
    engines_s: float
    words_s: float
    audio_s: float
    clip_s: float


def one_round(files: Sequence[Path], asr: str) -> Round:
    """The pipeline, then its engines alone on what it gave them."""
    config = load_config(asr=asr)
    recorder = Recorder(open_engines(config))
    with Pipeline(config, engines=OpenEngines(recorder, recorder.notes, recorder)) as pipeline:
        started_s = time.process_time()
        with ThreadPoolExecutor(cores()) as pool:
            done = list(pool.map(lambda file: pipeline.process(file, file.stem), files))
        pipeline_s = time.process_time() - started_s
    words_s, engines_s = recorder.again(cores())
    return Round(
        pipeline_s=pipeline_s,
        engines_s=engines_s,
        words_s=words_s,
        audio_s=sum(each.document.duration_s for each in done),
        clip_s=sum(len(clip) for clips in recorder.clips for clip in clips) / RATE_HZ,
    )


def throughput(files: Sequence[Path], asr: str, rounds: int, console: Console) -> None:
    """Medians over rounds; the first, which warms up, is not counted."""
    found = [one_round(files, asr) for _ in range(rounds + 1)][1:]
    table = Table("", "CPU s", "calls: s of audio / CPU s", "speech: s of clips / CPU s", title=asr)
    for name, each in {
        "pipeline": [(r.pipeline_s, r) for r in found],
        "its engines alone (voice, words, note)": [(r.engines_s, r) for r in found],
        "the transcriber alone": [(r.words_s, r) for r in found],
    }.items():
        table.add_row(
            name,
            f"{median(cpu_s for cpu_s, _ in each):.1f}",
            f"{median(r.audio_s / cpu_s for cpu_s, r in each):.1f}",
            f"{median(r.clip_s / cpu_s for cpu_s, r in each):.1f}",
        )
    console.print(table)
    over_engines = [r.pipeline_s / r.engines_s - 1 for r in found]
    over_words = median(r.pipeline_s / r.words_s - 1 for r in found)
    console.print(
        f"{len(files)} stereo calls, {found[0].audio_s:.0f} s of audio, {found[0].clip_s:.0f} s of clips, "
        f"{rounds} rounds. Overhead of the pipeline over its engines: {median(over_engines):.1%} "
        f"({min(over_engines):.1%} to {max(over_engines):.1%}); over the transcriber alone: {over_words:.1%}."
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
    """Peak memory of `wrapup run` on one file, in a process of its own.

    By /proc, since what getrusage gives begins with the memory of the process that started it.
    """
    code = (
        "import re, sys; from pipeline.cli import app; "
        "app(sys.argv[1:], standalone_mode=False); "
        "print(re.search(r'VmHWM:\\s+(\\d+) kB', open('/proc/self/status').read())[1])"
    )
    command = [sys.executable, "-c", code, "run", str(path), "--out", str(out / "out"), "--asr", asr]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return int(done.stdout.split()[-1]) * 1024


def main() -> int:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, default=Path("sample_calls"))
    parser.add_argument("--asr", default=choose_default_asr()[0])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--long-hours", type=float, default=3.0, help="0 leaves the memory table out")
    given = parser.parse_args()
    console = Console(width=110, highlight=False)
    files = [file for file in sorted(given.folder.glob("*.flac")) if probe(file).channels == 2]
    throughput(files, given.asr, given.rounds, console)
    if given.long_hours:
        memory(given.folder / MEMORY_CALL, [180.0, given.long_hours * 3600], given.asr, console)
    return 0


if __name__ == "__main__":
    sys.exit(main())
