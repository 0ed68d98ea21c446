"""Prompts by name, and the site's own fields."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from models.errors import ConfigError
from models.ports import NoteField
from models.summarizers import prompts
from models.summarizers.fields import read_fields
from models.summarizers.llm_answer import NoteAnswer
from models.summarizers.prompts import prompt_names, read_prompt
from models.types import SECTIONS


def test_the_newest_version_unless_one_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = (prompts._folder() / "wrapup@1.toml").read_text()
    for number in (2, 9, 10):
        (tmp_path / f"wrapup@{number}.toml").write_text(text.replace("You write", f"{number}: You write"))
    (tmp_path / "wrapup-brief@1.toml").write_text(text)
    (tmp_path / "notes.txt").touch()
    monkeypatch.setattr(prompts, "_folder", lambda: tmp_path)
    read_prompt.cache_clear()
    try:
        assert prompt_names() == ["wrapup@2", "wrapup@9", "wrapup@10", "wrapup-brief@1"]
        assert read_prompt("wrapup").version.startswith("wrapup@10/")
        assert read_prompt("wrapup@2").system.startswith("2: You write")
        versions = {read_prompt(name).version.partition("/")[2] for name in prompt_names()}
        assert len(versions) == 4
    finally:
        read_prompt.cache_clear()


@pytest.mark.parametrize("name", ["wrap", "wrapup@99", "", "../wrapup@1", "@1"])
def test_a_prompt_that_is_not_there(name: str) -> None:
    with pytest.raises(ConfigError, match=r"expected one of: wrapup@1"):
        read_prompt(name)


def test_the_example_of_a_prompt_keeps_to_its_own_rules() -> None:
    for name in prompt_names():
        prompt = read_prompt(name)
        lines = re.findall(r"^(\d+) (agent|customer): ", prompt.system, re.MULTILINE)
        notes = re.findall(r"^this note:\n(.*)$", prompt.system, re.MULTILINE)
        assert notes
        for text in notes:
            note = NoteAnswer.model_validate_json(text)
            assert all(1 <= n <= len(lines) and row.evidence for row in note.statements for n in row.evidence)
        assert all(f"- {section}:" in prompt.system for section in SECTIONS)
        assert "<" not in prompt.system and ">" not in prompt.system


def schema(**properties: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties}


def test_fields_of_every_kind(tmp_path: Path) -> None:
    path = tmp_path / "fields.json"
    path.write_text(
        json.dumps(
            schema(
                disposition={"enum": ["solved", "open"], "description": "How it ended"},
                product={"type": "string"},
                amount={"type": "number"},
                cases={"type": "integer"},
                callback={"type": "boolean"},
            )
            | {"required": ["disposition"], "additionalProperties": False, "title": "Ours"}
        )
    )
    assert read_fields(path) == (
        NoteField("disposition", "choice", "How it ended", ("solved", "open")),
        NoteField("product", "text"),
        NoteField("amount", "number"),
        NoteField("cases", "number"),
        NoteField("callback", "boolean"),
    )
    assert read_fields(None) == ()


@pytest.mark.parametrize(
    "found",
    [
        [],
        {"type": "array"},
        schema(),
        {"type": "object", "properties": []},
        schema(a={"type": "string"}) | {"anyOf": []},
        schema(a={"type": "array"}),
        schema(a={"type": ["string", "null"]}),
        schema(a={"type": "string", "pattern": "x"}),
        schema(a={"$ref": "#/x"}),
        schema(a={"enum": []}),
        schema(a={"enum": ["x", "x"]}),
        schema(a={"enum": ["x", 1]}),
        schema(a={"enum": ["x"], "type": "number"}),
        schema(a={"type": "string", "description": 7}),
        schema(a="string"),
        schema(**{"no spaces": {"type": "string"}}),
        schema(**{f"f{i}": {"type": "string"} for i in range(31)}),
    ],
)
def test_what_else_a_schema_says_is_refused_in_one_line(tmp_path: Path, found: object) -> None:
    path = tmp_path / "fields.json"
    path.write_text(json.dumps(found))
    with pytest.raises(ConfigError) as raised:
        read_fields(path)
    assert str(raised.value).startswith(str(path))
    assert "\n" not in str(raised.value)


def test_files_that_are_no_schema(tmp_path: Path) -> None:
    (tmp_path / "bad").write_bytes(b"\xff{")
    with pytest.raises(ConfigError, match="cannot be read"):
        read_fields(tmp_path / "none")
    with pytest.raises(ConfigError, match="expected a JSON Schema"):
        read_fields(tmp_path / "bad")
