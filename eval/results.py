"""Results as JSON, schema `wrapup.eval/1`: scores with what they were measured on and with.

The same inputs give the same bytes: there are no clocks in it.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Sequence
from dataclasses import asdict
from functools import reduce
from importlib.metadata import version
from operator import add
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from eval.asr import WordScores
from eval.bootstrap import Difference, paired_difference
from eval.counts import ErrorCounts, SpeakerTimeCounts, SpeakerWordCounts
from eval.latency import LatencyScores
from eval.normalizer import WHISPER_EN
from eval.references import Reference, data_sha256
from eval.runs import Outcome, Row
from eval.speakers import COLLARS_S, SpeakerScores
from models.errors import ConfigError, InputError
from pipeline.formats.fields import field_error
from pipeline.formats.plain import read_text

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


def word_result(outcome: Outcome[WordScores], difference: Difference | None) -> dict[str, Any]:
    """The result of `wrapup eval asr`."""
    totals = dict(zip(("wer", "cpwer", "wder"), word_totals(outcome.rows), strict=True))
    used = ["jiwer", "meeteval"] if any(row.score.cpwer is not None for row in outcome.rows) else ["jiwer"]
    result = _result("asr", outcome, _word_row, totals, used)
    result["provenance"]["normalizer"] = WHISPER_EN
    result["provenance"]["libraries"]["whisper_normalizer"] = version("whisper_normalizer")
    result["against"] = None if difference is None else asdict(difference)
    return result


def speaker_result(outcome: Outcome[SpeakerScores]) -> dict[str, Any]:
    """The result of `wrapup eval speakers`."""
    totals = speaker_totals(outcome.rows)
    return _result("speakers", outcome, _speaker_row, totals, ["pyannote.metrics"])


def latency_result(
    rows: Sequence[tuple[Reference, LatencyScores]], total: LatencyScores, at_once: int
) -> dict[str, Any]:
    """The result of `wrapup eval latency`. Delays are measured: no two runs give the same."""
    return {
        "schema": SCHEMA,
        "command": "latency",
        "at_once": at_once,
        "calls": [{"call": reference.name, **asdict(scores)} for reference, scores in rows],
        "total": asdict(total),
        "provenance": {"wrapup": version("wrapup"), "data": data_sha256([one for one, _ in rows])},
    }


def write_result(result: dict[str, Any], path: Path) -> None:
    """Write whole or not at all. Raises `InputError`."""
    partial = path.with_name(f".{path.name}.part")
    try:
        partial.write_text(json.dumps(result, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
        os.replace(partial, path)
    except OSError as error:
        partial.unlink(missing_ok=True)
        raise InputError(f"{path}: cannot be written: {error.strerror or 'unknown error'}") from error


class _Counts(BaseModel):
    model_config = ConfigDict(extra="ignore", strict=True)

    deletions: int
    insertions: int
    substitutions: int
    length: int


class _Call(BaseModel):
    call: str
    wer: _Counts


class _Provenance(BaseModel):
    normalizer: str


class _Earlier(BaseModel):
    calls: list[_Call]
    provenance: _Provenance


def compare(rows: Sequence[Row[WordScores]], earlier: Path) -> Difference | None:
    """WER of these rows minus that of an earlier result, over the calls that are in both.

    None if no call is in both. Raises `InputError` for a file that is no result of `wrapup eval asr`,
    `ConfigError` where another normalizer was used or references changed.
    """
    try:
        found = _Earlier.model_validate_json(read_text(earlier))
    except ValidationError as error:
        raise field_error(str(earlier), error) from error
    if found.provenance.normalizer != WHISPER_EN:
        raise ConfigError(f"{earlier}: scored with another normalizer; this run uses {WHISPER_EN}")
    before = {call.call: ErrorCounts(**call.wer.model_dump()) for call in found.calls}
    both = [row for row in rows if row.call in before]
    return paired_difference([row.score.wer for row in both], [before[row.call] for row in both])


def _result(
    command: str,
    outcome: Outcome[ScoreT],
    row_of: Callable[[Row[ScoreT]], dict[str, Any]],
    totals: dict[str, Any],
    libraries: Sequence[str],
) -> dict[str, Any]:
    made_by = outcome.made_by
    return {
        "schema": SCHEMA,
        "command": command,
        "n_given": outcome.given,
        "n_scored": len(outcome.rows),
        "n_skipped": len(outcome.skipped),
        "n_failed": len(outcome.failed),
        "total": {name: _counts(counts) for name, counts in totals.items()},
        "calls": [row_of(row) for row in outcome.rows],
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


def _counts(counts: ErrorCounts | SpeakerWordCounts | SpeakerTimeCounts | None) -> dict[str, Any] | None:
    if counts is None:
        return None
    found = {name: round(value, 3) for name, value in asdict(counts).items()}
    errors = {"errors": counts.errors} if isinstance(counts, ErrorCounts) else {}
    return {**errors, **found, "rate": None if counts.rate is None else round(counts.rate, 6)}


def _word_row(row: Row[WordScores]) -> dict[str, Any]:
    score = row.score
    return {
        "call": row.call,
        "basis": score.basis,
        "wer": _counts(score.wer),
        "cpwer": _counts(score.cpwer),
        "wder": _counts(score.wder),
        "masked": row.masked,
    }


def _speaker_row(row: Row[SpeakerScores]) -> dict[str, Any]:
    score = row.score
    return {
        "call": row.call,
        "reference_speakers": score.reference_speakers,
        "hypothesis_speakers": score.hypothesis_speakers,
        **{name: _counts(counts) for name, counts in score.der.items()},
    }
