"""Rows of CSV, JSON lines and Parquet: column -> value, each with its line (its number, in Parquet)."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Collection, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, TypeAlias

import duckdb

from eval.reviews.columns import connect
from models.errors import InputError

LONGEST_CELL = 256_000_000
PARQUET_ROWS = 1_000


@dataclass(frozen=True, slots=True)
class Row:
    """A row. `fault` says what is wrong with the row as a whole; "" for nothing."""

    line: int
    values: dict[str, Any]
    fault: str = ""


Rows: TypeAlias = Iterator[Row]
Told: TypeAlias = Callable[[int], object]
"""Hears how far reading is: bytes since the last time; of Parquet all at once."""


def read_rows(path: Path, columns: Collection[str], delimiter: str, told: Told) -> Rows:
    """Rows of a file, in order. Raises `InputError` for a file of another kind, or one without the columns.

    A line of JSON lines may leave a column out: it is empty there.
    """
    reader = _READERS.get(path.suffix.lower())
    if reader is None:
        raise InputError(f"{path}: expected a file named {', '.join(f'*{kind}' for kind in _READERS)}")
    try:
        yield from reader(path, columns, delimiter, told)
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror})") from error


def _csv(path: Path, columns: Collection[str], delimiter: str, told: Told) -> Rows:
    csv.field_size_limit(LONGEST_CELL)
    if path.suffix.lower() == ".tsv":
        delimiter = "\t"
    # What is no UTF-8 becomes lone surrogates, by which its row is known.
    with path.open(encoding="utf-8-sig", errors="surrogateescape", newline="") as file:
        reader = csv.reader(_counted(file, told), delimiter=delimiter)
        header = next(reader, [])
        _check_columns(path, columns, header)
        first = reader.line_num + 1
        while True:
            try:
                cells = next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                yield Row(first, {}, f"not CSV: {error}")
            else:
                if len(cells) == len(header):
                    yield Row(first, dict(zip(header, cells, strict=True)))
                elif cells:
                    yield Row(first, {}, f"{len(cells)} cells where the header has {len(header)}")
            first = reader.line_num + 1


def _json_lines(path: Path, columns: Collection[str], delimiter: str, told: Told) -> Rows:
    with path.open(encoding="utf-8-sig", errors="surrogateescape", newline="\n") as file:
        for line, text in enumerate(_counted(file, told), 1):
            if not text.strip():
                continue
            try:
                values = json.loads(text)
            except (ValueError, RecursionError):
                yield Row(line, {}, "not a line of JSON")
                continue
            if isinstance(values, dict):
                yield Row(line, values)
            else:
                yield Row(line, {}, "not a JSON object")


def _parquet(path: Path, columns: Collection[str], delimiter: str, told: Told) -> Rows:
    size = path.stat().st_size
    try:
        with closing(connect()) as connection:
            found = connection.execute("SELECT * FROM read_parquet(?)", [[str(path)]])
            names = [column[0] for column in found.description or ()]
            _check_columns(path, columns, names)
            line = 0
            while rows := found.fetchmany(PARQUET_ROWS):
                for values in rows:
                    line += 1
                    yield Row(line, dict(zip(names, values, strict=True)))
    except duckdb.Error as error:
        raise InputError(f"{path}: not readable as Parquet") from error
    told(size)


_READERS = {
    ".csv": _csv,
    ".tsv": _csv,
    ".jsonl": _json_lines,
    ".ndjson": _json_lines,
    ".parquet": _parquet,
}


def _counted(file: IO[str], told: Told) -> Iterator[str]:
    for text in file:
        told(len(text))
        yield text


def _check_columns(path: Path, columns: Collection[str], header: Collection[str]) -> None:
    missing = [name for name in columns if name not in header]
    if missing:
        has = ", ".join(header) if len(header) <= 30 else f"{len(header)} others"
        raise InputError(f"{path}: no column {missing[0]!r}, which the mapping names; it has {has or 'none'}")
