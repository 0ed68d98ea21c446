"""Notes beside reference notes: cases, scores, what is refused, and the command."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from eval.cli import app
from models import registry
from models.errors import EngineError
from models.ports import UNLIMITED, NoteLimits, SummarizerCapabilities, SummarizerOptions
from models.types import NoteRequest, Statement, Summary
from pipeline.formats.call_json import Note, NoteStatement, write_call
from tests.eval.scored import call, said

TALK = [
    ("agent", "Thank you for calling the bank, how may I help you today?"),
    ("customer", "I lost my green card at the station this morning, so please block it."),
    ("agent", "I have blocked the green card, and a new one will be with you on Friday."),
]
NOTE = "Customer lost a green card at the station. Agent blocked the green card."


class Scripted:
    """Writes one sentence; fails on the call named in `fails`."""

    version = "scripted@1"
    capabilities = SummarizerCapabilities()
    fails = ""

    def __init__(self, argument: str, options: SummarizerOptions) -> None:
        """Takes no options."""

    def summarize(self, request: NoteRequest, limits: NoteLimits = UNLIMITED) -> Summary:
        """As `Summarizer`."""
        if self.fails and any(self.fails in line.text for line in request.lines):
            raise EngineError("the engine gave up")
        return Summary("ok", (Statement("actions", "Agent blocked the green card for $900.", ("u2",)),))


@pytest.fixture
def scripted(monkeypatch: pytest.MonkeyPatch) -> Iterator[type[Scripted]]:
    monkeypatch.setitem(registry.BUILT_IN, "summarizer:scripted", f"{__name__}:Scripted")
    monkeypatch.setattr(Scripted, "fails", "")
    yield Scripted


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A call with a note of reference, one whose reference has none, and one without a reference."""
    calls = tmp_path / "calls"
    calls.mkdir()
    for name, talk in (("one", TALK), ("two", [TALK[0]]), ("bare", TALK)):
        rows = [
            {"speaker": who, "text": text, "start": n, "end": n + 1} for n, (who, text) in enumerate(talk)
        ]
        (calls / f"{name}.json").write_text(json.dumps({"segments": rows}))
    statements = [{"section": "reason", "text": text} for text in re.split(r"(?<=\.) ", NOTE)]
    (calls / "one.note.json").write_text(json.dumps({"code": "ok", "statements": statements}))
    (calls / "two.note.json").write_text(json.dumps({"code": "no_conversation"}))
    return calls


def notes(*arguments: str | Path) -> tuple[int, str, list[str]]:
    result = CliRunner().invoke(app, ["notes", *map(str, arguments)])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result.exit_code, result.stdout, result.stderr.splitlines()


def test_scores_of_the_embedded_summarizer_and_three_baselines(folder: Path, tmp_path: Path) -> None:
    files = ["--json", tmp_path / "r.json", "--csv", tmp_path / "r.csv", "--html", tmp_path / "r.html"]
    code, told, _ = notes(folder, *files)
    assert code == 0
    assert "2 of 3 files scored, 1 skipped, 0 failed" in told
    assert "bare.json: no reference note" in told
    assert "rightly wrote none of 1 of 1 calls that have no note" in told
    found = json.loads((tmp_path / "r.json").read_text())
    assert [found[name] for name in ("n_given", "n_scored", "n_skipped", "n_failed")] == [3, 2, 1, 0]
    assert found["provenance"]["scorer"] == "rouge-f1-stemmed/1"
    system, *baselines = found["total"]
    assert system.startswith("extractive")
    assert baselines == ["LEAD-3", "LONGEST-3", "TextRank-3"]
    assert found["total"][system]["calls"] == 1
    assert found["total"][system]["grounding"]["statements"] > 0
    assert (found["total"][system]["refused"], found["total"][system]["rightly_refused"]) == (0, 1)
    assert found["total"][system]["over_best_baseline"]["rouge2"]["baseline"] in baselines
    rows = list(csv.DictReader((tmp_path / "r.csv").read_text().splitlines()))
    assert [(row["call"], row["system"]) for row in rows] == [
        *(("calls/one.json", name) for name in (system, *baselines)),
        ("calls/two.json", system),
    ]
    assert rows[-1]["rouge1"] == ""
    assert "green" not in (tmp_path / "r.json").read_text() + (tmp_path / "r.csv").read_text()
    assert "Customer lost a green card at the station." in (tmp_path / "r.html").read_text()


def test_lead_3_by_hand(folder: Path, tmp_path: Path) -> None:
    """With stems: the reference has 13 words, the lead 45 with who speaks; these are shared."""
    notes(folder, "--json", tmp_path / "r.json")
    found = json.loads((tmp_path / "r.json").read_text())["total"]["LEAD-3"]
    lead = " ".join(f"{who} {text}" for who, text in TALK).lower().replace(",", "").replace(".", "")
    words, reference = re.findall(r"\w+", lead), re.findall(r"\w+", NOTE.lower())
    stems = {"blocked": "block"}
    left = [stems.get(word, word) for word in words]
    shared = 0
    for word in reference:
        if stems.get(word, word) in left:
            left.remove(stems.get(word, word))
            shared += 1
    assert found["rouge1"] == pytest.approx(2 * shared / (len(words) + len(reference)), abs=1e-6)
    assert found["words"] == len(words)


def test_what_the_call_does_not_say_is_counted(
    scripted: type[Scripted], folder: Path, tmp_path: Path
) -> None:
    code, _, _ = notes(
        folder, "--summarizer", "scripted", "--summarizer", "extractive", "--json", tmp_path / "r.json",
        "--html", tmp_path / "r.html",
    )  # fmt: skip
    assert code == 0
    found = json.loads((tmp_path / "r.json").read_text())["total"]
    assert next(iter(found)) == "scripted@1"
    grounding = found["scripted@1"]["grounding"]
    assert grounding["statements"] == 1
    assert grounding["contradicted"] + grounding["not_found"] == 1
    assert re.search(r"for \$900\. <span class=\"doubt\">", (tmp_path / "r.html").read_text())


def test_a_note_that_fails_counts_as_0(scripted: type[Scripted], folder: Path, tmp_path: Path) -> None:
    scripted.fails = "station"
    code, told, errors = notes(folder, "--summarizer", "scripted", "--json", tmp_path / "r.json")
    assert code == 2
    assert errors == ["wrapup: calls/one.json: scripted@1: the engine gave up"]
    assert "scripted@1 wrote no note, which counts as 0: calls/one.json (failed)" in told
    found = json.loads((tmp_path / "r.json").read_text())["total"]["scripted@1"]
    assert (found["rouge1"], found["words"], found["refused"]) == (0.0, 0.0, 1)


def test_notes_that_are_written_already(folder: Path, tmp_path: Path) -> None:
    hyp, references = tmp_path / "hyp", tmp_path / "references"
    hyp.mkdir()
    references.mkdir()
    document = call("one", [said(who, text, float(n)) for n, (who, text) in enumerate(TALK)])
    texts = re.split(r"(?<=\.) ", NOTE)
    statements = tuple(NoteStatement(section="reason", text=text, support="supported") for text in texts)
    made_by = document.provenance.model_copy(update={"summarizer": "somebody@3"})
    update: dict[str, Any] = {"summary": Note(code="ok", statements=statements), "provenance": made_by}
    (hyp / "one.json").write_text(write_call(document.model_copy(update=update)))
    (references / "one.note.txt").write_text(NOTE + "\n")
    (references / "bare.note.md").write_text(NOTE)
    (folder / "broken.json").write_text("{")
    (references / "broken.note.json").write_text("{")
    (hyp / "broken.json").write_text("{")
    code, told, errors = notes(
        folder, "--hyp", hyp, "--references", references, "--json", tmp_path / "r.json"
    )
    assert code == 2
    assert "bare.json: no bare.json in the folder of --hyp" in told
    assert len(errors) == 1
    assert "broken.json" in errors[0]
    found = json.loads((tmp_path / "r.json").read_text())
    assert found["total"]["somebody@3"]["rougeLsum"] == 1.0
    assert found["total"]["somebody@3"]["grounding"]["supported"] == 2


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["none.json"], "none.json: no such file or folder"),
        (["calls/bare.json"], "nothing was scored: no file has a reference that this needs"),
        (["calls", "--hyp", "none"], "--hyp none: no such folder"),
        (["calls", "--references", "none"], "--references none: no such folder"),
        (["calls", "--hyp", "calls", "--summarizer", "extractive"], "leave out --summarizer"),
        (["calls", "--summarizer", "nobody"], "nobody"),
        (["empty"], "no transcripts in this folder"),
    ],
)
def test_one_line_and_exit_code_2(
    folder: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], message: str
) -> None:
    monkeypatch.chdir(folder.parent)
    Path("empty").mkdir()
    code, _, errors = notes(*arguments)
    assert (code, len(errors)) == (2, 1)
    assert message in errors[0]


def test_two_runs_of_two_summarizers_compare(scripted: type[Scripted], folder: Path, tmp_path: Path) -> None:
    for name, other in (("extractive", "a.json"), ("scripted", "b.json")):
        assert notes(folder, "--summarizer", name, "--json", tmp_path / other)[0] == 0
    result = CliRunner().invoke(app, ["compare", str(tmp_path / "a.json"), str(tmp_path / "b.json")])
    assert result.exit_code == 0
    assert "2 in both, of 5 and 5" in result.stdout
    (folder / "one.note.json").write_text((folder / "one.note.json").read_text() + " ")
    notes(folder, "--summarizer", "scripted", "--json", tmp_path / "b.json")
    result = CliRunner().invoke(app, ["compare", str(tmp_path / "a.json"), str(tmp_path / "b.json")])
    assert result.exit_code == 2
    assert "have other references of calls/one.json" in result.stderr
