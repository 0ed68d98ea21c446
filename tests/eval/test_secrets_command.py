"""`wrapup eval secrets`: tables, JSON, processes, and what it refuses."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from eval.cli import app
from eval.secrets.items import ENTITIES
from eval.secrets.report import Plan
from eval.secrets.running import items_of, run
from models.errors import ConfigError

TALK = {"turns": [{"speaker": "A", "text": "my card number is 4111 1111 1111 1111 and so on"}]}


def secrets(*options: str) -> tuple[int, str, str]:
    done = CliRunner().invoke(app, ["secrets", *options])
    return done.exit_code, done.stdout, done.stderr


def measured(tmp_path: Path, *options: str) -> dict[str, Any]:
    code, _, told = secrets(*options, "--json", str(tmp_path / "r.json"))
    assert (code, told) == (0, "")
    found: dict[str, Any] = json.loads((tmp_path / "r.json").read_text())
    return found


def test_tables_and_json_tell_the_same(tmp_path: Path) -> None:
    (tmp_path / "talk").mkdir()
    (tmp_path / "talk" / "one.jsonl").write_text(json.dumps(TALK) + "\n")
    options = ["--items", "8", "--entity", "card", "--entity", "pin", "--baseline", "regex"]
    options += ["--transcripts", str(tmp_path / "talk"), "--examples", "2"]
    code, printed, _ = secrets(*options)
    assert code == 0
    for title in ("Spoken secrets", "Ordinary talk", "regex masked: 1 card"):
        assert title in printed
    found = measured(tmp_path, *options)
    assert found["schema"] == "wrapup.eval/1"
    assert found["entities"] == ["card", "pin"]
    rows = {(row["entity"], row["mask"]): row for row in found["by_entity"]}
    assert set(rows) == {(entity, mask) for entity in ("card", "pin") for mask in ("wrapup", "regex")}
    assert all(row["items"] == 8 for row in rows.values())
    # PINs of four spoken digits: the patterns find none of them.
    assert rows["pin", "regex"]["rate"] == 1.0
    total = found["total"]["regex"]
    assert (total["items"], total["leaks"]) == (16, 8 + rows["card", "regex"]["leaks"])
    by_style = [row for row in found["parts"] if row["axis"] == "style" and row["mask"] == "regex"]
    assert sum(row["leaks"] for row in by_style) == total["leaks"]
    assert found["talk"][0] == {
        "set": "talk", "mask": "wrapup", "words": 11, "stretches": 1, "hidden": 4, "true_kind": 4, "shown": 0,
         "in_vain_per_1000": 0.0,
    }  # fmt: skip


def test_the_same_items_give_the_same_result_in_any_number_of_processes(tmp_path: Path) -> None:
    options = ["--items", "60", "--entity", "card", "--generator", "both"]
    one = measured(tmp_path, *options)
    assert one["total"]["wrapup"]["items"] == 120
    assert measured(tmp_path, *options, "--jobs", "2") == one
    assert measured(tmp_path, *options, "--seed", "2")["parts"] != one["parts"]


def test_a_leaked_item_is_shown_when_asked() -> None:
    plan = Plan(5, 1, ("pin",), ("first",))
    tally = run(items_of(plan.generators, plan.entities, 5, 1), [], ["regex"], 1, lambda _: None)
    assert tally.leaked == []
    assert tally.totals["regex", "pin"].leaks == 5


def test_every_entity_by_default(tmp_path: Path) -> None:
    assert measured(tmp_path, "--items", "1")["entities"] == list(ENTITIES)


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--entity", "shoe_size"], "no entity named 'shoe_size'; there are: card, card_code"),
        (["--generator", "third"], "no generator named 'third'; there are: first, second"),
        (["--baseline", "nothing"], "no redactor named 'nothing'; try one of: presidio"),
        (["--transcripts", "/nowhere"], "/nowhere: no such folder"),
        (
            ["--items", "1", "--entity", "pin", "--json", "/nowhere/r.json"],
            "/nowhere/r.json: cannot be written",
        ),
    ],
)
def test_bad_input_is_one_line(options: list[str], told: str) -> None:
    code, _, errors = secrets(*options)
    assert code == 2
    assert len(errors.splitlines()) == 1
    assert told in errors


def test_without_flite_one_line_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    code, _, errors = secrets("--spoken", "1")
    assert (code, errors) == (2, "wrapup: spoken items need flite: apt-get install flite\n")


def test_an_unknown_generator_is_no_generator() -> None:
    with pytest.raises(ConfigError):
        list(items_of(["third"], ["pin"], 1, 1))


@pytest.mark.flite
@pytest.mark.sample_calls
def test_spoken_items_are_read_back(tmp_path: Path) -> None:
    found = measured(tmp_path, "--spoken", "2", "--entity", "ssn")
    (row,) = found["by_voice"]
    assert (row["entity"], row["items"]) == ("ssn", 2)
    assert row["open"] >= 1
    assert row["heard"] > row["said"] / 2
    assert row["shown"] < row["heard"]


def test_a_baseline_that_is_not_installed_tells_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "models.redactors.presidio", raising=False)
    monkeypatch.setitem(sys.modules, "spacy", None)
    code, _, errors = secrets("--baseline", "presidio", "--items", "1")
    assert code == 2
    assert errors == ("wrapup: redactor 'presidio' needs the package spacy: make install EXTRA=presidio\n")
