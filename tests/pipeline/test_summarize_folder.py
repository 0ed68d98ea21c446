"""`wrapup summarize` on folders: several at once, at a pace, resumed, stopped, with language models."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from click.testing import Result
from typer.testing import CliRunner

from models.errors import DecodingCancelled
from models.ports import always
from models.summarizers import extractive, llm_errors
from pipeline.cli import app
from pipeline.document import version_of
from pipeline.formats.call_json import read_call
from pipeline.note_batch import Pace
from tests.llm_server import LanguageServer, Refused, Said, Seen, note

KEY = "sk-canary-key-77aa"


def said(number: int) -> str:
    return (
        "Agent: Thank you for calling Northwind Bank, how can I help you today?\n"
        f"Customer: I would like to dispute a fee of {number} dollars that I did not agree to.\n"
        f"Agent: I have refunded the fee of {number} dollars to your account.\n"
    )


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(llm_errors, "BACKOFF_S", 0.01)
    return tmp_path


def calls(count: int) -> None:
    Path("in").mkdir(exist_ok=True)
    for number in range(count):
        (Path("in") / f"call-{number:04d}.txt").write_text(said(number + 20))


def run(*options: str) -> Result:
    return CliRunner().invoke(app, ["summarize", "in", "--out", "out", *options])


def answers(seen: Seen) -> Said:
    rows = {who: (number, words) for number, who, words in seen.lines}
    number, words = rows["customer"]
    amount = next(word for word in words.split() if word.isdecimal())
    return Said(note(("reason", f"Customer disputed a fee of {amount} dollars.", [number])))


def test_a_thousand_transcripts_and_then_none() -> None:
    calls(1_000)
    result = run("--format", "json")
    assert result.exit_code == 0, result.output
    assert "1000 notes in out" in result.stdout
    assert len(list(Path("out").glob("*.json"))) == 1_000
    before = {path: path.stat().st_mtime_ns for path in Path("out").iterdir()}
    (Path("in") / "call-0007.txt").write_text(said(7_777))
    (Path("out") / "call-0009.json").unlink()
    again = run("--format", "json", "--resume")
    assert "998 were there" in again.stdout
    changed = {path.name for path in Path("out").iterdir() if path.stat().st_mtime_ns != before.get(path)}
    assert changed == {"call-0007.json", "call-0009.json"}


def test_a_hundred_by_a_server_side_by_side() -> None:
    calls(100)
    with LanguageServer(answers, latency_s=0.05) as server:
        name = f"openai:tiny@{server.url}"
        result = run("--summarizer", name, "--jobs", "6")
        assert result.exit_code == 0, result.output
        assert "100 notes in out" in result.stdout
        assert "tokens" in result.stdout
        assert len(server.seen) == 100
        assert 2 <= server.most_at_once <= 6
        run("--summarizer", name, "--resume")
        assert len(server.seen) == 100
        run("--summarizer", f"{name}#words=900", "--resume")
        assert len(server.seen) == 100
        run("--summarizer", f"openai:other@{server.url}", "--resume")
        assert len(server.seen) == 200
    document = read_call(Path("out") / "call-0005.json")
    assert document.summary.statements[0].text == "Customer disputed a fee of 25 dollars."
    assert document.provenance.summarizer is not None
    assert document.provenance.version == version_of(document.provenance.summarizer, None)
    assert document.provenance.version in (Path("out") / "call-0005.md").read_text()


def test_notes_that_were_stood_in_for_say_so_and_are_tried_again() -> None:
    calls(6)
    with LanguageServer(lambda _: Refused(401)) as server:
        name = f"openai:tiny@{server.url}"
        result = run("--summarizer", name)
        assert result.exit_code == 0, result.output
        assert "6 by the embedded summarizer, which stood in" in result.stdout
        document = read_call(Path("out") / "call-0000.json")
        assert document.summary.stand_in == "failed"
        assert document.provenance.summarizer == extractive.VERSION
        assert "Written by the embedded summarizer" in (Path("out") / "call-0000.md").read_text()
        server.script = answers
        assert "6 notes in out" in run("--summarizer", name, "--resume").stdout
    assert read_call(Path("out") / "call-0000.json").summary.stand_in is None


def test_several_summarizers_are_a_panel() -> None:
    calls(1)
    with LanguageServer(answers) as server:
        result = run("--summarizer", f"openai:tiny@{server.url}", "--summarizer", "extractive")
    assert result.exit_code == 0, result.output
    assert len(read_call(Path("out") / "call-0000.json").summary.members) == 2
    for wrong in ("panel:extractive,scripted", "scripted,extractive", "scripted;x"):
        refused = run("--summarizer", "extractive", "--summarizer", wrong)
        assert (refused.exit_code, refused.stdout) == (2, "")


def test_no_key_in_any_document_or_line(monkeypatch: pytest.MonkeyPatch) -> None:
    calls(2)
    monkeypatch.setenv("WRAPUP_NOTE_KEY", KEY)
    with LanguageServer(lambda seen: Said(seen.headers["authorization"])) as server:
        result = run("--summarizer", f"openai:tiny@{server.url}", "--format", "json,md")
        assert server.seen[0].headers["authorization"] == f"Bearer {KEY}"
    assert KEY not in result.output
    assert not any(KEY in path.read_text() for path in Path("out").iterdir())


def test_the_sites_fields_are_in_every_document() -> None:
    calls(1)
    Path("fields.json").write_text(
        '{"type": "object", "properties": {"disposition": {"enum": ["solved", "open"]}}}'
    )
    Path("wrapup.toml").write_text('[note]\nfields_file = "fields.json"\nprompt = "wrapup@1"\n')
    script = note(("reason", "Customer disputed a fee.", [2]), disposition="solved")
    with LanguageServer(lambda _: Said(script)) as server:
        result = run("--summarizer", f"openai:tiny@{server.url}")
    assert "Disposition" in result.stdout and "solved" in result.stdout
    assert [field.value for field in read_call(Path("out") / "call-0000.json").summary.fields] == ["solved"]
    assert "- Disposition: solved" in (Path("out") / "call-0000.md").read_text()


def test_a_prompt_that_is_not_there_is_one_line() -> None:
    calls(1)
    Path("wrapup.toml").write_text('[note]\nprompt = "wrapup@99"\n')
    with LanguageServer() as server:
        result = run("--summarizer", f"openai:tiny@{server.url}")
    assert result.exit_code == 2
    assert result.stderr.count("\n") == 1
    assert "wrapup@1" in result.stderr


def test_a_pace_is_kept() -> None:
    pace = Pace(600)
    began_s = time.monotonic()
    for _ in range(5):
        pace.wait(always)
    assert time.monotonic() - began_s >= 0.4
    with pytest.raises(DecodingCancelled):
        pace.wait(lambda: False)


def test_a_folder_at_a_pace() -> None:
    calls(3)
    began_s = time.monotonic()
    assert run("--per-minute", "300").exit_code == 0
    assert time.monotonic() - began_s >= 0.4


def test_control_c_leaves_whole_notes_and_says_how_to_go_on() -> None:
    calls(200)
    command = [sys.executable, "-m", "pipeline", "summarize", "in", "--out", "out", "--per-minute", "600"]
    code = "import sys; sys.argv[0] = 'wrapup'; from pipeline.cli import main; main()"
    command = [sys.executable, "-c", code, *command[3:]]
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    with subprocess.Popen(
        command, stderr=subprocess.PIPE, stdout=subprocess.PIPE, env=environment
    ) as process:
        due_s = time.monotonic() + 60
        while len(list(Path("out").glob("*.json"))) < 3:
            assert time.monotonic() < due_s
            time.sleep(0.05)
        process.send_signal(signal.SIGINT)
        _, told = process.communicate(timeout=30)
    assert process.returncode != 0
    assert b"--resume goes on from there" in told
    written = list(Path("out").glob("*.json"))
    assert 3 <= len(written) < 200
    assert all(read_call(path).summary.code == "ok" for path in written)
    assert not list(Path("out").glob(".*"))
