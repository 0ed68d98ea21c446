"""How much of planted errors a check of notes catches, and how often it calls clean notes wrong."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from scipy.stats import binomtest

from eval.planted import KINDS, PLANTED_VERSION, plant
from models.types import Line, Statement, Summary

Check = Callable[[Summary, Sequence[Line], bool], Summary]
"""A note, all lines of its call, and whether what they do not support is dropped -> the note, checked."""


@dataclass(frozen=True, slots=True)
class CleanNote:
    """Sentences that are true of a call, with all its lines."""

    statements: tuple[Statement, ...]
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class Counts:
    """`hits` of `n`."""

    hits: int = 0
    n: int = 0

    def __add__(self, other: Counts) -> Counts:
        return Counts(self.hits + other.hits, self.n + other.n)

    @property
    def rate(self) -> float | None:
        """Hits over n; None over nothing."""
        return self.hits / self.n if self.n else None

    def interval(self, level: float = 0.95) -> tuple[float, float] | None:
        """Clopper-Pearson, as if the items were independent; None over nothing."""
        if not self.n:
            return None
        found = binomtest(self.hits, self.n).proportion_ci(level, method="exact")
        return float(found.low), float(found.high)


@dataclass(slots=True)
class Caught:
    """Planted errors that were caught by (kind, source of the wrong value); clean facts called wrong by kind.

    `statements` are clean statements that were flagged.
    """

    planted: dict[tuple[str, str], Counts] = field(default_factory=dict)
    clean: dict[str, Counts] = field(default_factory=dict)
    statements: Counts = Counts()

    def of(self, kind: str) -> Counts:
        """Planted errors of a kind, whatever their source."""
        return sum((counts for (one, _), counts in self.planted.items() if one == kind), Counts())


def measure(notes: Iterable[CleanNote], check: Check, seed: int = 0) -> Caught:
    """Check every note as it is, then with each planted error alone.

    An error counts as caught when the statement comes back contradicted, not found or flagged. They are
    planted in statements that pass while they are clean: those that do not are false alarms already.
    """
    found = Caught()
    for note in notes:
        rows = _checked(note.statements, note.lines, check)
        for row, clean in zip(rows, note.statements, strict=True):
            wrong = _is_flagged(row)
            found.statements += Counts(wrong, 1)
            for claim in row.claims:
                bad = claim.support in ("contradicted", "not_found")
                found.clean[claim.kind] = found.clean.get(claim.kind, Counts()) + Counts(bad, 1)
            if not wrong:
                _plant(found, clean, note.lines, check, seed)
    return found


def _plant(found: Caught, clean: Statement, lines: Sequence[Line], check: Check, seed: int) -> None:
    errors = plant(clean, lines, seed)
    rows = _checked([error.statement for error in errors], lines, check)
    for error, row in zip(errors, rows, strict=True):
        key = (error.kind, error.source)
        found.planted[key] = found.planted.get(key, Counts()) + Counts(_is_flagged(row), 1)


def _checked(statements: Sequence[Statement], lines: Sequence[Line], check: Check) -> Sequence[Statement]:
    """The statements, each checked; what a check adds of its own comes after them."""
    if not statements:
        return ()
    return check(Summary("ok", tuple(statements)), lines, False).statements[: len(statements)]


def _is_flagged(row: Statement) -> bool:
    return row.support in ("contradicted", "not_found") or bool(row.flags)


def table(found: Caught) -> list[str]:
    """The counts as a Markdown table, a row a kind."""
    rows = [
        "| kind | caught | share (95 %) | value new | another of the call's | clean facts called wrong |",
        "|---|---|---|---|---|---|",
    ]
    for kind in KINDS:
        parts = [found.planted.get((kind, source), Counts()) for source in ("new", "call")]
        clean = found.clean.get(kind, Counts())
        rows.append(
            f"| {kind} | {_cells(found.of(kind))} | {_of(parts[0])} | {_of(parts[1])} | {_share(clean)} |"
        )
    rows += ["", f"Clean statements flagged: {_share(found.statements)}. Planted set {PLANTED_VERSION}."]
    return rows


def _cells(counts: Counts) -> str:
    return f"{_of(counts)} | {_interval(counts)}"


def _of(counts: Counts) -> str:
    return f"{counts.hits} of {counts.n}" if counts.n else "-"


def _share(counts: Counts) -> str:
    return f"{_of(counts)}, {_interval(counts)}" if counts.n else "-"


def _interval(counts: Counts) -> str:
    low_high = counts.interval()
    if low_high is None or counts.rate is None:
        return "-"
    return f"{100 * counts.rate:.1f} % ({100 * low_high[0]:.1f} to {100 * low_high[1]:.1f})"
