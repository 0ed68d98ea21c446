"""The document `wrapup.call/1`: stable, readable later, and only added to."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from models.errors import InputError
from pipeline.formats.call_json import (
    CallDocument,
    Utterance,
    json_schema,
    parse_call,
    read_call,
    segments_of,
    write_call,
)
from pipeline.formats.writers import WRITERS
from tests.pipeline.format_strategies import example_call, texts, times_s

GOLDEN = Path(__file__).parent / "golden_call_schema_1.json"
"""JSON Schema of /1 as first released, less titles and descriptions. A field that is added is added here."""


def test_round_trip_and_stability(tmp_path: Path) -> None:
    doc = example_call()
    text = write_call(doc)
    path = tmp_path / "call.json"
    path.write_text(text, encoding="utf-8")
    assert read_call(path) == doc
    assert write_call(read_call(path)) == text
    assert text.endswith("}\n")


def test_order_of_keys() -> None:
    found = json.loads(write_call(example_call()))
    head = ["schema", "call_id", "language", "started_at", "duration_s", "channels", "speakers", "utterances"]
    assert list(found) == [*head, "turns", "gaps", "redactions", "summary", "end", "provenance", "timing"]
    assert list(found["utterances"][0]) == ["id", "speaker", "channel", "start_s", "end_s", "text", "words"]
    assert list(found["redactions"][0]) == ["kind", "start_s", "end_s", "channel", "token"]
    assert list(found["summary"]["statements"][0]) == [
        "section",
        "text",
        "evidence",
        "support",
        "claims",
        "flags",
    ]
    assert found["started_at"] == "2026-03-01T09:30:00Z"


@given(texts, times_s, st.floats(0, 1e6))
def test_any_text_and_time(text: str, start_s: float, length_s: float) -> None:
    part = Utterance(id="u", speaker="S1", channel=0, start_s=start_s, end_s=start_s + length_s, text=text)
    doc = example_call().model_copy(update={"utterances": (part,)})
    assert parse_call(write_call(doc), "x") == doc
    assert part.end_s == round(start_s + length_s, 3)


def test_unknown_fields_are_ignored() -> None:
    found = json.loads(write_call(example_call()))
    found["later"] = 1
    found["utterances"][0]["words"][0]["later"] = {"a": []}
    assert parse_call(json.dumps(found), "x") == example_call()


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        (("schema",), "wrapup.call/2", 'f: schema: expected "wrapup.call/1"'),
        (("duration_s",), "long", "f: duration_s: Input should be a valid number"),
        (("duration_s",), -1, "f: duration_s: Input should be greater than or equal to 0"),
        (("utterances", 0, "words", 1, "end_s"), None,
         "f: utterances[0].words[1].end_s: Input should be a valid number"),
        (("utterances", 1, "end_s"), 1.0, "f: utterances[1]: expected end_s at or after start_s"),
        (("summary", "code"), "fine", "f: summary.code: Input should be 'ok', 'no_speech', 'too_short', "
         "'no_conversation', 'unsupported_language' or 'failed'"),
    ],
)  # fmt: skip
def test_a_wrong_field_is_named(path: tuple[str | int, ...], value: Any, message: str) -> None:
    found = json.loads(write_call(example_call()))
    place = found
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    with pytest.raises(InputError) as raised:
        parse_call(json.dumps(found), "f")
    assert str(raised.value) == message


def test_errors_hold_no_words_of_the_call() -> None:
    found = json.loads(write_call(example_call()))
    found["utterances"][0]["start_s"] = "secret"
    found["utterances"][1]["text"] = ["secret"]
    with pytest.raises(InputError) as raised:
        parse_call(json.dumps(found), "f")
    assert "secret" not in str(raised.value)
    assert str(raised.value).endswith("(and 1 more)")


def test_a_span_ends_after_it_starts() -> None:
    with pytest.raises(ValidationError, match="expected end_s at or after start_s"):
        Utterance(id="u", speaker="S1", channel=0, start_s=2, end_s=1, text="")


def test_golden_schema_is_only_added_to() -> None:
    assert _lost(json.loads(GOLDEN.read_text(encoding="utf-8")), json_schema()) == []


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("properties", "gaps"), None),
        (("$defs", "CallWord", "properties", "confidence"), None),
        (("$defs", "Utterance", "properties", "start_s", "type"), "string"),
        (("$defs", "NoteStatement", "properties", "support", "enum"), ["supported"]),
        (("required",), ["schema"]),
    ],
)
def test_golden_schema_finds_a_removal(path: tuple[str, ...], value: Any) -> None:
    changed = copy.deepcopy(json_schema())
    place = changed
    for step in path[:-1]:
        place = place[step]
    if value is None:
        del place[path[-1]]
    else:
        place[path[-1]] = value
    assert _lost(json.loads(GOLDEN.read_text(encoding="utf-8")), changed) != []


def test_roles_name_speakers_where_they_are_one_persons() -> None:
    assert [segment.speaker for segment in segments_of(example_call())] == ["agent", "customer"]
    both = [speaker.model_copy(update={"role": "agent"}) for speaker in example_call().speakers]
    doc = example_call().model_copy(update={"speakers": tuple(both)})
    assert [segment.speaker for segment in segments_of(doc)] == ["S1", "S2"]


def test_writers() -> None:
    written = {name: write(example_call()) for name, write in WRITERS.items()}
    assert list(written) == ["json", "md", "vtt", "srt", "txt", "rttm"]
    assert written["vtt"].startswith("WEBVTT\n\n00:00:00.500 --> 00:00:02.000\n<v agent>Hello *there*.\n")
    assert written["srt"].startswith("1\n00:00:00,500 --> 00:00:02,000\nagent: Hello *there*.\n\n2\n")
    assert written["txt"] == "agent: Hello *there*.\ncustomer: My card is [CARD_1].\n"
    assert written["rttm"].splitlines()[1] == "SPEAKER call-7 2 2.500 1.500 <NA> <NA> customer <NA> <NA>"


def test_markdown() -> None:
    text = WRITERS["md"](example_call())
    assert text.startswith(
        "# Call call-7\n\n| | |\n|---|---|\n| Started | 2026-03-01 09:30:00+00:00 |\n| Length | 1:01 |"
    )
    assert "| Speakers | agent, customer |" in text
    assert "### Reason\n\n- a card. (u1-1)\n" in text
    assert "- 1\\. none **(not found in the call)**" in text
    assert "**agent** 0:00 (u0-0): Hello \\*there\\*." in text
    assert "0:10 to 0:12: *words lost*" in text
    assert "\\[CARD\\_1\\]" in text


def test_markdown_without_a_note() -> None:
    quiet = {"code": "no_speech", "text": "", "statements": []}
    found = {**json.loads(write_call(example_call())), "summary": quiet, "utterances": [], "gaps": []}
    text = WRITERS["md"](CallDocument.model_validate(found))
    assert "Nobody spoke on this call." in text
    assert text.endswith("## Transcript\n\nNothing was said.\n")


def _lost(before: Any, after: Any, path: str = "$") -> list[str]:
    """Paths of what `before` has and `after` has no more, or has otherwise."""
    if isinstance(before, dict) and isinstance(after, dict):
        return [
            lost
            for key, value in before.items()
            for lost in ([f"{path}.{key}"] if key not in after else _lost(value, after[key], f"{path}.{key}"))
        ]
    if isinstance(before, list) and isinstance(after, list):
        gone = [value for value in before if all(_lost(value, other) for other in after)]
        return [f"{path}[{place}]" for place, _ in enumerate(gone)]
    return [] if before == after else [path]
