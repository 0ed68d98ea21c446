"""What a language model is to answer, and what of the answer becomes a note."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, create_model

from models.ports import NoteField
from models.summarizers.llm_prompt import Asked, plain
from models.types import SECTIONS, Flag, Statement, Summary

MOST_STATEMENTS = 24
MOST_EVIDENCE = 12
LONGEST_STATEMENT = 600
LONGEST_VALUE = 300
"""Characters; what is longer is cut. Whoever reads a note is not to be flooded by it."""

Section = Literal["reason", "actions", "outcome", "follow_ups", "key_facts"]


class StatementAnswer(BaseModel):
    """One statement as a model gives it."""

    model_config = ConfigDict(title="Statement")

    section: Section
    text: str
    evidence: Annotated[list[int], Field(description="numbers of the lines that it rests on")]


class NoteAnswer(BaseModel):
    """A note as a model gives it; `answer_type` adds the site's fields."""

    model_config = ConfigDict(title="Note")

    statements: list[StatementAnswer]


@lru_cache
def answer_type(fields: tuple[NoteField, ...]) -> type[NoteAnswer]:
    """The type of an answer, with these fields."""
    if not fields:
        return NoteAnswer
    told: dict[str, Any] = {
        field.name: (_kind(field) | None, Field(default=None, description=field.description or None))
        for field in fields
    }
    values = create_model("Fields", **told)
    return create_model("Note", __base__=NoteAnswer, fields=(values, Field(default_factory=values)))


def read(answer: NoteAnswer, asked: Asked, fields: Sequence[NoteField]) -> Summary:
    """The note in an answer: lines by their ids, masks by the call's names, the text one line a statement.

    Evidence that names no line is left out; so is a statement without words.
    """
    statements = tuple(
        row for given in answer.statements[:MOST_STATEMENTS] if (row := _statement(given, asked)).text
    )
    values = tuple(
        (field.name, value) for field in fields if (value := _value(answer, field.name, asked)) is not None
    )
    code: Literal["ok", "no_conversation"] = "ok" if statements else "no_conversation"
    return Summary(code, statements, values if statements else ())


def _kind(field: NoteField) -> Any:
    if field.kind == "choice":
        return Literal[field.choices]
    return {"text": str, "number": float, "boolean": bool}[field.kind]


def _statement(given: StatementAnswer, asked: Asked) -> Statement:
    text, issued = asked.disguise.show(_cut(given.text, LONGEST_STATEMENT))
    numbers = dict.fromkeys(number for number in given.evidence if 1 <= number <= len(asked.ids))
    evidence = tuple(asked.ids[number - 1] for number in list(numbers)[:MOST_EVIDENCE])
    flags: tuple[Flag, ...] = () if issued else ("unissued_token",)
    assert given.section in SECTIONS
    return Statement(given.section, text, evidence, flags=flags)


def _value(answer: NoteAnswer, name: str, asked: Asked) -> str | None:
    """A field's value in words; numbers without a needless fraction."""
    found = getattr(getattr(answer, "fields", None), name, None)
    if found is None:
        return None
    if isinstance(found, bool):
        return "true" if found else "false"
    if isinstance(found, float):
        return f"{found:.15g}"
    return asked.disguise.show(_cut(str(found), LONGEST_VALUE))[0] or None


def _cut(text: str, longest: int) -> str:
    text = plain(text)
    return text if len(text) <= longest else text[: longest - 4].rsplit(" ", 1)[0] + " ..."
