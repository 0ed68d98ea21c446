"""Reviews as columns: a folder of Parquet files, `wrapup.reviews/1`, written and read by DuckDB.

A row is a `Review`, and with it what whoever writes it finds once and for all: `draft_words`, the classes
`edit` (at saving), `edit_mature` and `section_edits` (of the mature text, by section), the change that
decided `edit_mature` (`decided_kind`, `decided_before`, `decided_after`), and the `ladder` that classed them.
Classes are NULL where nothing was saved or no draft was there to edit; `section_edits` is empty there, and of
a discarded draft. Moments are TIMESTAMP WITH TIME ZONE. `reviews.json` beside the files tells where they come
from.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, get_type_hints

import duckdb
import numpy as np
import numpy.typing as npt

from eval.edits.edit import LADDER_VERSION
from eval.reviews.classing import Classes, classifier
from eval.reviews.review import SCHEMA, Review
from models.errors import InputError
from pipeline.sinks.files import OutputError, write_whole

ABOUT = "reviews.json"
BATCH = 20_000
BATCH_CHARACTERS = 40_000_000
"""A batch is a file: whichever comes first closes it, so that long notes do not fill the memory."""
MEMORY = "1GB"
THREADS = 2

_TYPES = get_type_hints(Review)
_FIELDS = tuple(field.name for field in fields(Review))
_MOMENTS = tuple(name for name in _FIELDS if _TYPES[name] in {datetime, datetime | None})
_TEXTS = ("draft", "final", "mature")
_BETWEEN_KEYS = "\x1f"
_DECIDED = ("decided_kind", "decided_before", "decided_after")
_STORED = ("draft_words", "edit", "edit_mature", "section_edits", *_DECIDED, "ladder")
COLUMNS = (*_FIELDS, *_STORED)


def connect() -> duckdb.DuckDBPyConnection:
    """DuckDB in memory, in UTC: it loads no extension, spills no text to a disk and keeps to its memory."""
    options: dict[str, str | bool | int | float | list[str]] = {
        "autoinstall_known_extensions": False,
        "autoload_known_extensions": False,
        "memory_limit": MEMORY,
        "temp_directory": "",
        "threads": THREADS,
    }
    connection = duckdb.connect(config=options)
    connection.execute("SET TimeZone = 'UTC'")
    return connection


class ReviewWriter:
    """Writes reviews into a new folder, a file a batch, classed in `jobs` processes.

    Of one call and leg the first review is kept; `add` gives the others back. `source` goes into
    `reviews.json`: what a reader should know of where they come from. Use it as a context manager: a block
    that raises leaves no `reviews.json`, and the folder is then no set of reviews.
    """

    def __init__(self, folder: Path, source: Mapping[str, Any], jobs: int = 1, batch: int = BATCH) -> None:
        self._folder = folder
        self._source = dict(source)
        self._batch = batch
        self._waiting: list[Review] = []
        self._characters = 0
        self._files = 0
        self._written = 0
        self._seen: set[bytes] = set()
        self._sha256 = hashlib.sha256()
        _make_empty(folder)
        self._open = ExitStack()
        self._classifier = self._open.enter_context(classifier(jobs))
        self._connection = self._open.enter_context(connect())

    def __enter__(self) -> ReviewWriter:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            self.close()
        else:
            self._open.close()

    @property
    def written(self) -> int:
        """Reviews that were kept so far."""
        return self._written + len(self._waiting)

    def add(self, reviews: Iterable[Review]) -> list[Review]:
        """Take reviews; gives those whose call and leg were there before, which are not kept."""
        return [review for review in reviews if not self.add_one(review)]

    def add_one(self, review: Review) -> bool:
        """Take a review; False where its call and leg were there before."""
        if self.has(review.call_id, review.leg):
            return False
        self._seen.add(_digest(review.call_id, review.leg))
        self._waiting.append(review)
        self._characters += sum(len(getattr(review, name)) for name in _TEXTS)
        if len(self._waiting) >= self._batch or self._characters >= BATCH_CHARACTERS:
            self._write()
        return True

    def has(self, call_id: str, leg: int) -> bool:
        """Whether there is a review of this call and leg."""
        return _digest(call_id, leg) in self._seen

    def tell(self, **facts: Any) -> None:
        """More for `reviews.json`, known only now: how many rows were bad, say."""
        self._source.update(facts)

    def close(self) -> None:
        """Write what waits, and `reviews.json`. Raises `OutputError`."""
        with self._open:
            if self._waiting or not self._files:
                self._write()
        about = {
            "schema": SCHEMA,
            "ladder": LADDER_VERSION,
            "reviews": self._written,
            "sha256": self._sha256.hexdigest(),
            **self._source,
        }
        write_whole(self._folder / ABOUT, json.dumps(about, indent=2, ensure_ascii=False) + "\n")

    def _write(self) -> None:
        reviews, self._waiting, self._characters = self._waiting, [], 0
        for review in reviews:
            self._sha256.update(repr([getattr(review, name) for name in _FIELDS]).encode())
        columns = _columns_of(reviews, self._classifier.classes_of(reviews))
        path = self._folder / f"reviews-{self._files:05}.parquet"
        self._connection.register("batch", columns)
        try:
            self._connection.execute(_COPY, [str(path)])
        except duckdb.Error as error:
            raise OutputError(f"{path}: cannot be written") from error
        finally:
            self._connection.unregister("batch")
        self._files += 1
        self._written += len(reviews)


@dataclass(frozen=True)
class ReviewSet:
    """Reviews to ask: the view `reviews` of a DuckDB connection, and what its folders say of themselves.

    Rows come in the order in which they were written. Use it as a context manager.
    """

    connection: duckdb.DuckDBPyConnection
    about: tuple[Mapping[str, Any], ...]
    reviews: int

    def __enter__(self) -> ReviewSet:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.connection.close()

    def provenance(self) -> dict[str, Any]:
        """For a report: schema, ladder, and each folder's own account."""
        return {"schema": SCHEMA, "ladder": LADDER_VERSION, "reviews": self.reviews, "sources": [*self.about]}


def open_reviews(paths: Sequence[Path]) -> ReviewSet:
    """Reviews of folders that `ReviewWriter` wrote, one after the other.

    Raises `InputError` for a folder that holds no such reviews, for another schema or ladder, and for a call
    and leg that two folders have.
    """
    about = tuple(_about(path) for path in paths)
    files = [str(file) for path in paths for file in sorted(path.glob("reviews-*.parquet"))]
    if not files:
        raise InputError(f"{_named(paths) or 'no folder'}: no reviews there; `wrapup eval import` makes some")
    connection = connect()
    try:
        connection.read_parquet(files).create_view("reviews")
        rows = _check(connection, len(paths))
        if rows != sum(each["reviews"] for each in about):
            raise InputError(f"{_named(paths)}: not as many reviews as {ABOUT} says; import them again")
    except duckdb.Error as error:
        connection.close()
        raise InputError(f"{_named(paths)}: not readable as reviews ({SCHEMA})") from error
    except InputError:
        connection.close()
        raise
    return ReviewSet(connection, about, rows)


def review_of(row: Sequence[Any]) -> Review:
    """A review of a row of the view `reviews`, whose columns begin with those of `Review`."""
    values = dict(zip(_FIELDS, row, strict=False))
    for name in _MOMENTS:
        if values[name] is not None:
            values[name] = values[name].astimezone(UTC)
    return Review(**values)


def _digest(call_id: str, leg: int) -> bytes:
    """What a million of is held in little room."""
    return hashlib.blake2b(f"{leg} {call_id}".encode(), digest_size=12).digest()


def _make_empty(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / ABOUT).unlink(missing_ok=True)
        for path in folder.glob("reviews-*.parquet"):
            path.unlink()
    except OSError as error:
        raise OutputError(f"{folder}: reviews cannot be written there ({error.strerror})") from error


def _columns_of(reviews: Sequence[Review], classes: Sequence[Classes]) -> dict[str, npt.NDArray[Any]]:
    columns = {name: _column(name, [getattr(review, name) for review in reviews]) for name in _FIELDS}
    columns["draft_words"] = np.array([len(review.draft.split()) for review in reviews], dtype=np.int32)
    columns["edit"] = _objects([each.edit for each in classes])
    columns["edit_mature"] = _objects([each.edit_mature for each in classes])
    columns["section_names"] = _objects([_joined(each.sections) for each in classes])
    columns["section_classes"] = _objects([_joined(each.sections.values()) for each in classes])
    for name, attribute in zip(_DECIDED, ("kind", "before", "after"), strict=True):
        columns[name] = _objects([getattr(each.decided_by, attribute, None) for each in classes])
    return columns


def _column(name: str, values: list[Any]) -> npt.NDArray[Any]:
    if name in _MOMENTS:
        naive = [None if value is None else value.astimezone(UTC).replace(tzinfo=None) for value in values]
        return np.array(naive, dtype="datetime64[us]")
    if name == "leg":
        return np.array(values, dtype=np.int32)
    if name == "used":
        return np.array(values, dtype=np.bool_)
    if name == "focus_s":
        return np.array([np.nan if value is None else value for value in values], dtype=np.float64)
    return _objects(values)


def _objects(values: list[Any]) -> npt.NDArray[np.object_]:
    column: npt.NDArray[np.object_] = np.empty(len(values), dtype=object)
    column[:] = values
    return column


def _joined(words: Iterable[str]) -> str | None:
    """Words with a mark between them; None for no word, which is not the same as one empty word."""
    listed = [word.replace(_BETWEEN_KEYS, " ") for word in words]
    return _BETWEEN_KEYS.join(listed) if listed else None


def _selected(name: str) -> str:
    if name in _MOMENTS:
        return f"timezone('UTC', {name}) AS {name}"
    if name in {"leg", "used", "focus_s", "draft_words"}:
        return name
    if name == "ladder":
        return f"'{LADDER_VERSION}' AS ladder"
    if name == "section_edits":
        split = f"string_split(CAST({{}} AS VARCHAR), chr({ord(_BETWEEN_KEYS)}))"
        both = f"map({split.format('section_names')}, {split.format('section_classes')})"
        empty = "CAST(map() AS MAP(VARCHAR, VARCHAR))"
        return f"CASE WHEN section_names IS NULL THEN {empty} ELSE {both} END AS section_edits"
    return f"CAST({name} AS VARCHAR) AS {name}"


_COPY = (
    f"COPY (SELECT {', '.join(_selected(name) for name in COLUMNS)} FROM batch) TO $1 "
    "(FORMAT parquet, COMPRESSION zstd)"
)


def _about(path: Path) -> dict[str, Any]:
    try:
        about = json.loads((path / ABOUT).read_text(encoding="utf-8"))
        schema, ladder = str(about["schema"]), str(about["ladder"])
        int(about["reviews"])
    except FileNotFoundError as error:
        hint = "make one with `wrapup eval import`"
        raise InputError(f"{path}: no folder of reviews (it has no {ABOUT}); {hint}") from error
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise InputError(f"{path / ABOUT}: not readable as what `wrapup eval import` writes") from error
    if schema != SCHEMA:
        raise InputError(f"{path}: its schema is {schema}, and this version reads {SCHEMA}; import it again")
    if ladder != LADDER_VERSION:
        raise InputError(f"{path}: its edits were classed by {ladder}, not {LADDER_VERSION}; import it again")
    return dict(about)


def _check(connection: duckdb.DuckDBPyConnection, folders: int) -> int:
    """The number of reviews; raises `InputError` where their columns are others or one is there twice."""
    names = [row[0] for row in connection.execute("DESCRIBE reviews").fetchall()]
    if tuple(names) != COLUMNS:
        raise InputError(f"reviews have other columns than {SCHEMA} has; import them again")
    count = connection.execute("SELECT count(*) FROM reviews").fetchall()[0][0]
    twice: list[Any] = []
    if folders > 1:
        twice = connection.execute(
            "SELECT call_id, leg FROM reviews GROUP BY call_id, leg HAVING count(*) > 1 ORDER BY ALL LIMIT 1"
        ).fetchall()
    for call_id, leg in twice:
        raise InputError(f"call {call_id}, leg {leg} is in two of the folders; import them as one")
    return int(count)


def _named(paths: Sequence[Path]) -> str:
    return ", ".join(str(path) for path in paths)
