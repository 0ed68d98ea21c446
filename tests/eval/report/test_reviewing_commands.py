"""`wrapup eval reviews` and `drift`: what they print and leave, and what they refuse."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from eval.cli import app
from eval.reviews.columns import ReviewWriter
from tests.eval.report.conftest import GROWING


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of reviews."""
    made = tmp_path_factory.mktemp("reviews") / "growing"
    with ReviewWriter(made, {"source": "a test"}) as writer:
        writer.add(GROWING)
    return made


def run(*words: object) -> Result:
    return CliRunner().invoke(app, [str(word) for word in words])


def test_the_report_in_every_form(folder: Path, tmp_path: Path) -> None:
    paths = {name: tmp_path / f"report.{name}" for name in ("json", "csv", "html")}
    options = [word for name, path in paths.items() for word in (f"--{name}", path)]
    done = run("reviews", folder, "--by", "team, queue", *options)
    assert done.exit_code == 0, done.output
    headline = done.stdout.splitlines()[0]
    assert headline.startswith("NMN rate 89.3 % [")
    found = json.loads(paths["json"].read_text("utf-8"))
    assert (found["schema"], found["headline"]) == ("wrapup.eval/1", headline)
    assert set(found["slices"]) == {"team", "queue"}
    assert found["provenance"]["sources"][0]["source"] == "a test"
    with paths["csv"].open(encoding="utf-8") as file:
        rows = {(row["panel"], row["milestone"], row["metric"]): row for row in csv.DictReader(file)}
    assert len(rows) == 2 * 3 * 7
    assert (rows["all", "60", "nmn"]["successes"], rows["all", "60", "nmn"]["trials"]) == ("300", "336")
    assert headline in paths["html"].read_text("utf-8")


def test_one_panel_and_other_windows(folder: Path) -> None:
    done = run("reviews", folder, "--panel", "fixed", "--milestones", "0,20", "--window-days", "3")
    assert done.exit_code == 0, done.output
    assert "19 to 21" in done.stdout
    assert "Those who saved a note in every window" in done.stdout
    assert "All associates" not in done.stdout


@pytest.mark.parametrize("metric", ["nmn", "material", "severe"])
def test_drift_in_every_form(folder: Path, tmp_path: Path, metric: str) -> None:
    paths = {name: tmp_path / f"drift.{name}" for name in ("json", "csv", "html")}
    options = [word for name, path in paths.items() for word in (f"--{name}", path)]
    done = run("drift", folder, "--metric", metric, *options)
    assert done.exit_code == 0, done.output
    found = json.loads(paths["json"].read_text("utf-8"))
    assert found["day_0"] == "2026-03-02"
    assert [day["day"] for day in found["days"]] == list(range(64))
    with paths["csv"].open(encoding="utf-8") as file:
        assert len(list(csv.DictReader(file))) == 64
    assert "<svg" in paths["html"].read_text("utf-8")


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--clock", "moon"], "--clock is associate, rollout, version"),
        (["--panel", "some"], "--panel is all, fixed or both"),
        (["--milestones", "zero"], "--milestones are days"),
        (["--milestones", "0,5"], "overlap"),
        (["--by", "mood"], "'mood'"),
    ],
)
def test_options_that_cannot_be_are_one_line(folder: Path, options: list[str], told: str) -> None:
    done = run("reviews", folder, *options)
    assert done.exit_code == 2
    assert told in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


def test_a_folder_that_holds_no_reviews_is_one_line(tmp_path: Path) -> None:
    for command in ("reviews", "drift"):
        done = run(command, tmp_path)
        assert done.exit_code == 2
        assert "wrapup eval import" in done.stderr
    assert run("drift", tmp_path, "--metric", "mood").exit_code == 2
