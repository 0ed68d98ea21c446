"""ROUGE of the embedded summarizer beside three baselines, on dialogues with reference summaries.

    python -m benchmarks.summaries FOLDER... [--half test] [--limit N] [--json FILE]

Reads every set that is found (`benchmarks.dialogues`) and scores each system with rouge-score: F1 of ROUGE-1,
-2, -L and -Lsum with stemming; of several references the best one counts. A call without a note scores 0.

LEAD-3 is the first three utterances, LONGEST-3 the three longest, TextRank-3 the three sentences that rank
highest. Notes say who said what, and so do the baselines: each utterance begins with its speaker ("Ann: ").
`--plain` takes the names away from the baselines. `--cut` cuts their texts to as many words as the note has.

Weights of the summarizer were tuned on the first, third, fifth ... dialogue of each set (half "dev"); the
others are the half "test". A difference is the note's score minus that of the best baseline of that metric,
with a 95 % interval of a paired bootstrap over dialogues. ROUGE rewards shared words, not a good note.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from nltk.stem.porter import PorterStemmer
from rouge_score.rouge_scorer import RougeScorer
from scipy.stats import bootstrap

from benchmarks.dialogues import Dialogue, DialogueSet, find_sets
from benchmarks.textrank import rank
from models.summarizers.extractive import extract
from models.text.sentences import split_sentences
from models.text.worth import COMMON
from models.types import Line

METRICS = ("rouge1", "rouge2", "rougeL", "rougeLsum")
TITLES = ("R-1", "R-2", "R-L", "R-Lsum")
NOTE = "extractive"
HALVES = {"dev": slice(0, None, 2), "test": slice(1, None, 2), "all": slice(None)}
RESAMPLES = 10_000

System = Callable[[Sequence[Line]], list[str]]
"""Lines of a dialogue -> sentences of its summary; none for a dialogue that it refuses."""
_STEM = PorterStemmer().stem


@dataclass(frozen=True, slots=True)
class Scored:
    """One system on one set: F1 by dialogue and metric [dialogues, metrics], words and empty summaries."""

    system: str
    f1: np.ndarray
    words: float
    refused: int


@dataclass(frozen=True, slots=True)
class Margin:
    """Mean F1 of the note minus that of the best baseline, with a 95 % percentile interval."""

    metric: str
    baseline: str
    difference: float
    low: float
    high: float


def note(lines: Sequence[Line]) -> list[str]:
    """The embedded summarizer's statements."""
    return [statement.text for statement in extract(lines).statements]


def lead_3(lines: Sequence[Line]) -> list[str]:
    """The first three utterances."""
    return [named(line, line.text) for line in lines[:3]]


def longest_3(lines: Sequence[Line]) -> list[str]:
    """The three utterances with most words, in order of time."""
    places = sorted(range(len(lines)), key=lambda place: -len(lines[place].text.split()))[:3]
    return [named(lines[place], lines[place].text) for place in sorted(places)]


def textrank_3(lines: Sequence[Line]) -> list[str]:
    """The three sentences that TextRank puts first, in order of time; stop words do not count."""
    said = [(line, sentence.text) for line in lines for sentence in split_sentences(line.text)]
    ranks = rank([_content(text) for _, text in said])
    places = sorted(range(len(said)), key=lambda place: (-ranks[place], place))[:3]
    return [named(*said[place]) for place in sorted(places)]


def named(line: Line, text: str) -> str:
    """Words with who said them in front, as a note names people."""
    return f"{line.speaker if line.role == 'unknown' else line.role.capitalize()}: {text}"


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
    scorer = RougeScorer(list(METRICS), use_stemmer=True)
    summaries = [system(dialogue.lines) for dialogue in dialogues]
    rows = []
    for dialogue, sentences in zip(dialogues, summaries, strict=True):
        references = [_by_line(text) for text in dialogue.references]
        best = scorer.score_multi(references, "\n".join(sentences))
        rows.append([best[metric].fmeasure for metric in METRICS])
    words = float(np.mean([sum(len(text.split()) for text in sentences) for sentences in summaries]))
    return Scored(name, np.array(rows), words, sum(not sentences for sentences in summaries))


def margins(ours: Scored, baselines: Sequence[Scored], resamples: int = RESAMPLES) -> list[Margin]:
    """The note against the best baseline of each metric; dialogues are resampled in pairs, two at least."""
    found = []
    for column, metric in enumerate(METRICS):
        best = max(baselines, key=lambda one: float(one.f1[:, column].mean()))
        gains = ours.f1[:, column] - best.f1[:, column]
        interval = bootstrap(
            (gains,), np.mean, n_resamples=resamples, method="percentile", rng=np.random.default_rng(0)
        ).confidence_interval
        found.append(Margin(metric, best.system, float(gains.mean()), *map(float, interval)))
    return found


def measure(one: DialogueSet, systems: dict[str, System]) -> tuple[list[Scored], list[Margin]]:
    """All systems on one set, the note first, and its margins."""
    rows = [scored(name, system, one.dialogues) for name, system in systems.items()]
    return rows, margins(rows[0], rows[1:])


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
    baselines: dict[str, System] = {"LEAD-3": lead_3, "LONGEST-3": longest_3, "TextRank-3": textrank_3}
    if plain_text:
        baselines = {name: plain(system) for name, system in baselines.items()}
    if same_length:
        baselines = {f"{name}, cut": cut(system) for name, system in baselines.items()}
    return {NOTE: note} | baselines


def _content(sentence: str) -> frozenset[str]:
    words = re.findall(r"[a-z0-9']+", sentence.lower())
    return frozenset(_STEM(word) for word in words if word not in COMMON)


def _by_line(text: str) -> str:
    """One sentence a line, as ROUGE-Lsum wants it."""
    return "\n".join(sentence.text for sentence in split_sentences(text))


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
