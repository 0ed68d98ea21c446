"""`wrapup run` as a user meets it: outcomes, bad input, going on after a stop. The embedded engines run."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner, Result

import pipeline.app
from pipeline.cli import app
from pipeline.formats.call_json import read_call
from tests.pipeline.audio_files import tone, write_audio

SAID = "scripted:I would like to have the fee of thirty dollars back, please."


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def quiet(path: Path, channels: int = 2) -> Path:
    """Line noise that no one speaks over; the channels differ."""
    rng = np.random.default_rng(channels)
    noise = [rng.normal(0, 2e-4, 16_000).astype(np.float32) for _ in range(channels)]
    noise[0] += tone(1.0, 8_000, 300.0, 2e-3).repeat(2)[:16_000]
    return write_audio(path, noise, 8_000)


def wrapup(*arguments: str | Path) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def test_a_call_without_speech(folder: Path) -> None:
    quiet(folder / "quiet.wav")
    result = wrapup("run", "quiet.wav", "--out", "out", "--format", "md,vtt,srt,txt,rttm")
    assert result.exit_code == 0, result.output
    assert sorted(path.suffix for path in (folder / "out").iterdir()) == [
        ".json", ".md", ".rttm", ".srt", ".txt", ".vtt"
    ]  # fmt: skip
    document = read_call(folder / "out" / "quiet.json")
    assert (document.summary.code, document.summary.statements, document.utterances) == ("no_speech", (), ())
    assert [channel.role for channel in document.channels] == ["agent", "customer"]
    assert document.duration_s == 2.0
    assert "quiet" in result.stdout
    assert "no_speech" in result.stdout


def test_bad_files_are_one_line_each_and_the_others_are_done(folder: Path) -> None:
    calls = folder / "calls-in"
    calls.mkdir()
    quiet(calls / "good.wav")
    (calls / "text.wav").write_text("this is no audio at all\n" * 40)
    (calls / "zero.wav").touch()
    write_audio(calls / "six.wav", [tone(0.2, 96_000)] * 6, 96_000)
    cut = quiet(calls / "cut.wav")
    cut.write_bytes(cut.read_bytes()[:20_000])
    (folder / "none").mkdir()
    result = wrapup("run", "calls-in", "none", "nowhere.wav", "--out", "out")
    assert result.exit_code == 2
    lines = [line for line in result.stderr.splitlines() if line.startswith("wrapup: ")]
    for part in (
        "text.wav: not an audio file",
        "zero.wav: the file is empty",
        "six.wav: 6 channels",
        "cut.wav: ends after",
        "none: no audio files",
        "nowhere.wav: no such file",
    ):
        assert len([line for line in lines if part in line]) == 1, part
    assert len(lines) == 6
    assert sorted(path.name for path in (folder / "out").glob("*.json")) == ["cut.json", "good.json"]
    assert read_call(folder / "out" / "cut.json").end.code == "truncated"
    assert not list((folder / "out").glob(".*"))


def test_resume_skips_what_is_done_with_the_same_settings(folder: Path) -> None:
    quiet(folder / "one.wav")
    quiet(folder / "two.wav")
    assert wrapup("run", "one.wav", "--out", "out").exit_code == 0
    kept = folder / "out" / "one.json"
    os.utime(kept, (1, 1))
    assert wrapup("run", "one.wav", "two.wav", "--out", "out", "--resume").exit_code == 0
    assert kept.stat().st_mtime == 1
    assert (folder / "out" / "two.json").exists()
    assert wrapup("run", "one.wav", "--out", "out", "--resume", "--roles", "customer,agent").exit_code == 0
    assert kept.stat().st_mtime != 1
    os.utime(kept, (1, 1))
    kept.write_text("{ half")
    assert wrapup("run", "one.wav", "--out", "out", "--resume").exit_code == 0
    assert read_call(kept).call_id == "one"


def test_resume_knows_a_file_by_its_contents(folder: Path) -> None:
    for name, channels in (("a", 2), ("b", 1)):
        (folder / name).mkdir()
        quiet(folder / name / "call.wav", channels)
    assert wrapup("run", "a", "--out", "out", "--diarizer", "none").exit_code == 0
    first = read_call(folder / "out" / "call.json")
    assert wrapup("run", "b", "--out", "out", "--diarizer", "none", "--resume").exit_code == 0
    second = read_call(folder / "out" / "call.json")
    assert (len(first.channels), len(second.channels)) == (2, 1)
    assert first.provenance.source != second.provenance.source


def test_what_servers_alone_read_is_in_no_document(folder: Path) -> None:
    quiet(folder / "one.wav")
    (folder / "wrapup.toml").write_text('[store]\nurl = "postgresql+psycopg://wrapup:sesame@db/calls"\n')
    assert wrapup("run", "one.wav", "--out", "out").exit_code == 0
    kept = read_call(folder / "out" / "one.json").provenance.config
    assert "endpoint" in kept
    assert not {"server", "store", "live"} & set(kept)


def test_a_file_that_breaks_off_is_told_again_on_resume(folder: Path) -> None:
    cut = quiet(folder / "cut.wav")
    cut.write_bytes(cut.read_bytes()[:20_000])
    for options in ((), ("--resume",)):
        result = wrapup("run", "cut.wav", "--out", "out", *options)
        assert result.exit_code == 2
        assert "cut.wav: ends after" in result.stderr


def test_names_of_any_script_and_length(folder: Path) -> None:
    names = ["客户一.wav", "客户二.wav", "Anruf Nº 7 (neu).wav", "x" * 240 + ".wav"]
    for name in names:
        quiet(folder / name)
    assert wrapup("run", *names, "--out", "out").exit_code == 0
    ids = {path.stem for path in (folder / "out").glob("*.json")}
    assert {"客户一", "客户二"} <= ids
    assert len(ids) == 4


def test_files_of_one_name_get_calls_of_their_own(folder: Path) -> None:
    for name in ("a", "b"):
        (folder / name).mkdir()
        quiet(folder / name / "call.wav")
    assert wrapup("run", "a", "b", "--out", "out").exit_code == 0
    assert sorted(path.name for path in (folder / "out").glob("*.json")) == ["a-call.json", "b-call.json"]


def test_a_disk_that_fills_up_during_the_run(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    quiet(folder / "one.wav")
    answers = iter([None])

    def full(_: int) -> None:
        if next(answers, OSError) is OSError:
            raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    result = wrapup("run", "one.wav", "--out", "out")
    assert result.exit_code == 2
    assert "one.md: cannot be written (No space left on device)" in result.stderr
    assert list((folder / "out").iterdir()) == []


@pytest.mark.parametrize(
    ("link", "out", "reason"),
    [
        ("/dev/full", "out", "No space left on device"),
        ("/nowhere/at/all", "out", "No such file or directory"),
        (None, "one.wav", "not a folder"),
        (None, "one.wav/out", "Not a directory"),
    ],
)
def test_an_output_that_cannot_be_written_is_told_before_any_work(
    folder: Path, monkeypatch: pytest.MonkeyPatch, link: str | None, out: str, reason: str
) -> None:
    quiet(folder / "one.wav")
    if link is not None:
        (folder / out).mkdir()
        (folder / out / f".wrapup.{os.getpid()}.part").symlink_to(link)

    def opened(_: object) -> None:
        raise AssertionError("no engine is opened for results that have no place")

    monkeypatch.setattr(pipeline.app, "open_engines", opened)
    result = wrapup("run", "one.wav", "--out", out)
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr == f"wrapup: {out}: results cannot be written there ({reason})\n"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--asr", "moonshin"), "no asr named 'moonshin'; try one of: moonshine"),
        (("--format", "json,docx"), "--format docx: expected any of json,md,vtt,srt,txt,rttm"),
        (("--roles", "agent,boss"), "configuration key 'roles.1'"),
        (("--roles", "agent"), "2 channels but 1 roles given"),
    ],
)
def test_wrong_options(folder: Path, arguments: tuple[str, ...], message: str) -> None:
    quiet(folder / "one.wav")
    result = wrapup("run", "one.wav", *arguments)
    assert result.exit_code == 2
    assert message in result.stderr
    assert "Traceback" not in result.output


def test_a_misspelled_variable(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    quiet(folder / "one.wav")
    monkeypatch.setenv("WRAPUP_SUMARIZER", "none")
    result = wrapup("run", "one.wav")
    assert result.exit_code == 2
    (line,) = result.stderr.splitlines()
    assert line.startswith(
        "wrapup: variable WRAPUP_SUMARIZER: no such setting; the nearest are WRAPUP_SUMMARIZER"
    )
    assert not (folder / "calls").exists()


def test_the_schema_is_json() -> None:
    import json

    result = wrapup("schema")
    assert result.exit_code == 0
    assert json.loads(result.stdout)["properties"]["schema"]["const"] == "wrapup.call/1"


def test_a_note_that_stands_in_is_told_and_has_its_writers_version(folder: Path) -> None:
    call = Path(__file__).parents[2] / "sample_calls" / "01-overdraft-refund.flac"
    # Nobody listens there.
    model = "openai:m@http://127.0.0.1:9/v1"
    result = wrapup("run", call, "--out", "out", "--asr", SAID, "--summarizer", model)
    assert result.exit_code == 0, result.output
    assert "embedded" in result.stdout
    document = read_call(folder / "out" / "01-overdraft-refund.json")
    assert document.summary.stand_in == "failed"
    assert (document.provenance.summarizer or "").startswith("extractive@")
    again = wrapup("run", call, "--out", "again", "--asr", SAID)
    assert again.exit_code == 0, again.output
    assert "embedded" not in again.stdout
    embedded = read_call(folder / "again" / "01-overdraft-refund.json")
    assert embedded.provenance.version == document.provenance.version
