"""The benchmark of notes: it reads each set as the set writes it, and scores every system alike."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmarks import summaries
from benchmarks.dialogues import Dialogue, find_sets, read_set
from eval.notes.baselines import lead_3, longest_3, textrank_3
from eval.notes.rouge import margins
from eval.notes.textrank import rank
from models.types import Line
from tests.conftest import ROOT

TURNS = [
    {"speaker": "agent", "text": "How may I help you today?"},
    {"speaker": "customer", "text": "I lost my green card at the {vocalsound} station <UNIN/> , sadly ."},
    {"speaker": "agent", "text": "I have blocked the green card."},
]
REFERENCE = "The customer lost a green card and the agent blocked the card."


def write(path: Path, *rows: dict[str, Any]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def said(dialogue: Dialogue) -> list[tuple[str, str, str]]:
    return [(line.role, line.speaker, line.text) for line in dialogue.lines]


def test_turns_keep_their_roles_and_lose_the_marks(tmp_path: Path) -> None:
    one = read_set(write(tmp_path / "sum_care" / "care.jsonl", {"turns": TURNS, "summaries": [REFERENCE]}))
    assert one.name == "care"
    assert said(one.dialogues[0])[1] == (
        "customer",
        "Customer",
        "I lost my green card at the station, sadly.",
    )


@pytest.mark.parametrize(
    "row",
    [
        {"dialogue_raw": "Ann: Hi there Ben: Call Zoe Ann: ok", "summaries": ["x"]},
        {"reference_transcript": "[ann] Hi there\n[ben] Call Zoe\n[ann] ok", "summaries": ["x"]},
        {
            "turns": [
                {"speaker": who, "text": text} for who, text in (("Ann", "Hi there"), ("Ben", "Call Zoe"))
            ]
            + [{"speaker": "Ann", "text": "ok"}],
            "general_queries": [{"query": "Summarize.", "answer": "x"}],
        },
    ],
)
def test_every_form_of_dialogue_is_read(tmp_path: Path, row: dict[str, Any]) -> None:
    (dialogue,) = read_set(write(tmp_path / "rows.jsonl", row)).dialogues
    assert said(dialogue) == [
        ("unknown", "Ann", "Hi there"),
        ("unknown", "Ben", "Call Zoe"),
        ("unknown", "Ann", "ok"),
    ]
    assert dialogue.references == ("x",)


def test_files_without_summaries_are_passed_over(tmp_path: Path) -> None:
    write(tmp_path / "a" / "calls.jsonl", {"turns": TURNS})
    write(tmp_path / "b" / "care.jsonl", {"turns": TURNS, "summaries": [REFERENCE]})
    assert [one.name for one in find_sets([tmp_path])] == ["care"]


def test_textrank_prefers_the_sentence_that_others_recommend() -> None:
    ranks = rank(
        [
            frozenset(["a", "b", "c"]),
            frozenset(["a", "b", "x"]),
            frozenset(["c", "b", "y"]),
            frozenset(["z", "q"]),
        ]
    )
    assert max(ranks) == ranks[0]
    assert min(ranks) == ranks[3] == pytest.approx(0.15)
    assert rank([]) == []


def test_textrank_solves_its_equation() -> None:
    ranks = np.array(rank([frozenset(["a", "b"]), frozenset(["a", "b", "c"]), frozenset(["c", "d"])]))
    first, second = 2 / np.log(6), 1 / np.log(6)
    shares = np.array([[0, first, 0], [first, 0, second], [0, second, 0]])
    shares = shares / shares.sum(axis=1, keepdims=True)
    assert ranks == pytest.approx(0.15 + 0.85 * shares.T @ ranks, abs=1e-6)


SAID = ["Ann: Hi.", "Ben: The red boat sank near the old pier.", "Ann: Oh no.", "Ben: It sank in the night."]
LINES = [Line(f"u{n}", "unknown", row[:3], row[5:]) for n, row in enumerate(SAID)]


def test_baselines_name_who_speaks_and_may_be_plain_or_cut() -> None:
    assert lead_3(LINES) == ["Ann: Hi.", "Ben: The red boat sank near the old pier.", "Ann: Oh no."]
    assert longest_3(LINES)[0] == "Ben: The red boat sank near the old pier."
    assert "Ben: It sank in the night." in textrank_3(LINES)
    assert summaries.plain(lead_3)(LINES)[0] == "Hi."
    room = sum(len(text.split()) for text in summaries.note(LINES))
    short = summaries.cut(lambda lines: ["a b c"] * 40)(LINES)
    assert sum(len(text.split()) for text in short) == room > 0


def test_margin_is_over_the_best_baseline_of_each_metric() -> None:
    def made(*values: float) -> np.ndarray:
        return np.tile(np.array(values), (6, 1))

    baselines = [("A", made(0.4, 0.3, 0.1, 0.1)), ("B", made(0.1, 0.1, 0.2, 0.2))]
    gains = margins(made(0.5, 0.2, 0.4, 0.4), baselines, resamples=20)
    assert [(gain.baseline, round(gain.difference, 3)) for gain in gains] == [
        ("A", 0.1),
        ("A", -0.1),
        ("B", 0.2),
        ("B", 0.2),
    ]
    assert all(gain.low == pytest.approx(gain.high) for gain in gains)


def test_the_command_prints_a_table_and_writes_json(tmp_path: Path) -> None:
    rows = [{"turns": TURNS, "summaries": [REFERENCE, "Unlike."]}] * 4
    write(tmp_path / "sum_care" / "care.jsonl", *rows)
    command = [sys.executable, "-m", "benchmarks.summaries", str(tmp_path), "--half", "test"]
    done = subprocess.run(
        [*command, "--json", str(tmp_path / "out.json")], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert "| care, 2 |" in done.stdout
    assert "TextRank-3" in done.stdout
    (result,) = json.loads((tmp_path / "out.json").read_text())
    assert result["n"] == 2
    assert 0 < result["f1"]["LEAD-3"]["rouge2"] < 1


def test_the_command_says_where_nothing_was_found(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "benchmarks.summaries", str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "no dialogues with summaries" in done.stderr
