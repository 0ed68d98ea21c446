"""`wrapup summarize`: notes of transcripts in every form."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from models import registry
from pipeline.cli import app
from pipeline.formats.call_json import CallDocument, read_call, write_call
from tests.pipeline.format_strategies import example_call

SAID = [
    ("Agent", "Thank you for calling Northwind Bank, my name is Dana, how can I help you today?"),
    ("Customer", "I would like to dispute a transfer of three hundred dollars that I did not make."),
    ("Agent", "I am sorry to hear that. Can you tell me your account number?"),
    ("Customer", "My account number is four four one two nine nine eight one."),
    ("Agent", "Thank you. I have opened a dispute for the transfer of three hundred dollars."),
    ("Agent", "You will receive a letter within ten business days. Is there anything else?"),
    ("Customer", "No, that is all, thank you."),
]


def vtt() -> str:
    cues = [
        f"00:{i:02d}:00.000 --> 00:{i:02d}:09.000\n<v {speaker}>{text}\n"
        for i, (speaker, text) in enumerate(SAID)
    ]
    return "WEBVTT\n\n" + "\n".join(cues)


def srt() -> str:
    cues = [
        f"{i + 1}\n00:{i:02d}:00,000 --> 00:{i:02d}:09,000\n{speaker}: {text}\n"
        for i, (speaker, text) in enumerate(SAID)
    ]
    return "\n".join(cues)


def lines() -> str:
    return "".join(f"{speaker}: {text}\n" for speaker, text in SAID)


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def summarized(path: Path) -> CallDocument:
    result = CliRunner().invoke(app, ["summarize", str(path), "--out", "notes"])
    assert result.exit_code == 0, result.output
    return read_call(Path("notes") / f"{path.stem}.json")


@pytest.mark.parametrize(("name", "text"), [("a.vtt", vtt()), ("b.srt", srt()), ("c.txt", lines())])
def test_every_form_gives_the_same_note(folder: Path, name: str, text: str) -> None:
    path = folder / name
    path.write_text(text)
    document = summarized(path)
    assert document.summary.code == "ok"
    sections = {statement.section for statement in document.summary.statements}
    assert {"reason", "actions", "follow_ups"} <= sections
    assert "dispute" in document.summary.text
    known = {utterance.id for utterance in document.utterances}
    for statement in document.summary.statements:
        assert statement.evidence
        assert set(statement.evidence) <= known
    written = "".join(path.read_text() for path in Path("notes").iterdir())
    assert "four four one" not in written
    assert "[ACCOUNT_1]" in written


def test_our_own_json_keeps_its_masks(folder: Path) -> None:
    (folder / "c.txt").write_text(lines())
    first = summarized(folder / "c.txt")
    again = CliRunner().invoke(app, ["summarize", "notes/c.json", "--out", "again"])
    assert again.exit_code == 0, again.output
    second = read_call(Path("again") / "c.json")
    assert [u.text for u in second.utterances] == [u.text for u in first.utterances]
    assert [s.text for s in second.summary.statements] == [s.text for s in first.summary.statements]


def test_a_new_mask_never_takes_the_name_of_one_that_is_there(folder: Path) -> None:
    (folder / "c.txt").write_text(
        "Customer: I lost my card [NUMBER_3], I want to block it now please.\n"
        "Agent: I can block it, what is the account number please?\n"
        "Customer: The account number is eight seven six five four three two.\n"
    )
    (mask,) = summarized(folder / "c.txt").redactions
    assert mask.token != "[NUMBER_3]"


def test_our_own_json_changes_in_its_note_alone(folder: Path) -> None:
    original = example_call()
    (folder / "call-7.json").write_text(write_call(original))
    call = summarized(folder / "call-7.json")
    assert call.utterances == original.utterances
    assert call.channels == original.channels
    assert call.gaps == original.gaps
    assert call.provenance.asr == original.provenance.asr
    assert call.provenance.summarizer == "extractive@2"


def test_a_secret_in_a_speakers_name_is_not_written(folder: Path) -> None:
    (folder / "c.txt").write_text(
        "4111 1111 1111 1111: I want to pay my bill with that card, please help me.\n"
        "Agent: Thank you for calling, I can help you to pay your bill today.\n"
    )
    summarized(folder / "c.txt")
    assert "4111" not in "".join(path.read_text() for path in Path("notes").iterdir())


def test_of_one_calls_files_our_json_is_read(folder: Path) -> None:
    calls = folder / "in"
    calls.mkdir()
    (calls / "call.json").write_text(write_call(example_call()))
    (calls / "call.vtt").write_text(vtt())
    (calls / "folder.vtt").mkdir()
    (folder / "empty").mkdir()
    result = CliRunner().invoke(app, ["summarize", "empty", "in", "--out", "notes"])
    assert result.exit_code == 2
    assert "empty: no transcripts in this folder" in result.stderr
    assert [path.name for path in Path("notes").glob("*.json")] == ["call-7.json"]


def test_a_broken_file_is_one_line_and_the_others_are_done(folder: Path) -> None:
    (folder / "good.txt").write_text(lines())
    (folder / "bad.json").write_text('{"schema": "wrapup.call/1", "call_id": 7}')
    result = CliRunner().invoke(app, ["summarize", str(folder), "--out", "notes"])
    assert result.exit_code == 2
    assert len([line for line in result.stderr.splitlines() if "bad.json" in line]) == 1
    assert [path.name for path in Path("notes").glob("*.json")] == ["good.json"]


def test_a_folder_without_transcripts(folder: Path) -> None:
    result = CliRunner().invoke(app, ["summarize", str(folder)])
    assert result.exit_code == 2
    assert "no transcripts in this folder" in result.stderr


def test_an_output_that_cannot_be_written_is_told_before_any_work(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "c.txt").write_text(lines())
    (folder / "taken").touch()

    def opened(kind: str, name: str) -> None:
        raise AssertionError(f"no {kind} {name} is opened for notes that have no place")

    monkeypatch.setattr(registry, "engine", opened)
    result = CliRunner().invoke(app, ["summarize", "c.txt", "--out", "taken"])
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr == "wrapup: taken: results cannot be written there (not a folder)\n"


def test_what_may_be_restored_is_in_the_note(monkeypatch: pytest.MonkeyPatch) -> None:
    Path("call.txt").write_text(lines())
    command = ["summarize", "call.txt", "--summarizer", "scripted:Customer named [ACCOUNT_1]."]
    assert CliRunner().invoke(app, [*command, "--out", "masked"]).exit_code == 0
    monkeypatch.setenv("WRAPUP_NOTE__RESTORE", "account")
    assert CliRunner().invoke(app, [*command, "--out", "clear"]).exit_code == 0
    masked, clear = (read_call(Path(folder) / "call.json") for folder in ("masked", "clear"))
    assert "[ACCOUNT_1]" in masked.summary.text
    assert "[ACCOUNT_1]" not in clear.summary.text
    assert clear.summary.text.endswith("Customer named 44129981.")
    assert clear.utterances == masked.utterances
