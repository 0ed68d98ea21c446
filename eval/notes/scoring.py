"""Scores of notes: shared words with a reference, what the call says to each statement, and length."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from eval.notes import rouge
from eval.notes.baselines import BASELINES
from eval.notes.cases import NoteCase, NoteCases
from eval.notes.rouge import METRICS, SCORER, Margin
from eval.results import result_of
from eval.runs import Outcome, Row
from models.errors import EngineError
from models.types import SummaryCode, Support
from pipeline.document import note
from pipeline.formats.call_json import Note, NoteStatement
from pipeline.notes import NoteWriting, write_note
from pipeline.transcripts import said_on


@dataclass(frozen=True, slots=True)
class Grounding:
    """Statements of a note, and what the call says to them: counts that add."""

    statements: int = 0
    supported: int = 0
    contradicted: int = 0
    not_found: int = 0
    unchecked: int = 0

    def __add__(self, other: Grounding) -> Grounding:
        return Grounding(
            self.statements + other.statements,
            self.supported + other.supported,
            self.contradicted + other.contradicted,
            self.not_found + other.not_found,
            self.unchecked + other.unchecked,
        )

    @classmethod
    def of(cls, statements: Sequence[NoteStatement]) -> Grounding:
        """The counts of a note that was checked against its call."""
        kinds: tuple[Support, ...] = ("supported", "contradicted", "not_found", "unchecked")
        counts = [sum(row.support == kind for row in statements) for kind in kinds]
        return cls(len(statements), *counts)


@dataclass(frozen=True, slots=True)
class Written:
    """A note of one call by one system. `grounding` is None for a baseline, whose words are the call's."""

    system: str
    baseline: bool
    code: SummaryCode
    sentences: tuple[str, ...]
    grounding: Grounding | None = None
    statements: tuple[NoteStatement, ...] = ()
    fault: str | None = None


@dataclass(frozen=True, slots=True)
class NoteScore:
    """A note beside the reference. `f1` is None where the reference has no note either."""

    written: Written
    expected: SummaryCode
    f1: tuple[float, ...] | None
    words: int
    reference_words: int

    @property
    def refused(self) -> bool:
        """Whether there is no note."""
        return not self.written.sentences


@dataclass(slots=True)
class SystemTotal:
    """One system over all calls: `f1` has shape [calls whose reference has a note, metrics]."""

    system: str
    baseline: bool
    scores: list[NoteScore] = field(default_factory=list)

    @property
    def f1(self) -> rouge.Scores:
        """Scores by call and metric."""
        return np.array([score.f1 for score in self.scores if score.f1 is not None]).reshape(-1, len(METRICS))

    @property
    def with_note(self) -> list[NoteScore]:
        """Those of calls whose reference has a note."""
        return [score for score in self.scores if score.f1 is not None]

    @property
    def refused(self) -> int:
        """Calls without a note whose reference has one."""
        return sum(score.refused for score in self.with_note)

    @property
    def to_refuse(self) -> tuple[int, int]:
        """(rightly refused, all) of the calls whose reference has no note."""
        none = [score for score in self.scores if score.f1 is None]
        return sum(score.refused for score in none), len(none)

    @property
    def grounding(self) -> Grounding | None:
        """Statements of all notes; None for a baseline."""
        found = [score.written.grounding for score in self.scores if score.written.grounding is not None]
        return None if self.baseline else sum(found, Grounding())

    @property
    def words(self) -> float | None:
        """Mean words of a note, refused ones as 0; None without calls."""
        return float(np.mean([score.words for score in self.with_note])) if self.with_note else None


Writer = Callable[[NoteCase], Written]


def asked(system: str, writing: NoteWriting) -> Writer:
    """Notes of a summarizer; one that fails is a call without a note, and says why."""

    def write(case: NoteCase) -> Written:
        try:
            found = note(write_note(said_on(case.call), writing))
        except EngineError as error:
            return Written(system, False, "failed", (), Grounding(), fault=str(error))
        return _written(system, found)

    return write


def as_written(case: NoteCase) -> Written:
    """The note that the call's document has."""
    document = case.call.document
    return _written(document.provenance.summarizer or "unknown", document.summary)


def baselines_of(case: NoteCase) -> Iterator[Written]:
    """The baselines of a call whose reference has a note."""
    lines = [timed.line for timed in said_on(case.call).lines]
    for name, system in BASELINES.items() if case.expected == "ok" else ():
        yield Written(name, True, "ok", tuple(system(lines)))


def score(case: NoteCase, written: Written) -> NoteScore:
    """A note beside the reference of its call."""
    reference = "\n".join(case.sentences)
    scored = rouge.f1([reference], written.sentences) if case.expected == "ok" else None
    words = sum(len(text.split()) for text in written.sentences)
    return NoteScore(written, case.expected, scored, words, len(reference.split()))


def score_cases(
    found: NoteCases, writers: Sequence[tuple[Writer, int]], advance: Callable[[], None]
) -> Outcome[NoteScore]:
    """The notes of all writers, so many at once each, and the baselines, call by call."""
    outcome = Outcome[NoteScore](found.given, skipped=found.skipped, failed=found.failed)
    written: list[list[Written]] = []
    for writer, at_once in writers:
        with ThreadPoolExecutor(max(1, at_once), thread_name_prefix="wrapup-note") as pool:
            notes = []
            for one in pool.map(writer, found.cases):
                notes.append(one)
                advance()
        written.append(notes)
    for place, case in enumerate(found.cases):
        notes = [*(each[place] for each in written), *baselines_of(case)]
        outcome.add(case.reference, *(score(case, one) for one in notes))
    return outcome


def totals(rows: Sequence[Row[NoteScore]]) -> list[SystemTotal]:
    """All systems, in the order in which they are first met; baselines last."""
    found: dict[str, SystemTotal] = {}
    for row in rows:
        written = row.score.written
        total = found.setdefault(written.system, SystemTotal(written.system, written.baseline))
        total.scores.append(row.score)
    return sorted(found.values(), key=lambda one: one.baseline)


def margins(total: SystemTotal, systems: Sequence[SystemTotal]) -> list[Margin]:
    """A system over the best baseline of each metric; none where they are not of the same calls."""
    baselines = [(one.system, one.f1) for one in systems if one.baseline]
    if not baselines or not len(total.f1) or any(one.shape != total.f1.shape for _, one in baselines):
        return []
    return rouge.margins(total.f1, baselines)


def note_result(outcome: Outcome[NoteScore]) -> dict[str, Any]:
    """The result of `wrapup eval notes`, a row a call and system. It holds no words of notes."""
    systems = totals(outcome.rows)
    found = {one.system: _total(one, systems) for one in systems}
    result = result_of("notes", outcome, _row, found, ["rouge-score"])
    result["provenance"]["scorer"] = SCORER
    return result


def _written(system: str, found: Note) -> Written:
    sentences = tuple(row.text for row in found.statements)
    return Written(system, False, found.code, sentences, Grounding.of(found.statements), found.statements)


def _row(row: Row[NoteScore]) -> dict[str, Any]:
    score = row.score
    written = score.written
    f1 = (None,) * len(METRICS) if score.f1 is None else [round(value, 6) for value in score.f1]
    return {
        "system": written.system,
        "baseline": written.baseline,
        "code": written.code,
        "expected": score.expected,
        **dict(zip(METRICS, f1, strict=True)),
        "grounding": None if written.grounding is None else _counts(written.grounding),
        "words": score.words,
        "reference_words": score.reference_words,
    }


def _counts(grounding: Grounding) -> dict[str, int]:
    names = ("statements", "supported", "contradicted", "not_found", "unchecked")
    return {name: getattr(grounding, name) for name in names}


def _total(total: SystemTotal, systems: Sequence[SystemTotal]) -> dict[str, Any]:
    means = total.f1.mean(axis=0) if len(total.f1) else [None] * len(METRICS)
    rightly, to_refuse = total.to_refuse
    gains = [] if total.baseline else margins(total, systems)
    return {
        "baseline": total.baseline,
        "calls": len(total.f1),
        **{
            metric: None if value is None else round(float(value), 6)
            for metric, value in zip(METRICS, means, strict=True)
        },
        "grounding": None if total.grounding is None else _counts(total.grounding),
        "words": None if total.words is None else round(total.words, 3),
        "refused": total.refused,
        "rightly_refused": rightly,
        "to_refuse": to_refuse,
        "over_best_baseline": {
            gain.metric: {
                "baseline": gain.baseline,
                "difference": round(gain.difference, 6),
                "low": round(gain.low, 6),
                "high": round(gain.high, 6),
            }
            for gain in gains
        },
    }
