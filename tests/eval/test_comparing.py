"""Two runs beside each other: what changed, and which runs cannot be compared."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from eval.cli import app
from pipeline.formats.call_json import write_call
from tests.eval.scored import call, said

HEARD = [said("S1", "red green blue", 0.0), said("S2", "apple bear", 2.0)]
ROWS = [("A", "red green blue", 0.0), ("B", "apple pear", 2.0)]


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Two calls of five words each with references; hypotheses in `hyp`."""
    folder, hyp = tmp_path / "data", tmp_path / "hyp"
    folder.mkdir()
    hyp.mkdir()
    rows = [{"speaker": who, "text": text, "start": at, "end": at + 1} for who, text, at in ROWS]
    for name in ("one", "two"):
        (folder / f"{name}.wav").write_bytes(name.encode())
        (folder / f"{name}.json").write_text(json.dumps({"segments": rows}))
        (hyp / f"{name}.json").write_text(write_call(call(name, HEARD)))
    return tmp_path


def run(data: Path, command: str, name: str) -> Path:
    path = data / name
    result = CliRunner().invoke(
        app, [command, str(data / "data"), "--hyp", str(data / "hyp"), "--json", str(path)]
    )
    assert result.exit_code == 0, result.output
    return path


def compare(*arguments: str | Path) -> tuple[int, str, list[str]]:
    result = CliRunner().invoke(app, ["compare", *map(str, arguments)])
    return result.exit_code, result.stdout, result.stderr.splitlines()


def test_words_of_two_runs(data: Path) -> None:
    before = run(data, "asr", "before.json")
    (data / "hyp" / "one.json").write_text(write_call(call("one", HEARD[:1])))
    after = run(data, "asr", "after.json")
    files = ["--json", data / "c.json", "--csv", data / "c.csv"]
    code, told, _ = compare(before, after, *files)
    assert code == 0
    assert "+0.0000 to +0.2000" in told
    found = json.loads((data / "c.json").read_text())
    assert (found["of"], found["n_given"], found["n_scored"]) == ("asr", [2, 2], 2)
    wer = found["total"]["WER"]
    assert (wer["first"], wer["second"], wer["difference"]["n"]) == (0.2, pytest.approx(0.3), 2)
    assert wer["difference"]["difference"] == pytest.approx(0.1)
    rows = {row["call"]: row for row in csv.DictReader((data / "c.csv").read_text().splitlines())}
    assert float(rows["data/one.wav"]["WER_difference"]) == pytest.approx(0.2)
    assert float(rows["data/two.wav"]["WER_difference"]) == 0
    assert told.count("data/one.wav") == 1
    assert "data/two.wav" not in told


def test_speakers_of_two_runs(data: Path) -> None:
    before = run(data, "speakers", "before.json")
    (data / "hyp" / "two.json").write_text(write_call(call("two", HEARD[:1])))
    code, told, _ = compare(before, run(data, "speakers", "after.json"))
    assert code == 0
    row = next(line for line in told.splitlines() if " DER " in line and "│" in line)
    assert [cell.strip() for cell in row.split("│")][2:5] == ["0.0000", "0.2500", "+0.2500"]


def test_only_calls_of_both_runs_count(data: Path) -> None:
    before = run(data, "asr", "before.json")
    (data / "data" / "two.wav").unlink()
    code, told, _ = compare(before, run(data, "asr", "after.json"))
    assert code == 0
    assert "1 in both, of 2 and 1" in told


def changed(path: Path, name: str, change: dict[str, Any]) -> Path:
    found = json.loads(path.read_text())
    for key, value in change.items():
        *outer, last = key.split(".")
        inner: Any = found
        for part in outer:
            inner = inner[int(part)] if isinstance(inner, list) else inner[part]
        inner[int(last) if isinstance(inner, list) else last] = value
    other = path.with_name(name)
    other.write_text(json.dumps(found))
    return other


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"command": "speakers"}, "only results of one command can be compared"),
        ({"command": "secrets"}, "results of 'secrets' have no calls to compare"),
        ({"command": None}, "results of None have no calls to compare"),
        ({"schema": "other/1"}, "expected a result of `wrapup eval` (wrapup.eval/1)"),
        ({"provenance.normalizer": "other/1"}, "was scored with normalizer whisper-en/1, "),
        ({"calls.0.reference_sha256": "0"}, "have other references of data/one.wav"),
        ({"calls": []}, "no call is in both"),
        ({"calls": 3}, "calls: expected a row a call"),
        ({"calls.0.call": 3}, "calls[0].call: expected a text"),
        ({"calls.1.call": "data/one.wav"}, "data/one.wav is there twice, and cannot be paired"),
        ({"calls.0.wer": 3}, "data/one.wav: wer: expected counts"),
        ({"calls.0.wer.errors": -1}, "wer.errors: expected a number that is not negative, found -1"),
        ({"calls.0.wer.length": True}, "wer.length: expected a number that is not negative, found true"),
    ],
)
def test_runs_that_cannot_be_compared(data: Path, change: dict[str, Any], message: str) -> None:
    before = run(data, "asr", "before.json")
    code, _, told = compare(before, changed(before, "after.json", change))
    assert code == 2
    assert len(told) == 1
    assert message in told[0]


def test_a_file_that_is_no_result(data: Path) -> None:
    (data / "before.json").write_text("[]")
    code, _, told = compare(data / "before.json", data / "none.json")
    assert (code, len(told)) == (2, 1)
    assert "before.json: expected a result of `wrapup eval`" in told[0]


def test_metrics_that_a_run_lacks_are_left_out(data: Path) -> None:
    before = run(data, "asr", "before.json")
    after = changed(before, "after.json", {"calls.0.cpwer": None, "calls.1.cpwer": None})
    code, told, _ = compare(before, after)
    assert code == 0
    row = next(line for line in told.splitlines() if "cpWER" in line)
    assert [cell.strip() for cell in row.split("│")][2:7] == ["-", "-", "-", "-", "-"]


def notes(*systems: str) -> dict[str, Any]:
    """A result of notes: two calls with a note of every system and a baseline; later ones score more."""
    rows = [
        {
            "call": name,
            "system": system,
            "baseline": system == "LEAD-3",
            "reference_sha256": "r",
            **dict.fromkeys(("rouge1", "rouge2", "rougeL", "rougeLsum"), (place + 1) / 10),
            "grounding": {"statements": 4, "contradicted": place, "not_found": 0},
            "words": 20,
        }
        for name in ("a", "b")
        for place, system in enumerate(("LEAD-3", *systems))
    ]
    return {"schema": "wrapup.eval/1", "command": "notes", "calls": rows, "provenance": {"scorer": "r/1"}}


def test_one_summarizer_in_each_run_is_a_pair(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text(json.dumps(notes("old")))
    (tmp_path / "b.json").write_text(json.dumps(notes("other", "new")))
    code, _, told = compare(tmp_path / "a.json", tmp_path / "b.json")
    assert code == 2
    assert "no summarizer is in both runs, and it is not one in each: old and other, new" in told[0]
    (tmp_path / "b.json").write_text(json.dumps(notes("new")))
    code, shown, _ = compare(tmp_path / "a.json", tmp_path / "b.json", "--calls", "0")
    assert code == 0
    assert "2 in both, of 4 and 4" in shown
    (tmp_path / "b.json").write_text(json.dumps(notes("new", "old")))
    code, _, _ = compare(tmp_path / "a.json", tmp_path / "b.json", "--json", tmp_path / "c.json")
    found = json.loads((tmp_path / "c.json").read_text())
    assert [row["call"] for row in found["calls"]] == ["a, old", "b, old"]
    assert found["total"]["ROUGE-1"]["difference"]["difference"] == pytest.approx(0.1)
    assert found["total"]["contradicted"]["difference"]["difference"] == pytest.approx(0.25)
    drawn = found["total"]["ROUGE-1"]["difference"]
    assert (drawn["second_lower_share"], "better_share" in drawn) == (0.0, False)
