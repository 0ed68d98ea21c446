"""Our adapter of the embedded transcriber beside the package's own, on the same clips in the same run.

    python -m benchmarks.asr_adapter FOLDER...

A folder holds recordings of one channel with references beside them. Clips are neighbouring segments of a
reference, joined up to 12 s, with 0.3 s of what is around them. CPU time is that of the whole process; rounds
alternate, and the table shows medians.
"""

from __future__ import annotations

import argparse
import ctypes
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from statistics import median

import numpy as np
from moonshine_voice.moonshine_api import ModelArch, TranscriptC
from moonshine_voice.transcriber import Transcriber as PackageTranscriber
from rich.console import Console
from rich.table import Table

from eval.asr import count_errors
from eval.counts import ErrorCounts
from eval.normalizer import words_of
from eval.references import find_references
from models import registry
from models.ports import Transcriber
from models.types import RATE_HZ, Samples
from pipeline.doors.files import blocks, find_audio, probe

LONGEST_S = 12.0
MARGIN_S = 0.3

Read = Callable[[Samples], str]


@dataclass(frozen=True, slots=True)
class Clip:
    """A stretch of speech and what was said in it."""

    audio: Samples
    text: str


def clips_of(folders: Sequence[Path]) -> list[Clip]:
    """All clips with words under the folders, of recordings with one channel and times."""
    found: list[Clip] = []
    for reference in find_references(find_audio(list(folders)), "words").references:
        info = probe(reference.audio)
        if info.channels > 1:
            continue
        audio = np.concatenate(list(blocks(info)), axis=1)[0]
        timed = [
            (segment.start_s, segment.end_s, segment.text or "")
            for segment in reference.segments
            if segment.start_s is not None and segment.end_s is not None
        ]
        found += [clip for clip in _joined(audio, timed) if words_of(clip.text)]
    return found


def _joined(audio: Samples, segments: Sequence[tuple[float, float, str]]) -> list[Clip]:
    groups: list[list[tuple[float, float, str]]] = []
    for segment in segments:
        if groups and segment[1] - groups[-1][0][0] <= LONGEST_S:
            groups[-1].append(segment)
        else:
            groups.append([segment])
    clips = []
    for group in groups:
        start = max(0, round((group[0][0] - MARGIN_S) * RATE_HZ))
        end = round((group[-1][1] + MARGIN_S) * RATE_HZ)
        clips.append(Clip(np.ascontiguousarray(audio[start:end]), " ".join(text for _, _, text in group)))
    return clips


def package_reader() -> Read:
    """The package's transcriber without its voice activity, fed by pointer: a list would cost more."""
    spec = find_spec("moonshine_voice")
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError("the package moonshine-voice is missing", name="moonshine_voice")
    engine = PackageTranscriber(
        Path(spec.origin).parent / "assets" / "tiny-en",
        ModelArch.TINY,
        options={"vad_threshold": "0", "return_audio_data": "false"},
    )

    def read(audio: Samples) -> str:
        found = ctypes.POINTER(TranscriptC)()
        pointer = audio.ctypes.data_as(ctypes.POINTER(ctypes.c_float))
        engine._lib.moonshine_transcribe_without_streaming(
            engine._handle, pointer, len(audio), RATE_HZ, 0, ctypes.byref(found)
        )
        return " ".join(line.text for line in engine._parse_transcript(found).lines)

    return read


def adapter_reader() -> Read:
    """Our adapter."""
    engine: Transcriber = registry.engine("asr", "moonshine")
    return lambda audio: engine.transcribe([audio])[0].text


def one_round(read: Read, clips: Sequence[Clip]) -> tuple[float, ErrorCounts]:
    """CPU seconds and errors of one reader on all clips."""
    started_s = time.process_time()
    texts = [read(clip.audio) for clip in clips]
    cpu_s = time.process_time() - started_s
    counts = [
        count_errors(words_of(clip.text), words_of(text)) for clip, text in zip(clips, texts, strict=True)
    ]
    return cpu_s, sum(counts, ErrorCounts())


def main() -> int:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folders", nargs="+", type=Path)
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args()
    clips = clips_of(given.folders)
    speech_s = sum(len(clip.audio) for clip in clips) / RATE_HZ
    readers = {"adapter": adapter_reader(), "package": package_reader()}
    rounds = [{name: one_round(read, clips) for name, read in readers.items()} for _ in range(given.rounds)]
    table = Table("", "speech s / CPU s", "WER", "words", title="moonshine tiny-en")
    for name in readers:
        cpu_s = median(found[name][0] for found in rounds)
        errors = rounds[0][name][1]
        table.add_row(name, f"{speech_s / cpu_s:.1f}", f"{errors.rate or 0:.3f}", str(errors.length))
    console = Console(width=110, highlight=False)
    console.print(table)
    ratio = median(found["package"][0] / found["adapter"][0] for found in rounds)
    console.print(
        f"{len(clips)} clips, {speech_s:.0f} s; the adapter reads {ratio:.1f} times the speech "
        "of the package in a CPU second."
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
