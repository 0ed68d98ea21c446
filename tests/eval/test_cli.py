from __future__ import annotations

import csv
import json
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace

import pytest
from typer.testing import CliRunner

from eval.cli import app
from models.errors import EngineError
from pipeline.formats.call_json import CallDocument, write_call
from pipeline.formats.segments import Segment
from tests.eval.scored import call, said

REFERENCE = [("A", "red green blue", 0.0), ("B", "apple pear", 2.0)]
TOTAL = re.compile(r"\btotal\b")
HEARD = [said("S1", "red green blue", 0.0), said("S2", "apple bear", 2.0)]


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Two calls with references, one without, one whose reference is broken; hypotheses in `hyp`."""
    folder, hyp = tmp_path / "data", tmp_path / "hyp"
    folder.mkdir()
    hyp.mkdir()
    rows = [{"speaker": who, "text": text, "start": at, "end": at + 1} for who, text, at in REFERENCE]
    for name in ("one", "two", "bare", "broken"):
        (folder / f"{name}.wav").write_bytes(name.encode())
    for name in ("one", "two"):
        (folder / f"{name}.json").write_text(json.dumps({"segments": rows}))
        (hyp / f"{name}.json").write_text(write_call(call(name, HEARD)))
    (folder / "broken.json").write_text("{")
    return tmp_path


def test_asr_scores_what_can_be_scored(data: Path) -> None:
    result = CliRunner().invoke(
        app, ["asr", str(data / "data"), "--hyp", str(data / "hyp"), "--json", str(data / "r.json")]
    )
    assert result.exit_code == 2
    assert "2 of 4 files scored, 1 skipped, 1 failed" in result.stdout
    assert "bare.wav: no reference beside it (looked for bare.json, bare.stm)" in result.stdout
    assert result.stderr.splitlines() == [f"wrapup: {data / 'data' / 'broken.json'}, line 1: expected JSON"]
    found = json.loads((data / "r.json").read_text())
    assert found["total"]["wer"] == {
        "errors": 2, "deletions": 0, "insertions": 0, "substitutions": 2, "length": 10, "rate": 0.2
    }  # fmt: skip
    assert found["total"]["wder"] == {"wrong": 0, "words": 10, "rate": 0.0}
    assert [each["call"] for each in found["calls"]] == ["data/one.wav", "data/two.wav"]
    assert [found[name] for name in ("n_given", "n_scored", "n_skipped", "n_failed")] == [4, 2, 1, 1]
    assert found["provenance"]["asr"] == ["scripted:1"]
    assert found["provenance"]["normalizer"] == "whisper-en/1"
    assert set(found["provenance"]["libraries"]) == {"jiwer", "meeteval", "whisper_normalizer"}
    assert "cpWER needs" not in result.stdout
    assert not list(data.glob(".r.json*"))


def test_results_hold_no_words_and_are_the_same_again(data: Path) -> None:
    arguments = ["asr", str(data / "data"), "--hyp", str(data / "hyp"), "--json"]
    outputs = [
        CliRunner().invoke(app, [*arguments, str(data / name)]).output for name in ("a.json", "b.json")
    ]
    assert outputs[0] == outputs[1]
    assert (data / "a.json").read_bytes() == (data / "b.json").read_bytes()
    for text in (outputs[0], (data / "a.json").read_text()):
        assert not {"green", "apple", "bear"} & set(text.replace('"', " ").split())


def test_speakers(data: Path) -> None:
    (data / "hyp" / "two.json").unlink()
    (data / "data" / "broken.json").unlink()
    files = ["--json", str(data / "r.json"), "--csv", str(data / "r.csv")]
    result = CliRunner().invoke(
        app,
        ["speakers", str(data / "data"), "--hyp", str(data / "hyp"), *files],
    )
    assert result.exit_code == 0
    assert "no two.json in the folder of --hyp" in result.stdout
    found = json.loads((data / "r.json").read_text())
    assert found["total"]["der"] == {
        "missed_s": 0.0, "false_alarm_s": 0.0, "confusion_s": 0.0, "total_s": 2.0, "rate": 0.0
    }  # fmt: skip
    assert found["total"]["der_collar_0.25"]["total_s"] == 1.0
    assert (found["n_scored"], found["n_skipped"]) == (1, 3)
    (row,) = csv.DictReader((data / "r.csv").read_text().splitlines())
    assert row["call"] == "data/one.wav"
    assert (row["reference_speakers"], row["der_collar_0.25_total_s"]) == ("2", "1.0")


def test_masked_values_are_told(data: Path) -> None:
    (data / "hyp" / "one.json").write_text(write_call(call("one", HEARD, masked=3)))
    result = CliRunner().invoke(app, ["asr", str(data / "data" / "one.wav"), "--hyp", str(data / "hyp")])
    assert result.exit_code == 0
    assert "3 masked values in these calls count as errors" in result.stdout


def test_without_meeteval_all_but_cpwer_is_scored(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("meeteval", "meeteval.wer"):
        monkeypatch.setitem(sys.modules, module, None)
    (data / "data" / "broken.json").unlink()
    result = CliRunner().invoke(
        app, ["asr", str(data / "data"), "--hyp", str(data / "hyp"), "--json", str(data / "r.json")]
    )
    assert result.exit_code == 0
    assert result.stdout.count("cpWER needs the package meeteval: make install EXTRA=cpwer") == 1
    cells = [cell.strip() for cell in next(filter(TOTAL.search, result.stdout.splitlines())).split("│")]
    assert cells[3:-1] == ["10", "0", "0", "2", "0.200", "-", "-", "0 of 10", "0.000"]
    found = json.loads((data / "r.json").read_text())
    assert found["total"]["cpwer"] is None
    assert [each["cpwer"] for each in found["calls"]] == [None, None]
    assert set(found["provenance"]["libraries"]) == {"jiwer", "whisper_normalizer"}


def test_transcribing_in_memory(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[str, str | None, str | None]] = []

    @contextmanager
    def scoring(asr: str | None, diarizer: str | None) -> Iterator[Callable[[Path], CallDocument]]:
        def transcribe(path: Path) -> CallDocument:
            asked.append((path.stem, asr, diarizer))
            if path.stem == "one":
                raise EngineError(f"{path}: the engine gave up")
            heard: list[Segment] = HEARD
            return call(path.stem, heard)

        yield transcribe

    monkeypatch.setitem(sys.modules, "pipeline.app", SimpleNamespace(scoring=scoring))
    before = sorted(data.rglob("*"))
    result = CliRunner().invoke(app, ["asr", str(data / "data"), "--asr", "scripted", "--diarizer", "none"])
    assert result.exit_code == 2
    assert asked == [("one", "scripted", "none"), ("two", "scripted", "none")]
    assert "1 of 4 files scored, 1 skipped, 2 failed" in result.stdout
    assert f"wrapup: {data / 'data' / 'one.wav'}: the engine gave up" in result.stderr
    assert sorted(data.rglob("*")) == before


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["bare.wav", "--hyp", "hyp"], "nothing was scored: no file has a reference that this needs"),
        (["bare.wav", "--hyp", "none"], "no such folder"),
        (["bare.wav", "--hyp", "hyp", "--asr", "moonshine"], "leave out --asr and --diarizer"),
        (["none.wav", "--hyp", "hyp"], "no such file or folder"),
        (
            ["one.wav", "--hyp", "hyp", "--json", "no/folder/r.json"],
            "cannot be written: No such file or directory",
        ),
    ],
)
def test_one_line_and_exit_code_2(
    data: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], message: str
) -> None:
    monkeypatch.chdir(data)
    result = CliRunner().invoke(app, ["asr", f"data/{arguments[0]}", *arguments[1:]])
    assert result.exit_code == 2
    assert len(result.stderr.splitlines()) == 1
    assert message in result.stderr
