"""Reviews from elsewhere: files are read twice, first for what belongs together, then to be written.

Of one call and leg the first row is kept. Later rows of it that are amendments give its mature text; one that
was saved, where the first was only opened, is the same draft shown twice; all others are duplicates.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Protocol, TypeAlias

from eval.reviews.columns import ReviewWriter
from eval.reviews.converting import Converted, Converter, RowError
from eval.reviews.mapping import MappingFile
from eval.reviews.review import Review
from eval.reviews.rows import Told, read_rows
from models.errors import InputError

Key: TypeAlias = tuple[str, int]
MATURE_HOURS = 24.0
DUPLICATE = "duplicate: this call and leg were there before"
SHOWN_TWICE = "the draft was shown again on another row, where it was saved: taken as one"
NO_FIRST = "amends a review that is not there"
LATE = "an amendment after the mature text was taken"
EARLY = "an amendment before its review was saved"


class Complaints(Protocol):
    """Hears of rows; `kept` is False where a row was left out."""

    def __call__(self, file: Path, line: int, reason: str, kept: bool) -> None:
        """A row, and what is wrong with it or to be noted about it."""
        ...


@dataclass(frozen=True, slots=True)
class Plan:
    """What to import, and how. `mature_hours`: amendments until then after saving are in the mature text."""

    files: tuple[Path, ...]
    mapping: MappingFile
    pseudonym: Callable[[str], str]
    mature_hours: float = MATURE_HOURS
    jobs: int = 1


@dataclass(slots=True)
class Imported:
    """What became of the rows. `given` = `reviews` + `joined` + `bad`; reasons count rows."""

    given: int = 0
    reviews: int = 0
    joined: int = 0
    bad: int = 0
    reasons: Counter[str] = field(default_factory=Counter)
    notes: Counter[str] = field(default_factory=Counter)

    def as_dict(self) -> dict[str, Any]:
        """For `reviews.json` and `--json`."""
        return {
            "given": self.given,
            "written": self.reviews,
            "joined": self.joined,
            "bad": self.bad,
            "bad_reasons": dict(sorted(self.reasons.items())),
            "notes": dict(sorted(self.notes.items())),
        }


@dataclass(frozen=True, slots=True)
class Found:
    """A row that could be a review, and where it stands."""

    file: Path
    line: int
    converted: Converted

    @property
    def key(self) -> Key:
        """Its call and leg."""
        return self.converted.review.call_id, self.converted.review.leg


@dataclass(slots=True)
class Together:
    """What the first reading finds: later rows by call and leg; when each associate was first assisted."""

    first_assisted: dict[str, datetime] = field(default_factory=dict)
    amendments: dict[Key, list[Found]] = field(default_factory=dict)
    shown_again: dict[Key, Found] = field(default_factory=dict)


def import_reviews(plan: Plan, folder: Path, complain: Complaints, told: Told) -> Imported:
    """Write the reviews of files into a folder, as `ReviewWriter` does. `told` hears of bytes, twice each.

    Raises `InputError` for a file that is not of its kind, `OutputError`.
    """
    done = Imported()
    source = {
        "made_by": "wrapup eval import",
        "files": [{"name": path.name, "sha256": _sha256(path)} for path in plan.files],
        "mapping_sha256": hashlib.sha256(plan.mapping.content).hexdigest(),
        "mature_hours": plan.mature_hours,
    }
    reader = _Reader(plan, told)
    together = _find_together(reader.rows(_unheard))
    with ReviewWriter(folder, source, plan.jobs) as writer:
        importer = _Importer(plan, together, writer, done, complain)
        for found in reader.rows(importer.refuse):
            importer.take(found)
        importer.tell_of_orphans()
        done.reviews = writer.written
        done.given = reader.given
        writer.tell(**done.as_dict())
    return done


class _Reader:
    """Rows of all files, in order, as reviews."""

    def __init__(self, plan: Plan, told: Told) -> None:
        self._plan = plan
        self._told = told
        self._converter = Converter(plan.mapping.mapping, plan.pseudonym)
        self.given = 0

    def rows(self, refuse: Callable[[Path, int, str], None]) -> Iterator[Found]:
        """Rows that are reviews; `refuse` hears of the others."""
        mapping = self._plan.mapping.mapping
        self.given = 0
        for path in self._plan.files:
            for row in read_rows(path, set(mapping.columns.values()), mapping.delimiter, self._told):
                self.given += 1
                try:
                    if row.fault:
                        raise RowError(row.fault)
                    yield Found(path, row.line, self._converter.convert(row.values))
                except RowError as error:
                    refuse(path, row.line, str(error))


class _Importer:
    """The second reading."""

    def __init__(
        self,
        plan: Plan,
        together: Together,
        writer: ReviewWriter,
        done: Imported,
        complain: Complaints,
    ) -> None:
        self._mature = timedelta(hours=plan.mature_hours)
        self._together = together
        self._writer = writer
        self._done = done
        self._complain = complain

    def take(self, found: Found) -> None:
        """Write a review with what later rows say of it; or say why not."""
        again = self._together.shown_again.get(found.key)
        if found.converted.is_amendment or _same_row(found, again):
            return  # It comes with its first row.
        if self._writer.has(*found.key):
            self.refuse(found.file, found.line, DUPLICATE)
            return
        for reason in found.converted.notes:
            self._note(found, reason)
        if again is not None:
            self._note(again, SHOWN_TWICE)
            self._done.joined += 1
        self._writer.add_one(self._complete(found, again))

    def refuse(self, file: Path, line: int, reason: str) -> None:
        """A row that is left out."""
        self._done.bad += 1
        self._done.reasons[reason.partition(": ")[0] if ": " in reason else reason] += 1
        self._complain(file, line, reason, kept=False)

    def tell_of_orphans(self) -> None:
        """Amendments whose review is in no file."""
        for amendments in self._together.amendments.values():
            for found in amendments:
                self.refuse(found.file, found.line, NO_FIRST)

    def _note(self, found: Found, reason: str) -> None:
        self._done.notes[reason] += 1
        self._complain(found.file, found.line, reason, kept=True)

    def _complete(self, found: Found, again: Found | None) -> Review:
        review = found.converted.review
        if again is not None:
            review = _shown_first(again.converted.review, review)
        if review.first_assisted_at is None:
            first = self._together.first_assisted.get(review.associate)
            review = replace(review, first_assisted_at=first)
        amendments = self._together.amendments.pop(found.key, [])
        if review.saved_at is None:
            for amendment in amendments:
                self.refuse(amendment.file, amendment.line, NO_FIRST)
            return review
        saved_at = review.saved_at
        until = saved_at + self._mature
        if review.amended_at is not None and review.amended_at > until:
            self._note(again or found, LATE)
            review = replace(review, mature=review.final)
        ids = {one.converted.review_id for one in (found, again, *amendments) if one is not None}
        for at, amendment in self._in_time(saved_at, amendments, ids):
            if at <= until:
                review = replace(review, mature=amendment.converted.review.final, amended_at=at)
            else:
                self._note(amendment, LATE)
        return review

    def _in_time(
        self, saved_at: datetime, amendments: Sequence[Found], ids: set[str]
    ) -> Iterator[tuple[datetime, Found]]:
        """Amendments of one of these reviews after it was saved, in order of time."""
        for found in sorted(amendments, key=_amended_at):
            at = _amended_at(found)
            if found.converted.amends and found.converted.amends not in ids:
                self.refuse(found.file, found.line, NO_FIRST)
            elif at < saved_at:
                self.refuse(found.file, found.line, EARLY)
            else:
                self._done.joined += 1
                yield at, found


def _same_row(one: Found, other: Found | None) -> bool:
    return other is not None and (one.file, one.line) == (other.file, other.line)


def _shown_first(saved: Review, first: Review) -> Review:
    """A review that was saved, with the moments at which its draft was shown first."""
    return replace(
        saved,
        opened_at=saved.opened_at if first.opened_at is None else first.opened_at,
        drafted_at=saved.drafted_at if first.drafted_at is None else first.drafted_at,
    )


def _find_together(rows: Iterator[Found]) -> Together:
    together = Together()
    saved: dict[bytes, bool] = {}
    for found in rows:
        review = found.converted.review
        if found.converted.is_amendment:
            together.amendments.setdefault(found.key, []).append(found)
            continue
        _remember_first(together.first_assisted, review)
        key = hashlib.blake2b(repr(found.key).encode(), digest_size=12).digest()
        if key not in saved:
            saved[key] = review.saved_at is not None
        elif not saved[key] and review.saved_at is not None:
            saved[key] = True
            together.shown_again[found.key] = found
    return together


def _remember_first(first: dict[str, datetime], review: Review) -> None:
    """The call of an associate's first review of a draft that was shown: it was there when they looked."""
    if review.drafted_at is None or review.opened_at is None or review.drafted_at > review.opened_at:
        return
    known = first.get(review.associate)
    if known is None or review.started_at < known:
        first[review.associate] = review.started_at


def _amended_at(found: Found) -> datetime:
    review = found.converted.review
    at = review.amended_at or review.saved_at
    return review.started_at if at is None else at


def _sha256(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror})") from error


def _unheard(file: Path, line: int, reason: str) -> None:
    """The second reading says it."""
