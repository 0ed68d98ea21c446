"""Words of live calls beside those of the same recordings as files.

    python -m benchmarks.live_words FOLDER... [--realtime 8]

Each recording is sent to a server in this process as a live call, at its own rate, 20 ms a message, with
partials and early readings on, and read as a file. Both are masked, so a masked value counts as an error on
either side. The word error rates are compared in pairs (bootstrap over recordings).
"""

from __future__ import annotations

import argparse
import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from eval.asr import score_words
from eval.bootstrap import paired_difference
from eval.counts import ErrorCounts
from eval.listening import Played, play
from eval.references import Reference, find_references
from models.errors import EngineBusyError
from pipeline.app import Pipeline
from pipeline.client import Recording, Target, read_recording
from pipeline.config import Config, load_config
from pipeline.doors.files import find_audio
from pipeline.formats.call_json import segments_of
from pipeline.formats.segments import Segment
from pipeline.web.background import running, temporary_service

AT_ONCE = 4
RETRY_S = 2.0


def main() -> None:
    """Play, read, compare."""
    parser = argparse.ArgumentParser(description="Words of live calls beside those of files.")
    parser.add_argument("folders", nargs="+", type=Path)
    parser.add_argument("--realtime", type=float, default=8.0)
    options = parser.parse_args()
    references = find_references(find_audio(options.folders), "words").references
    config = load_config(diarizer="none")
    live = asyncio.run(_live(config, references, options.realtime))
    with Pipeline(config) as pipeline:
        documents = [pipeline.process(one.audio, "call").document for one in references]
    filed = [segments_of(document) for document in documents]
    channels = [len(document.channels) for document in documents]
    counts = [
        [
            score_words(one.segments, said, wide).wer
            for one, said, wide in zip(references, side, channels, strict=True)
        ]
        for side in (live, filed)
    ]
    _report(references, counts, [_same(*pair) for pair in zip(live, filed, strict=True)])


async def _live(config: Config, references: Sequence[Reference], factor: float) -> list[list[Segment]]:
    places = asyncio.Semaphore(AT_ONCE)
    with temporary_service(config) as service, running(service) as address:

        async def one(number: int, reference: Reference) -> list[Segment]:
            async with places:
                recording = await asyncio.to_thread(read_recording, reference.audio, f"call-{number}", {})
                played = await _played(Target(f"ws://{address}"), recording, reference, factor)
            finals = [seen.event for seen in played.seen if seen.event["type"] == "utterance_final"]
            return sorted(map(_segment, finals), key=lambda said: (said.start_s or 0.0, said.channel or 0))

        return await asyncio.gather(*(one(number, reference) for number, reference in enumerate(references)))


async def _played(target: Target, recording: Recording, reference: Reference, factor: float) -> Played:
    """A call, as soon as the server takes it: this is about words, however late they are."""
    while True:
        try:
            return await play(target, recording, reference, factor)
        except EngineBusyError:
            await asyncio.sleep(RETRY_S)


def _segment(event: dict[str, Any]) -> Segment:
    text = " ".join(word["text"] for word in event["words"])
    return Segment(event["speaker"], event["start_s"], event["end_s"], text, event["channel"])


def _same(live: Sequence[Segment], filed: Sequence[Segment]) -> bool:
    """Whether both have the same utterances, to the word and the millisecond, which is what a file says."""
    plain = [
        [(said.channel, _ms(said.start_s), _ms(said.end_s), said.text) for said in side]
        for side in (live, filed)
    ]
    return plain[0] == plain[1]


def _ms(seconds: float | None) -> int | None:
    return None if seconds is None else round(1000 * seconds)


def _report(
    references: Sequence[Reference], counts: Sequence[Sequence[ErrorCounts]], same: Sequence[bool]
) -> None:
    live, filed = (sum(side, ErrorCounts()) for side in counts)
    table = Table("words of", "reference words", "errors", "WER", title="Live beside files")
    for name, total in (("live calls", live), ("files", filed)):
        table.add_row(name, str(total.length), str(total.errors), f"{total.rate or 0.0:.4f}")
    console = Console(width=110, highlight=False)
    console.print(table)
    console.print(
        f"{sum(same)} of {len(references)} recordings have the same utterances, to the word and millisecond"
    )
    for reference, is_same in zip(references, same, strict=True):
        if not is_same:
            console.print(f"other utterances: {reference.audio}")
    difference = paired_difference(*counts)
    if difference is not None:
        shown = f"{difference.difference:+.4f} ({difference.low:+.4f} to {difference.high:+.4f})"
        console.print(f"live minus files, paired, 95 %: {shown}")


if __name__ == "__main__":
    main()
