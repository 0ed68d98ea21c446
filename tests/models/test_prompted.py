"""What all summarizers by a language model do alike."""

from __future__ import annotations

import pytest

from models.errors import ConfigError, DecodingCancelled
from models.ports import NoteField, NoteLimits, SummarizerOptions
from models.summarizers.llm_answer import NoteAnswer, answer_type
from models.summarizers.llm_prompt import Asked
from models.summarizers.prompted import PromptedSummarizer
from models.types import Line, MemberNote, NoteRequest, Statement, Summary, Usage

FIELDS = (NoteField("disposition", "choice", "How it ended", ("solved", "open")),)
REQUEST = NoteRequest((Line("u0", "customer", "S1", "I lost my card [CARD_1]."),))


class Model(PromptedSummarizer):
    """Quotes the first line."""

    def __init__(self, options: SummarizerOptions) -> None:
        super().__init__("model@1", "greedy", options)
        self.asked: list[tuple[Asked, tuple[NoteField, ...]]] = []

    def _answer(
        self, asked: Asked, fields: tuple[NoteField, ...], limits: NoteLimits
    ) -> tuple[NoteAnswer, Usage]:
        del limits
        self.asked.append((asked, fields))
        row = {"section": "reason", "text": "Customer lost a card.", "evidence": [1]}
        more = {"fields": {"disposition": "open"}} if fields else {}
        return answer_type(fields).model_validate({"statements": [row]} | more), Usage(1, 2, 3)


def test_the_version_has_model_prompt_fields_and_decoding() -> None:
    plain, asking = Model(SummarizerOptions()), Model(SummarizerOptions(fields=FIELDS))
    assert plain.version.startswith("model@1 prompt=wrapup@")
    assert plain.version.endswith(" greedy")
    assert "fields=" in asking.version
    assert "fields=" not in plain.version
    with pytest.raises(ConfigError):
        Model(SummarizerOptions("no-such-prompt"))


def test_fields_are_asked_for_with_a_draft_alone() -> None:
    model = Model(SummarizerOptions(fields=FIELDS))
    statement = Statement("reason", "Customer lost a card.", ("u0",))
    assert model.summarize(REQUEST) == Summary("ok", (statement,), (("disposition", "open"),), Usage(1, 2, 3))
    chunk = NoteRequest(REQUEST.lines, "chunk")
    assert model.summarize(chunk) == Summary("ok", (statement,), usage=Usage(1, 2, 3))
    assert [fields for _, fields in model.asked] == [FIELDS, ()]


def test_drafts_are_merged() -> None:
    model = Model(SummarizerOptions())
    model.merge(REQUEST, [MemberNote("a", (Statement("reason", "Customer called.", ("u0",)),))])
    assert "Draft 1:\n- reason: Customer called. [1]" in model.asked[0][0].user


def test_nothing_is_asked_for_no_lines_or_for_nobody() -> None:
    model = Model(SummarizerOptions())
    assert model.summarize(NoteRequest(())) == Summary("no_speech")
    with pytest.raises(DecodingCancelled):
        model.summarize(REQUEST, NoteLimits(go_on=lambda: False))
    assert not model.asked
