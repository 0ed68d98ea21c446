"""What an endpoint setting costs: later text for longer silences, cut speech for shorter ones.

    python -m benchmarks.endpoints FOLDER... [--hang 448 544 608] [--live 544 608] [--at-once 6]

For each length of silence that ends an utterance (`endpoint.hang_ms`), over recordings with references:
word errors and the ends of speech that no utterance holds, both in batch; and how late the decision comes
after the end of speech, which follows from the utterances' bounds. `--live` plays the recordings that have
times in real time to a server in this process, several at once. Settings that were not played show the sum of
their own decisions and the delays from decision to text of all that was played, each pair counted.
A clip that several settings share is read once.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import sys
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table

from eval.asr import score_words
from eval.bootstrap import paired_difference
from eval.counts import ErrorCounts
from eval.latency import LatencyScores, Seen, percentile, score, stretches
from eval.listening import listen
from eval.references import Reference, find_references
from eval.results import write_result
from models.machine import choose_default_asr, cores
from models.ports import PLAIN, Decoding, Transcriber
from models.types import Samples, Transcription
from pipeline.app import OpenEngines, Pipeline, open_engines
from pipeline.config import Config, load_config
from pipeline.doors.files import blocks, find_audio, probe
from pipeline.formats.call_json import CallDocument, segments_of

HANGS_MS = (256, 320, 448, 512, 544, 576, 608, 800)


class ReadOnce:
    """A transcriber that answers from memory what it was asked before."""

    def __init__(self, engine: Transcriber) -> None:
        self.version = engine.version
        self.capabilities = engine.capabilities
        self._engine = engine
        self._known: dict[bytes, Transcription] = {}
        self._lock = threading.Lock()

    def transcribe(self, clips: Sequence[Samples], decoding: Decoding = PLAIN) -> list[Transcription]:
        """As the engine; decoding must be plain."""
        return [self._one(clip, decoding) for clip in clips]

    def _one(self, clip: Samples, decoding: Decoding) -> Transcription:
        key = hashlib.blake2b(clip.tobytes(), digest_size=16).digest()
        with self._lock:
            known = self._known.get(key)
        if known is None:
            known = self._engine.transcribe([clip], decoding)[0]
            with self._lock:
                self._known[key] = known
        return known


@dataclass(slots=True)
class Setting:
    """What one setting gave. `words` has the counts of each recording, in the order of the recordings.

    `decided_s` are the seconds from each end of speech to the decision; `played` is what followers of live
    calls saw, where it was played.
    """

    hang_ms: int
    words: list[ErrorCounts] = field(default_factory=list)
    utterances: int = 0
    missing: int = 0
    decided_s: list[float] = field(default_factory=list)
    played: LatencyScores | None = None

    @property
    def total(self) -> ErrorCounts:
        """Of all recordings."""
        return sum(self.words, ErrorCounts())


def configured(asr: str, hang_ms: int) -> Config:
    """The configuration with this setting; nobody is told apart, which words do not need."""
    return load_config(asr=asr, diarizer="none", endpoint={"hang_ms": hang_ms})


def in_batch(setting: Setting, references: Sequence[Reference], asr: str, engines: OpenEngines) -> None:
    """Words and bounds of all recordings as files."""
    config = configured(asr, setting.hang_ms)
    with (
        Pipeline(config, mask_secrets=False, engines=engines) as pipeline,
        ThreadPoolExecutor(cores()) as pool,
    ):
        read: Callable[[Reference], CallDocument] = lambda one: (
            pipeline.process(one.audio, one.audio.stem).document
        )
        documents = list(pool.map(read, references))
    endpoint = config.endpoint.settings()
    decided_after_s = (endpoint.hang_ms - endpoint.tail_ms) / 1000
    for reference, document in zip(references, documents, strict=True):
        scores = score_words(reference.segments, segments_of(document), len(document.channels))
        setting.words.append(scores.wer)
        setting.utterances += len(document.utterances)
        seen = [
            Seen(one.end_s + decided_after_s, final_of(one.channel, one.start_s, one.end_s))
            for one in document.utterances
        ]
        audio = np.concatenate(list(blocks(probe(reference.audio))), axis=1)
        found = score(stretches(reference.segments, audio), seen, endpoint)
        setting.missing += found.missing
        setting.decided_s += found.speech_to_final_s


def final_of(channel: int, start_s: float, end_s: float) -> dict[str, Any]:
    """A final as a follower sees it, without its words."""
    return {"type": "utterance_final", "channel": channel, "start_s": start_s, "end_s": end_s}


def latencies(setting: Setting, delays_s: Sequence[float]) -> tuple[list[float], str]:
    """Seconds from the end of speech to the final, and how they were had."""
    if setting.played is not None:
        return list(setting.played.speech_to_final_s), "played"
    if not delays_s:
        return setting.decided_s, "decision alone"
    return [decided + delay for decided in setting.decided_s for delay in delays_s], "computed"


def folders_of(references: Sequence[Reference]) -> dict[str, list[int]]:
    """Places of the recordings of each folder."""
    found: dict[str, list[int]] = {}
    for at, reference in enumerate(references):
        found.setdefault(reference.audio.resolve().parent.name, []).append(at)
    return found


def table_of(settings: Sequence[Setting], references: Sequence[Reference], base_ms: int) -> Table:
    """A row a setting."""
    table = Table("hang ms", "utterances", title="Endpoint settings")
    groups = folders_of(references)
    for name in (
        *groups,
        "all",
        f"all minus {base_ms} ms",
        "ends missing",
        "speech -> final",
        "P50 s",
        "P95 s",
    ):
        table.add_column(name, justify="right", overflow="fold")
    delays = [one for s in settings if s.played is not None for one in s.played.decided_to_final_s]
    base = next((setting for setting in settings if setting.hang_ms == base_ms), None)
    for setting in settings:
        waits, how = latencies(setting, delays)
        ends = len(setting.decided_s) + setting.missing
        rates = [sum((setting.words[at] for at in places), ErrorCounts()).rate for places in groups.values()]
        table.add_row(
            str(setting.hang_ms),
            str(setting.utterances),
            *(f"{rate or 0:.4f}" for rate in rates),
            f"{setting.total.rate or 0:.4f}",
            difference(setting, base),
            f"{setting.missing} of {ends}"
            + ("" if setting.played is None else f", live {setting.played.missing}"),
            how,
            *(f"{percentile(waits, share) or 0:.3f}" for share in (0.5, 0.95)),
        )
    return table


def difference(setting: Setting, base: Setting | None) -> str:
    """WER against the base setting with its bootstrap interval over recordings."""
    if base is None or base is setting:
        return "-"
    found = paired_difference(setting.words, base.words)
    return "-" if found is None else f"{found.difference:+.4f} ({found.low:+.4f} to {found.high:+.4f})"


def result_of(settings: Sequence[Setting], references: Sequence[Reference]) -> dict[str, Any]:
    """All counts and delays."""
    return {
        "recordings": [reference.name for reference in references],
        "load_average": os.getloadavg(),
        "settings": [asdict(setting) for setting in settings],
    }


def measure(given: argparse.Namespace, console: Console) -> list[Setting]:
    """Batch for each setting, then the live ones."""
    references = find_references(find_audio(given.folders), "words").references
    opened = open_engines(load_config(asr=given.asr))
    engines = OpenEngines(ReadOnce(opened.transcriber), opened.summarizer, opened.voice)
    settings = [Setting(hang_ms) for hang_ms in sorted({*given.hang, *given.live})]
    for setting in settings:
        in_batch(setting, references, given.asr, engines)
        console.print(
            f"{setting.hang_ms} ms in batch: WER {setting.total.rate or 0:.4f}, {setting.missing} missing"
        )
    timed = [one for one in references if any(part.end_s is not None for part in one.segments)]
    for setting in settings:
        if setting.hang_ms in given.live:
            config = configured(given.asr, setting.hang_ms)
            rows = listen(config, timed, given.at_once, partial(int))
            setting.played = sum((scores for _, scores in rows), LatencyScores())
            decided = [percentile(setting.played.decided_to_final_s, share) or 0.0 for share in (0.5, 0.95)]
            console.print(
                f"{setting.hang_ms} ms live, {given.at_once} at once: decided -> final P50 {decided[0]:.3f}, "
                f"P95 {decided[1]:.3f} s, load average {os.getloadavg()[0]:.1f}"
            )
    console.print(table_of(settings, references, given.base))
    if given.json is not None:
        write_result(result_of(settings, references), given.json)
    return settings


def parser() -> argparse.ArgumentParser:
    """The options."""
    options = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    options.add_argument("folders", type=Path, nargs="+", metavar="FOLDER")
    options.add_argument("--asr", default=choose_default_asr()[0])
    options.add_argument("--hang", type=int, nargs="*", default=HANGS_MS, help="milliseconds")
    options.add_argument("--live", type=int, nargs="*", default=[], help="of these, played in real time")
    options.add_argument("--at-once", type=int, default=6, help="live calls at once")
    options.add_argument("--base", type=int, default=608, help="the setting that WER is compared with")
    options.add_argument("--json", type=Path, help="write all counts and delays here too")
    return options


if __name__ == "__main__":
    measure(parser().parse_args(), Console(width=150, highlight=False))
    sys.exit(0)
