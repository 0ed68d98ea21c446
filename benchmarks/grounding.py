"""Planted errors that the check of notes catches by kind, and false alarms on clean notes.

    python -m benchmarks.grounding FOLDER [--sample-calls FOLDER] [--split dev|test|all]

FOLDER holds dialogues as `*.jsonl`, also in folders below, a line each with `turns` of `speaker` and `text`.
Clean notes are the embedded summarizer's of each dialogue, and the reference notes of the sample calls. Every
other dialogue is for development, the rest for the test; sample calls go by their number. With `summaries` in
the lines what people wrote is measured too, in a table of its own: it is not always true of its dialogue, so
that its alarms are not all false.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from eval.grounding import CleanNote, measure, table
from models.summarizers.extractive import open_engine
from models.text.sentences import split_sentences
from models.types import Line, NoteRequest, Role, Statement
from pipeline.core.grounding import ground

AGENTS = frozenset({"agent", "doctor", "Doctor", "system", "Person2"})


def lines_of(turns: Sequence[dict[str, Any]]) -> tuple[Line, ...]:
    """Turns as lines of a call."""

    def role(speaker: str) -> Role:
        return "agent" if speaker in AGENTS else "customer"

    return tuple(Line(f"u{n}", role(t["speaker"]), t["speaker"], t["text"]) for n, t in enumerate(turns))


def sample_notes(folder: Path, halves: frozenset[int]) -> Iterator[CleanNote]:
    """The reference notes of the sample calls."""
    for number, path in enumerate(sorted(folder.glob("*.note.json"))):
        told = json.loads(path.read_text("utf-8")).get("statements", ())
        if number % 2 in halves and told:
            said = json.loads(path.with_name(path.name.replace(".note", "")).read_text("utf-8"))["segments"]
            lines = tuple(Line(str(i), s["speaker"], s["speaker"], s["text"]) for i, s in enumerate(said))
            rows = (Statement(s["section"], s["text"], tuple(map(str, s["evidence"]))) for s in told)
            yield CleanNote(tuple(rows), lines)


def dialogues(folder: Path, halves: frozenset[int]) -> Iterator[dict[str, Any]]:
    """Dialogues of all sets that have turns with speakers."""
    for path in sorted(folder.rglob("*.jsonl")):
        for number, text in enumerate(path.read_text("utf-8").splitlines()):
            row = json.loads(text) if text.strip() and number % 2 in halves else {}
            turns = row.get("turns")
            if turns and all({"speaker", "text"} <= turn.keys() for turn in turns):
                yield row


def extracted(rows: Sequence[dict[str, Any]]) -> Iterator[CleanNote]:
    """What the embedded summarizer writes of each dialogue."""
    engine = open_engine("")
    for row in rows:
        lines = lines_of(row["turns"])
        summary = engine.summarize(NoteRequest(lines))
        if summary.statements:
            yield CleanNote(summary.statements, lines)


def written(rows: Sequence[dict[str, Any]]) -> Iterator[CleanNote]:
    """What people wrote of each dialogue, first reference, a statement a sentence, without evidence."""
    for row in rows:
        texts = [one for one in row.get("summaries", ()) if isinstance(one, str)][:1]
        sentences = [sentence.text for text in texts for sentence in split_sentences(text)]
        if sentences:
            told = (_named(sentence) for sentence in sentences)
            yield CleanNote(tuple(Statement("reason", text, ()) for text in told), lines_of(row["turns"]))


def _named(text: str) -> str:
    return text.replace("#Person1#", "Customer").replace("#Person2#", "Agent")


def main() -> None:
    """Read the arguments and write the tables."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--sample-calls", type=Path, default=Path("sample_calls"))
    parser.add_argument("--split", choices=("dev", "test", "all"), default="test")
    chosen = parser.parse_args()
    halves = {"dev": frozenset({0}), "test": frozenset({1}), "all": frozenset({0, 1})}[chosen.split]
    rows = list(dialogues(chosen.folder, halves))
    if not rows:
        sys.exit(f"{chosen.folder}: no *.jsonl with dialogues in it")
    samples = list(sample_notes(chosen.sample_calls, halves))
    for name, notes in (
        ("Reference notes of the sample calls", samples),
        ("Notes of the embedded summarizer", list(extracted(rows))),
        ("Summaries that people wrote (not all true)", list(written(rows))),
    ):
        head = [f"## {name}: {len(notes)} notes, split {chosen.split}", ""]
        sys.stdout.write("\n".join([*head, *table(measure(notes, ground)), "", ""]))


if __name__ == "__main__":
    main()
