"""A chat model in this process: grammar, limits, windows; on a tiny one with random weights."""

from __future__ import annotations

import re
import threading
from pathlib import Path

import pytest

from models import registry
from models.errors import (
    ConfigError,
    DecodingCancelled,
    EngineBudgetError,
    EngineError,
    EngineLateError,
    MissingWeightsError,
)
from models.ports import NoteField, NoteLimits, Summarizer, SummarizerOptions
from models.summarizers.transformers_schema import LONGEST, note_schema
from models.types import SECTIONS, Line, MemberNote, NoteRequest, Statement, Summary

LINES = (
    Line("u0", "agent", "S1", "Thank you for calling."),
    Line("u1", "customer", "S2", "I lost my card [CARD_1]."),
)
REQUEST = NoteRequest(LINES)
FIELDS = (
    NoteField("disposition", "choice", "How it ended", ("solved", "open")),
    NoteField("amount", "number"),
    NoteField("callback", "boolean"),
    NoteField("branch", "text"),
)


def test_the_schema_holds_a_note_to_its_lines() -> None:
    schema = note_schema(FIELDS, 7)
    row = schema["properties"]["statements"]["items"]
    assert row["properties"]["evidence"]["items"] == {"type": "integer", "minimum": 1, "maximum": 7}
    assert row["properties"]["section"]["enum"] == list(SECTIONS)
    assert list(schema["properties"]["fields"]["properties"]) == [field.name for field in FIELDS]
    assert "fields" not in note_schema((), None)["properties"]
    assert row["properties"]["text"]["maxLength"] == LONGEST


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from tests.chat_checkpoint import build_chat

    return build_chat(tmp_path_factory.mktemp("tiny-chat"))


def opened(folder: Path, more: str = "", options: SummarizerOptions | None = None) -> Summarizer:
    engine: Summarizer = registry.engine("summarizer", f"transformers:{folder}{more}", options)
    return engine


@pytest.mark.extras
def test_an_answer_keeps_to_the_form_and_cites_lines_that_there_are(checkpoint: Path) -> None:
    engine = opened(checkpoint, options=SummarizerOptions(fields=FIELDS))
    found = engine.summarize(REQUEST)
    assert found.code == "ok"
    assert found.statements
    assert all(row.evidence and set(row.evidence) <= {"u0", "u1"} for row in found.statements)
    assert all(row.section in SECTIONS for row in found.statements)
    assert {name for name, _ in found.fields} <= {field.name for field in FIELDS}
    assert found.usage.requests == 1
    assert found.usage.input_tokens > 1_000
    assert engine.summarize(NoteRequest(())) == Summary("no_speech")
    drafts = [MemberNote("x", (Statement("reason", "Customer lost a card.", ("u1",)),))]
    assert engine.merge(REQUEST, drafts).code == "ok"  # type: ignore[attr-defined]


@pytest.mark.extras
def test_what_a_local_model_says_of_itself(checkpoint: Path) -> None:
    engine = opened(checkpoint)
    assert re.match(
        rf"transformers:{checkpoint.name}@[0-9a-f]{{12}} transformers=5.* prompt=wrapup@1/", engine.version
    )
    assert engine.capabilities.at_once == 0
    assert engine.capabilities.sends_to is None
    assert engine.capabilities.max_words is not None and engine.capabilities.max_words > 5_000
    assert opened(checkpoint, "#words=700").capabilities.max_words == 700
    assert opened(checkpoint, options=SummarizerOptions(fields=FIELDS)).version != engine.version


@pytest.mark.extras
def test_limits_of_a_local_model(checkpoint: Path) -> None:
    engine = opened(checkpoint)
    with pytest.raises(DecodingCancelled):
        engine.summarize(REQUEST, NoteLimits(go_on=lambda: False))
    asked = 0

    def few() -> bool:
        nonlocal asked
        asked += 1
        return asked < 20

    with pytest.raises(DecodingCancelled):
        engine.summarize(REQUEST, NoteLimits(go_on=few))
    assert asked == 21
    with pytest.raises(EngineLateError):
        engine.summarize(REQUEST, NoteLimits(seconds=0.05))
    with pytest.raises(EngineBudgetError):
        engine.summarize(REQUEST, NoteLimits(tokens=1_000))
    assert engine.summarize(REQUEST).code == "ok"


@pytest.mark.extras
def test_a_request_that_does_not_fit_says_what_to_do(checkpoint: Path) -> None:
    with pytest.raises(EngineError, match="#words=N"):
        opened(checkpoint).summarize(NoteRequest(LINES * 1_000))


@pytest.mark.extras
def test_calls_take_turns(checkpoint: Path) -> None:
    engine = opened(checkpoint)
    found: list[Summary] = []
    threads = [threading.Thread(target=lambda: found.append(engine.summarize(REQUEST))) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [one.code for one in found] == ["ok"] * 3


@pytest.mark.extras
def test_checkpoints_that_cannot_be(tmp_path: Path) -> None:
    from tests.chat_checkpoint import build_chat

    with pytest.raises(MissingWeightsError, match="expected its folder"):
        opened(tmp_path)
    with pytest.raises(MissingWeightsError):
        registry.engine("summarizer", "transformers:no/such-model")
    with pytest.raises(ConfigError, match="no chat template"):
        opened(build_chat(tmp_path / "plain", chat=False))
    with pytest.raises(ConfigError, match="tokens at least"):
        opened(build_chat(tmp_path / "small", window=512))
    assert opened(build_chat(tmp_path / "user", system=False)).summarize(REQUEST).code == "ok"


@pytest.mark.extras
def test_names_that_cannot_be() -> None:
    for argument in ("", "m#words=few", "m#json"):
        with pytest.raises(ConfigError, match="transformers:FOLDER"):
            registry.engine("summarizer", f"transformers:{argument}")
