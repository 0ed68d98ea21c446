"""Notes of several summarizers side by side, as a page that needs nothing else and runs nothing.

What is said on a call is text: every value is escaped, and the page's own policy allows no script and no
source.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from jinja2 import Environment, PackageLoader, StrictUndefined, Template

from models.types import SECTIONS
from pipeline.document import section_title, version_of
from pipeline.formats.call_json import CallDocument, NoteMember, NoteStatement, shown, speaker_names
from pipeline.formats.plain import clean

_DOUBTS = {"contradicted": "the call says otherwise", "not_found": "not found in the call"}
MERGED = "merged"


@dataclass(frozen=True, slots=True)
class Column:
    """One note: who wrote it, what it says, or why it says nothing."""

    name: str
    statements: tuple[NoteStatement, ...]
    version: str | None = None
    fault: str | None = None


@dataclass(frozen=True, slots=True)
class Item:
    """A statement of a cell: `cites` are numbers of lines, from 1."""

    text: str
    cites: tuple[int, ...]
    doubts: str


@dataclass(frozen=True, slots=True)
class Row:
    """A section, with what each column has in it."""

    title: str
    cells: tuple[tuple[Item, ...], ...]


def columns_of(document: CallDocument) -> tuple[Column, ...]:
    """The members' notes in their order, then the one that was made of them."""
    summary = document.summary
    merged = Column(MERGED, summary.statements, document.provenance.version)
    if summary.stand_in is not None:
        merged = Column(
            "embedded, standing in", summary.statements, document.provenance.version, summary.stand_in
        )
    asr = document.provenance.asr
    return (*(_column(member, asr) for member in summary.members), merged)


def rows_of(document: CallDocument, columns: Sequence[Column]) -> tuple[Row, ...]:
    """A row for every section that any column has something in."""
    numbers = {each.id: number for number, each in enumerate(document.utterances, start=1)}
    rows: list[Row] = []
    for section in SECTIONS:
        cells = tuple(
            tuple(_item(each, numbers) for each in column.statements if each.section == section)
            for column in columns
        )
        if any(cells):
            rows.append(Row(section_title(section), cells))
    return tuple(rows)


def page(document: CallDocument) -> str:
    """All of it as HTML."""
    columns = columns_of(document)
    names = speaker_names(document)
    return _template().render(
        call_id=clean(document.call_id),
        columns=columns,
        rows=rows_of(document, columns),
        disagreements=document.summary.disagreements,
        lines=[
            {"speaker": clean(names.get(each.speaker, each.speaker)), "text": clean(each.text)}
            for each in document.utterances
        ],
    )


def _template() -> Template:
    environment = Environment(
        loader=PackageLoader("pipeline", "pages"), autoescape=True, undefined=StrictUndefined
    )
    return environment.get_template("compare.html.j2")


def _column(member: NoteMember, asr: str | None) -> Column:
    version = version_of(member.version, asr) if member.version else None
    return Column(member.summarizer, member.statements, version, member.fault)


def _item(statement: NoteStatement, numbers: dict[str, int]) -> Item:
    doubts = [_DOUBTS[statement.support]] if statement.support in _DOUBTS else []
    doubts += [flag.replace("_", " ") for flag in statement.flags]
    cites = tuple(numbers[each] for each in statement.evidence if each in numbers)
    return Item(clean(shown(statement.text, statement.flags)), cites, ", ".join(doubts))
