"""What the README documents is what there is."""

from __future__ import annotations

import re
import subprocess
from typing import get_args

import pytest
import typer.main

from models.registry import KINDS, names
from pipeline.cli import app
from pipeline.config import OTHER_VARIABLES, setting_names
from pipeline.core.events import Event
from pipeline.formats.writers import WRITERS
from tests.conftest import ROOT

README = (ROOT / "README.md").read_text(encoding="utf-8")
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")


def test_every_configuration_key_is_documented() -> None:
    assert [key for key in setting_names() if f"`{key}`" not in README] == []
    assert [name for name in OTHER_VARIABLES if f"`{name}`" not in README] == []


def test_every_variable_that_the_code_names_is_known() -> None:
    files = [
        path for folder in ("models", "pipeline", "eval", "tests") for path in (ROOT / folder).rglob("*.py")
    ]
    named = {name for path in files for name in re.findall(r"environ[^\n]*?(WRAPUP_\w+)", path.read_text())}
    assert named <= OTHER_VARIABLES
    assert "WRAPUP_REAL_AUDIO" in named


def test_every_engine_is_documented() -> None:
    engines = [(kind, name) for kind in KINDS for name in names(kind)]
    assert [row for row in engines if not re.search(rf"\| {row[0]} \| `{row[1]}", README)] == []


def test_every_event_is_documented() -> None:
    assert [event.__name__ for event in get_args(Event) if f"`{event.__name__}`" not in README] == []


def test_every_command_is_documented_and_every_documented_one_is_there() -> None:
    commands = set(typer.main.get_command(app).commands) | {"eval"}  # type: ignore[attr-defined]
    documented = set(re.findall(r"wrapup ([a-z]+)", README))
    assert commands <= documented
    assert {name for name in documented if name in commands} == commands


def test_every_format_is_documented() -> None:
    assert [name for name in WRITERS if name not in README.lower()] == []


@pytest.mark.parametrize("target", sorted(set(re.findall(r"`?make ([a-z-]+)", README))))
def test_documented_targets_are_there_and_explained(target: str) -> None:
    shown = subprocess.run(
        ["make", "-s", "-C", str(ROOT), "help"], capture_output=True, text=True, check=True
    )
    assert re.search(rf"make {target} ", shown.stdout)
    assert f"\n{target}:" in MAKEFILE
