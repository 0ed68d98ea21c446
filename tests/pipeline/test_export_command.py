"""`wrapup export`: what is kept, as lines; one line of complaint where nothing can be read."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from pipeline.cli import app
from pipeline.store.store import Store
from pipeline.store.vault import open_vault
from tests.pipeline.store.stories import whole_call

SECTION = '[store]\nurl = "sqlite:///kept/wrapup.db"\nkey_file = "kept/key"\n'


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working folder with a configuration."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "wrapup.toml").write_text(SECTION)
    return tmp_path


@pytest.fixture
def kept(folder: Path) -> Path:
    """Two calls in its store."""
    store = Store.open("sqlite:///kept/wrapup.db", open_vault(Path("kept/key")))
    store.write([*whole_call("late", 20, day=2), *whole_call("early", 1)])
    store.close()
    return folder


def export(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["export", *arguments])


def ids(result: Result) -> list[str]:
    return [json.loads(line)["call_id"] for line in result.stdout.splitlines()]


def test_calls_come_as_lines_by_the_time_they_began(kept: Path) -> None:
    result = export()
    assert (result.exit_code, result.stderr) == (0, "")
    assert ids(result) == ["early", "late"]
    first = json.loads(result.stdout.splitlines()[0])
    assert [word["text"] for word in first["events"][0]["words"]][:2] == ["heliotrope", "marmalade"]


def test_some_of_them(kept: Path) -> None:
    assert ids(export("--since", "2026-03-02")) == ["late"]
    assert ids(export("--since", "2026-03-01T10:30:00+01:00")) == ["early", "late"]
    assert ids(export("--since", "2026-03-01T09:31")) == ["late"]
    assert ids(export("--call", "late", "--call", "early")) == ["early", "late"]


def test_a_call_that_is_not_there_is_named_and_the_others_come(kept: Path) -> None:
    result = export("--call", "early", "--call", "none")
    assert ids(result) == ["early"]
    assert (result.exit_code, result.stderr) == (2, "wrapup: --call none: no such call\n")
    result = export("--call", "early", "--since", "2026-03-02")
    assert (result.exit_code, result.stderr) == (2, "wrapup: --call early: no such call since then\n")


def test_reading_makes_nothing(folder: Path) -> None:
    result = export()
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr == "wrapup: store.url: no database at kept/wrapup.db\n"
    assert [path.name for path in folder.iterdir()] == ["wrapup.toml"]


def test_without_its_key_nothing_is_read_and_none_is_made(kept: Path) -> None:
    Path("kept/key").unlink()
    result = export()
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr == "wrapup: store.key_file: no key at kept/key\n"
    assert not Path("kept/key").exists()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ("encrypt = false\n", "written with encryption; set store.encrypt = true"),
        ('url = "mysql://host/name"\n', "store.url: expected a file"),
    ],
)
def test_what_cannot_be_opened_is_one_line(kept: Path, change: str, message: str) -> None:
    key = change.split(" ", maxsplit=1)[0]
    lines = [line for line in SECTION.splitlines(keepends=True) if not line.startswith(key)]
    Path("wrapup.toml").write_text("".join(lines) + change)
    result = export()
    assert (result.exit_code, result.stdout) == (2, "")
    assert message in result.stderr
    assert result.stderr.count("\n") == 1


def test_a_date_that_is_none(folder: Path) -> None:
    result = export("--since", "yesterday")
    assert result.exit_code == 2
    assert result.stderr == (
        "wrapup: --since yesterday: expected a date such as 2026-03-01 or 2026-03-01T09:30\n"
    )
