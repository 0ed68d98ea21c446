"""Results as files: JSON, schema `wrapup.eval/1`, and its calls as CSV.

Every command that scores calls gives the same parts: how many were given, scored, skipped and failed;
`total`, the counts of all; `calls`, a row a call; `provenance`. But for delays, which are measured, the same
inputs give the same bytes: there are no clocks in it.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict
from functools import reduce
from importlib.metadata import version
from operator import add
from pathlib import Path
from typing import Any, TypeVar

from eval.asr import WordScores
from eval.counts import ErrorCounts, SpeakerTimeCounts, SpeakerWordCounts
from eval.latency import DELAYS, LatencyScores, percentile, words_shown
from eval.normalizer import WHISPER_EN
from eval.references import data_sha256
from eval.runs import Outcome, Row
from eval.speakers import COLLARS_S, SpeakerScores
from models.errors import InputError

SCHEMA = "wrapup.eval/1"

CountsT = TypeVar("CountsT", ErrorCounts, SpeakerWordCounts, SpeakerTimeCounts)
ScoreT = TypeVar("ScoreT")


def total(counts: Sequence[CountsT], zero: CountsT) -> CountsT:
    """The sum."""
    return reduce(add, counts, zero)


def word_totals(
    rows: Sequence[Row[WordScores]],
) -> tuple[ErrorCounts, ErrorCounts | None, SpeakerWordCounts]:
    """WER, cpWER and WDER summed over calls; WDER over those that have one, cpWER None if one lacks it."""
    paired = [cp for row in rows if (cp := row.score.cpwer) is not None]
    return (
        total([row.score.wer for row in rows], ErrorCounts()),
        total(paired, ErrorCounts()) if len(paired) == len(rows) else None,
        total([s for row in rows if (s := row.score.wder) is not None], SpeakerWordCounts()),
    )


def speaker_totals(rows: Sequence[Row[SpeakerScores]]) -> dict[str, SpeakerTimeCounts]:
    """Sums over calls, by name of the rate."""
    return {name: total([row.score.der[name] for row in rows], SpeakerTimeCounts()) for name in COLLARS_S}


def latency_total(rows: Sequence[Row[LatencyScores]]) -> LatencyScores:
    """The sum over calls."""
    return sum((row.score for row in rows), LatencyScores())


def word_result(outcome: Outcome[WordScores]) -> dict[str, Any]:
    """The result of `wrapup eval asr`."""
    totals = dict(zip(("wer", "cpwer", "wder"), word_totals(outcome.rows), strict=True))
    used = ["jiwer", "meeteval"] if any(row.score.cpwer is not None for row in outcome.rows) else ["jiwer"]
    used.append("whisper_normalizer")
    result = result_of("asr", outcome, _word_row, {name: _counts(one) for name, one in totals.items()}, used)
    result["provenance"]["normalizer"] = WHISPER_EN
    return result


def speaker_result(outcome: Outcome[SpeakerScores]) -> dict[str, Any]:
    """The result of `wrapup eval speakers`."""
    totals = {name: _counts(counts) for name, counts in speaker_totals(outcome.rows).items()}
    return result_of("speakers", outcome, _speaker_row, totals, ["pyannote.metrics"])


def latency_result(outcome: Outcome[LatencyScores], at_once: int) -> dict[str, Any]:
    """The result of `wrapup eval latency`. Delays are measured: no two runs give the same."""
    totals = _delays(latency_total(outcome.rows))
    result = result_of("latency", outcome, lambda row: _delays(row.score), totals, [])
    result["provenance"]["at_once"] = at_once
    return result


def result_of(
    command: str,
    outcome: Outcome[ScoreT],
    row_of: Callable[[Row[ScoreT]], dict[str, Any]],
    totals: dict[str, Any],
    libraries: Sequence[str],
) -> dict[str, Any]:
    """A result: `row_of` gives what a row has beside its call, `libraries` are named with their versions."""
    made_by = outcome.made_by
    return {
        "schema": SCHEMA,
        "command": command,
        "n_given": outcome.given,
        "n_scored": len(outcome.scored),
        "n_skipped": len(outcome.skipped),
        "n_failed": len(outcome.failed),
        "total": totals,
        "calls": [
            {"call": row.call, "reference_sha256": row.reference_sha256, **row_of(row)}
            for row in outcome.rows
        ],
        "skipped": [asdict(passed) for passed in outcome.skipped],
        "failed": [asdict(passed) for passed in outcome.failed],
        "provenance": {
            "wrapup": version("wrapup"),
            "asr": sorted({each.asr for each in made_by if each.asr is not None}),
            "diarizer": sorted({each.diarizer for each in made_by if each.diarizer is not None}),
            "libraries": {name: version(name) for name in libraries},
            "data_sha256": data_sha256(outcome.scored),
        },
    }


def write_result(result: dict[str, Any], path: Path) -> None:
    """Write as JSON, whole or not at all. Raises `InputError`."""
    partial = path.with_name(f".{path.name}.part")
    try:
        partial.write_text(json.dumps(result, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
        os.replace(partial, path)
    except OSError as error:
        partial.unlink(missing_ok=True)
        raise InputError(f"{path}: cannot be written: {error.strerror or 'unknown error'}") from error


def call_table(rows: Iterable[Mapping[str, Any]]) -> tuple[list[str], list[list[Any]]]:
    """Rows of calls as a table, head and cells: `wer: {errors}` is the column `wer_errors`; no lists."""
    flat = [dict(_flat("", row)) for row in rows]
    head = list(dict.fromkeys(name for row in flat for name in row))
    return head, [[row.get(name) for name in head] for row in flat]


def _flat(prefix: str, row: Mapping[str, Any]) -> Iterable[tuple[str, Any]]:
    for name, value in row.items():
        if isinstance(value, Mapping):
            yield from _flat(f"{prefix}{name}_", value)
        elif value is not None and not isinstance(value, list | tuple):
            yield f"{prefix}{name}", value


def _counts(counts: ErrorCounts | SpeakerWordCounts | SpeakerTimeCounts | None) -> dict[str, Any] | None:
    if counts is None:
        return None
    found = {name: round(value, 3) for name, value in asdict(counts).items()}
    errors = {"errors": counts.errors} if isinstance(counts, ErrorCounts) else {}
    return {**errors, **found, "rate": _rate(counts.rate)}


def _word_row(row: Row[WordScores]) -> dict[str, Any]:
    score = row.score
    return {
        "basis": score.basis,
        "wer": _counts(score.wer),
        "cpwer": _counts(score.cpwer),
        "wder": _counts(score.wder),
        "masked": row.masked,
    }


def _speaker_row(row: Row[SpeakerScores]) -> dict[str, Any]:
    score = row.score
    return {
        "reference_speakers": score.reference_speakers,
        "hypothesis_speakers": score.hypothesis_speakers,
        **{name: _counts(counts) for name, counts in score.der.items()},
    }


def _delays(scores: LatencyScores) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name in DELAYS:
        values: tuple[float, ...] = getattr(scores, name)
        shown = {f"p{share:.0f}": percentile(values, share / 100) for share in (50, 95, 99)}
        found[name] = {"n": len(values), "sum": sum(values), **shown, "values": list(values)}
    found["missing"] = {"missing": scores.missing, "ends": scores.ends}
    for name, wrong, words in words_shown(scores):
        found[name] = {"wrong": wrong, "words": words, "rate": _rate(wrong / words if words else None)}
    return found


def _rate(value: float | None) -> float | None:
    return None if value is None else round(value, 6)
