"""Pages of scored calls and of two runs: what they say in words, and that figures are those of the result."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from eval.comparing import compare, read_run
from eval.pages.charts import Span, intervals, strips
from eval.report.comparison import changed_calls, comparison_page_of, metric_cells
from eval.report.scores import scores_page_of
from eval.results import SCHEMA

PROVENANCE = {"wrapup": "0", "libraries": {"jiwer": "1"}, "data_sha256": "0"}


def result(command: str, total: dict[str, Any], *calls: dict[str, Any]) -> dict[str, Any]:
    return {
        "schema": SCHEMA,
        "command": command,
        "n_given": len(calls) + 1,
        "n_scored": len(calls),
        "n_skipped": 1,
        "n_failed": 0,
        "total": total,
        "calls": [{"reference_sha256": "1", **call} for call in calls],
        "skipped": [{"file": "<b>c</b>.wav", "reason": "no reference"}],
        "failed": [],
        "provenance": PROVENANCE,
    }


def words(call: str, errors: int, length: int) -> dict[str, Any]:
    return {"call": call, "wer": {"errors": errors, "length": length}, "cpwer": None, "wder": None}


def plain(page: str) -> str:
    """Its words."""
    return " ".join(re.sub(r"<style.*?</style>|<[^>]+>", " ", page, flags=re.DOTALL).split())


def test_words_of_calls() -> None:
    page = scores_page_of(result("asr", {}, words("a.wav", 1, 10), words("b.wav", 5, 10)))
    told = plain(page)
    assert "2 of 3 calls were scored" in told
    assert "WER 0.300 6 of 20" in told
    assert "a.wav 0.100" in told and "b.wav 0.500" in told
    assert "cpWER" not in told
    assert 'aria-label="Each call. WER: 2 from 0.1 to 0.5, together 0.3."' in page
    assert "&lt;b&gt;c&lt;/b&gt;.wav: no reference" in page
    assert "libraries jiwer 1" in told


def test_delays_have_their_percentiles() -> None:
    row = {
        "call": "a.wav",
        "speech_to_final_s": {"n": 4, "sum": 2.0},
        "first_partial_s": {"n": 0, "sum": 0},
        "missing": {"missing": 1, "ends": 5},
    }
    delays = {"n": 4, "sum": 2.0, "p50": 0.5, "p95": 0.7, "p99": None, "values": [0.5] * 4}
    told = plain(
        scores_page_of(result("latency", {"speech_to_final_s": delays, "missing": row["missing"]}, row))
    )
    assert "speech to final 4 0.500 0.700 -" in told
    assert "missing finals 0.200 1 of 5" in told


def test_no_call_at_all() -> None:
    told = plain(scores_page_of(result("speakers", {})))
    assert "0 of 1 calls were scored" in told
    assert "Each call: nothing to show." in told


@pytest.fixture
def runs(tmp_path: Path) -> tuple[Path, Path]:
    """Two results of three calls."""
    before = [words(name, 1, 10) for name in ("a", "b", "c")]
    after = [words("a", 1, 10), words("b", 0, 10), words("c", 4, 10)]
    paths = tmp_path / "before.json", tmp_path / "after.json"
    for path, calls in zip(paths, (before, after), strict=True):
        path.write_text(json.dumps(result("asr", {}, *calls)), "utf-8")
    return paths


def test_two_runs(runs: tuple[Path, Path]) -> None:
    first, second = map(read_run, runs)
    found = compare(first, second)
    assert changed_calls(found, 5) == [
        ("c", "0.1000", "0.4000", "+0.3000"),
        ("b", "0.1000", "0.0000", "-0.1000"),
    ]
    assert metric_cells(found.metrics[0])[:4] == ("WER", "0.1000", "0.1667", "+0.0667")
    page = comparison_page_of(first, second, found, 1)
    told = plain(page)
    assert "3 in both, of 3 and 3" in told
    assert "c 0.1000 0.4000 +0.3000" in told and "b 0.1000" not in told
    assert page == comparison_page_of(first, second, found, 1)


def test_intervals_lie_on_their_side_of_the_line() -> None:
    drawn = intervals("B minus A", [Span("sure", 0.2, 0.1, 0.3), Span("alone", -1.0, None, None)])
    assert 'aria-label="B minus A: sure +0.2 (+0.1 to +0.3); alone -1."' in drawn
    middle = float(re.findall(r'<line x1="([\d.]+)" y1="0"', drawn)[0])
    (ends,) = re.findall(r'<line x1="([\d.]+)" y1="19" x2="([\d.]+)"', drawn)
    assert middle < float(ends[0]) < float(ends[1])
    dots = [float(x) for x in re.findall(r'<circle cx="([\d.]+)"', drawn)]
    assert dots[1] < middle < dots[0]


def test_strips_without_a_value_are_left_out() -> None:
    drawn = strips("Each call", [("WER", [0.0, 0.0], 0.0), ("none", [], 0.0)])
    assert drawn.count("<circle") == 2
    assert "none" not in drawn
