"""`wrapup models` as a user meets it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import typer
from huggingface_hub import constants
from typer.testing import CliRunner

from models import catalogue
from models.errors import WrapupError
from pipeline.commands import BAD_INPUT, in_words, models, one_line_errors
from pipeline.commands.models import models_app
from tests.models.weights_server import CONTENT, Behaviour, serve, sums_text, weights

RUNNER = CliRunner()


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("WRAPUP_WEIGHTS", str(tmp_path / "weights"))
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "hub"))
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    return tmp_path / "weights"


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(models, "find", lambda name: weights(name=name, gated=name.startswith("pyannote")))


def test_the_list_shows_embedded_and_pullable_weights() -> None:
    result = RUNNER.invoke(models_app, ["list"])
    assert result.exit_code == 0
    lines = {line.split()[0]: line for line in result.stdout.splitlines()}
    assert {row.name for row in catalogue.pullable()} < set(lines)
    assert "package, moonshine-voice" in lines["moonshine:tiny-en"]
    assert "gated" in lines["pyannote:community-1"]
    assert "about 33 MB" in lines["pyannote:community-1"]
    assert lines["faster-whisper:small.en"].rstrip().endswith("no")


def test_the_list_as_json_has_what_the_table_has_and_the_path(folder: Path) -> None:
    row = catalogue.find("faster-whisper:tiny.en")
    for name in row.files:
        path = folder / "faster-whisper" / "tiny.en" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x")
    rows = {one["name"]: one for one in json.loads(RUNNER.invoke(models_app, ["list", "--json"]).stdout)}
    tiny = rows["faster-whisper:tiny.en"]
    assert (tiny["place"], tiny["path"]) == ("wrapup", str(folder / "faster-whisper" / "tiny.en"))
    assert (tiny["licence"], tiny["size_bytes"], tiny["embedded"]) == ("MIT", 78_090_594, False)
    assert rows["silero:v6"]["embedded"]
    assert rows["pyannote:community-1"]["path"] is None


def test_an_embedded_row_whose_package_is_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(models, "installed", list)
    line = next(x for x in RUNNER.invoke(models_app, ["list"]).stdout.splitlines() if "silero:v6" in x)
    assert "unknown" in line


@pytest.mark.usefixtures("small")
def test_pull_says_size_and_licence_before_anything_else(folder: Path) -> None:
    files = {f"faster-whisper/test/{name}": data for name, data in CONTENT.items()}
    files["faster-whisper/test/SHA256SUMS"] = sums_text(dict(CONTENT)).encode()
    with serve(Behaviour(files)) as address:
        result = RUNNER.invoke(models_app, ["pull", "faster-whisper:test", "--from", address])
    lines = result.stdout.splitlines()
    assert lines[0] == "faster-whisper:test: 1 MB, licence MIT"
    assert lines[1].startswith(f"from {address}: someone/test at revision cccccccccccc")
    assert lines[-1] == f"ready: {folder / 'faster-whisper' / 'test'}"
    assert result.exit_code == 0


@pytest.mark.usefixtures("small")
def test_a_failed_pull_has_said_size_and_licence_and_ends_in_one_line() -> None:
    with serve(Behaviour()) as address:
        result = RUNNER.invoke(models_app, ["pull", "faster-whisper:test", "--from", address])
    assert "licence MIT" in result.stdout
    assert result.stderr.startswith("wrapup: ")
    assert result.stderr.count("\n") == 1
    assert result.exit_code == BAD_INPUT


@pytest.mark.usefixtures("small")
def test_a_gated_pull_says_beforehand_what_it_needs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(models, "pull_weights", lambda row, source=None: Path("somewhere"))
    result = RUNNER.invoke(models_app, ["pull", "pyannote:test"])
    assert "accepted the publisher's conditions" in result.stdout
    assert "HF_TOKEN" in result.stdout
    assert result.stdout.splitlines()[-1] == "ready: somewhere"


def test_what_another_program_fetched_is_not_pulled_again(tmp_path: Path) -> None:
    row = catalogue.find("faster-whisper:tiny.en")
    assert isinstance(row, catalogue.Weights)
    repository = f"models--{row.repository.replace('/', '--')}"
    snapshot = tmp_path / "hub" / repository / "snapshots" / row.revision
    snapshot.mkdir(parents=True)
    for name in row.files:
        (snapshot / name).write_bytes(b"x")
    result = RUNNER.invoke(models_app, ["pull", row.name])
    assert result.stdout.splitlines()[-1] == f"already here: {snapshot}"


def test_pulling_embedded_weights_does_nothing() -> None:
    result = RUNNER.invoke(models_app, ["pull", "silero:v6"])
    assert result.exit_code == 0
    assert "nothing to pull" in result.stdout


@pytest.mark.parametrize("command", ["pull", "path"])
def test_an_unknown_name_is_one_line_and_code_2(command: str) -> None:
    result = RUNNER.invoke(models_app, [command, "faster-whisper:smal"])
    assert result.exit_code == BAD_INPUT
    assert result.stderr.count("\n") == 1
    assert "faster-whisper:small" in result.stderr


def test_path_prints_the_folder_alone() -> None:
    result = RUNNER.invoke(models_app, ["path", "silero:v6"])
    assert result.exit_code == 0
    assert (Path(result.stdout.strip()) / "silero_vad_v6.onnx").is_file()


def test_path_of_missing_weights_names_the_remedy() -> None:
    result = RUNNER.invoke(models_app, ["path", "faster-whisper:small"])
    assert result.exit_code == BAD_INPUT
    assert "wrapup models pull faster-whisper:small" in result.stderr
    assert result.stdout == ""


def test_errors_of_other_kinds_are_not_hidden(capsys: pytest.CaptureFixture[str]) -> None:
    @one_line_errors
    def command(error: Exception) -> None:
        raise error

    with pytest.raises(typer.Exit) as caught:
        command(WrapupError("two\nlines"))
    assert caught.value.exit_code == BAD_INPUT
    assert capsys.readouterr().err == "wrapup: two lines\n"
    with pytest.raises(ZeroDivisionError):
        command(ZeroDivisionError())


@pytest.mark.parametrize(("size", "words"), [(1, "1 MB"), (486_098_798, "486 MB"), (1_516_479_628, "1.5 GB")])
def test_sizes_in_words(size: int, words: str) -> None:
    assert in_words(size) == words
