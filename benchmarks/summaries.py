"""ROUGE of the embedded summarizer beside three baselines, on dialogues with reference summaries.

    python -m benchmarks.summaries FOLDER... [--half test] [--limit N] [--json FILE]

Reads every set that is found (`benchmarks.dialogues`) and scores each system with rouge-score: F1 of ROUGE-1,
-2, -L and -Lsum with stemming; of several references the best one counts. A call without a note scores 0.

The note and its baselines are those of `wrapup eval notes` (`eval.notes`). Notes say who said what, and so do
the baselines: each utterance begins with its speaker ("Ann: ").
`--plain` takes the names away from the baselines. `--cut` cuts their texts to as many words as the note has.

Weights of the summarizer were tuned on the first, third, fifth ... dialogue of each set (half "dev"); the
others are the half "test". A difference is the note's score minus that of the best baseline of that metric,
with a 95 % interval of a paired bootstrap over dialogues. ROUGE rewards shared words, not a good note.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from benchmarks.dialogues import Dialogue, DialogueSet, find_sets
from eval.notes.baselines import BASELINES, System
from eval.notes.rouge import METRICS, TITLES, Margin, f1, margins
from models.summarizers.extractive import extract
from models.types import Line

NOTE = "extractive"
HALVES = {"dev": slice(0, None, 2), "test": slice(1, None, 2), "all": slice(None)}


@dataclass(frozen=True, slots=True)
class Scored:
    """One system on one set: F1 by dialogue and metric [dialogues, metrics], words and empty summaries."""

    system: str
    f1: np.ndarray
    words: float
    refused: int


def note(lines: Sequence[Line]) -> list[str]:
    """The embedded summarizer's statements."""
    return [statement.text for statement in extract(lines).statements]


def plain(system: System) -> System:
    """The system without names of speakers."""
    return lambda lines: [text.partition(": ")[2] for text in system(lines)]


def cut(system: System) -> System:
    """The system, ended where it has as many words as the note of the same dialogue."""

    def shortened(lines: Sequence[Line]) -> list[str]:
        room = sum(len(text.split()) for text in note(lines))
        kept = []
        for text in system(lines):
            words = text.split()[:room]
            room -= len(words)
            kept += [" ".join(words)] if words else []
        return kept

    return shortened


def scored(name: str, system: System, dialogues: Sequence[Dialogue]) -> Scored:
    """A system's scores on dialogues."""
    summaries = [system(dialogue.lines) for dialogue in dialogues]
    rows = [
        f1(dialogue.references, sentences) for dialogue, sentences in zip(dialogues, summaries, strict=True)
    ]
    words = float(np.mean([sum(len(text.split()) for text in sentences) for sentences in summaries]))
    return Scored(name, np.array(rows), words, sum(not sentences for sentences in summaries))


def measure(one: DialogueSet, systems: dict[str, System]) -> tuple[list[Scored], list[Margin]]:
    """All systems on one set, the note first, and its margins."""
    rows = [scored(name, system, one.dialogues) for name, system in systems.items()]
    return rows, margins(rows[0].f1, [(row.system, row.f1) for row in rows[1:]])


def table(one: DialogueSet, rows: Sequence[Scored], gains: Sequence[Margin]) -> str:
    """Markdown: a row a system, and one with the margins."""
    lines = [
        f"| {one.name}, {len(one.dialogues)} | {' | '.join(TITLES)} | words | refused |",
        "|---|" + "---|" * 6,
    ]
    for row in rows:
        means = " | ".join(f"{value:.3f}" for value in row.f1.mean(axis=0))
        lines.append(f"| {row.system} | {means} | {row.words:.0f} | {row.refused} |")
    shown = (f"{gain.difference:+.3f} ({gain.low:+.3f} to {gain.high:+.3f})" for gain in gains)
    lines.append(f"| over the best baseline | {' | '.join(shown)} | | |")
    return "\n".join(lines) + "\n"


def systems_for(plain_text: bool, same_length: bool) -> dict[str, System]:
    """The note and its baselines by name."""
    baselines = dict(BASELINES)
    if plain_text:
        baselines = {name: plain(system) for name, system in baselines.items()}
    if same_length:
        baselines = {f"{name}, cut": cut(system) for name, system in baselines.items()}
    return {NOTE: note} | baselines


def parser() -> argparse.ArgumentParser:
    """The command's arguments."""
    made = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    made.add_argument("paths", type=Path, nargs="+", help="folders or .jsonl files with summaries")
    made.add_argument("--half", choices=sorted(HALVES), default="all")
    made.add_argument("--limit", type=int, help="dialogues of each set")
    made.add_argument("--plain", action="store_true", help="no speakers' names in the baselines")
    made.add_argument("--cut", action="store_true", help="baselines as long as the note")
    made.add_argument("--json", type=Path, help="write means and margins there, too")
    return made


def main() -> None:
    """Read the arguments, measure set by set and write the tables."""
    given = parser().parse_args()
    sets = find_sets(given.paths)
    if not sets:
        sys.exit(f"{', '.join(map(str, given.paths))}: no dialogues with summaries")
    systems, results = systems_for(given.plain, given.cut), []
    for found in sets:
        one = DialogueSet(found.name, found.dialogues[HALVES[given.half]][: given.limit])
        rows, gains = measure(one, systems)
        sys.stdout.write(table(one, rows, gains) + "\n")
        sys.stdout.flush()
        means = {row.system: dict(zip(METRICS, row.f1.mean(axis=0).tolist(), strict=True)) for row in rows}
        results.append(
            {"set": one.name, "n": len(one.dialogues), "f1": means, "margins": list(map(asdict, gains))}
        )
    if given.json:
        given.json.write_text(json.dumps(results, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()
