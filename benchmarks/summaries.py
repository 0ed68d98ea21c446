"""ROUGE of the embedded summarizer beside two baselines, on dialogues with reference summaries.

    python benchmarks/summaries.py DIALOGUES.jsonl [--limit N] [--agent LABEL ...]

A line of the file is `{"turns": [{"speaker", "text"}], "summaries": [text, ...]}`; of several references the
best one counts, for every system alike. Needs the package rouge-score. LEAD-3 is the first three utterances,
LONGEST-3 the three longest. ROUGE rewards shared words, not a good note: read the notes, too.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from rouge_score.rouge_scorer import RougeScorer

from models.summarizers.extractive import open_engine
from models.types import Line, NoteRequest, Role

METRICS = ("rouge1", "rouge2", "rougeL")
System = Callable[[Sequence[Line]], str]


def read(path: Path, agents: frozenset[str], limit: int | None) -> list[tuple[list[Line], list[str]]]:
    """Dialogues and their references."""
    rows = [json.loads(line) for line in path.read_text("utf-8").splitlines()[:limit] if line.strip()]
    return [(lines_of(row["turns"], agents), row["summaries"]) for row in rows if row["summaries"]]


def lines_of(turns: Sequence[dict[str, Any]], agents: frozenset[str]) -> list[Line]:
    """Turns as a summarizer reads them."""

    def role(speaker: str) -> Role:
        return "agent" if speaker in agents else "customer"

    return [
        Line(f"u{n}", role(turn["speaker"]), turn["speaker"], turn["text"]) for n, turn in enumerate(turns)
    ]


def extractive(lines: Sequence[Line]) -> str:
    """The embedded summarizer's statements as one text."""
    summary = open_engine("").summarize(NoteRequest(tuple(lines)))
    return " ".join(statement.text for statement in summary.statements)


def lead_3(lines: Sequence[Line]) -> str:
    """The first three utterances."""
    return " ".join(line.text for line in lines[:3])


def longest_3(lines: Sequence[Line]) -> str:
    """The three longest utterances, in order of time."""
    places = sorted(range(len(lines)), key=lambda place: -len(lines[place].text))[:3]
    return " ".join(lines[place].text for place in sorted(places))


def scores(system: System, rows: Sequence[tuple[list[Line], list[str]]]) -> tuple[list[float], float]:
    """Mean F1 of each metric over dialogues, and mean words of a summary."""
    scorer = RougeScorer(list(METRICS), use_stemmer=True)
    sums, words = [0.0] * len(METRICS), 0
    for lines, references in rows:
        text = system(lines)
        words += len(text.split())
        best = scorer.score_multi(references, text)
        sums = [total + best[name].fmeasure for total, name in zip(sums, METRICS, strict=True)]
    return [total / len(rows) for total in sums], words / len(rows)


def main() -> None:
    """Read the arguments and write the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("dialogues", type=Path)
    parser.add_argument("--limit", type=int)
    parser.add_argument("--agent", nargs="+", default=["agent", "doctor"], help="speaker labels of agents")
    chosen = parser.parse_args()
    rows = read(chosen.dialogues, frozenset(chosen.agent), chosen.limit)
    if not rows:
        sys.exit(f"{chosen.dialogues}: no dialogues with summaries")
    empty = sum(not extractive(lines) for lines, _ in rows)
    table = [f"{len(rows)} dialogues, {empty} without a note", "", "| system | R-1 | R-2 | R-L | words |"]
    table.append("|---|---|---|---|---|")
    systems: dict[str, System] = {"extractive": extractive, "LEAD-3": lead_3, "LONGEST-3": longest_3}
    for name, system in systems.items():
        values, words = scores(system, rows)
        table.append(f"| {name} | {' | '.join(f'{value:.3f}' for value in values)} | {words:.0f} |")
    sys.stdout.write("\n".join(table) + "\n")


if __name__ == "__main__":
    main()
