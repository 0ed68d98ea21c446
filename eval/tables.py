"""Results as tables for the terminal: counts first, rates last."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rich.table import Column, Table

from eval.asr import WordScores
from eval.counts import ErrorCounts, SpeakerTimeCounts, SpeakerWordCounts
from eval.latency import LatencyScores, percentile, words_shown
from eval.results import speaker_totals, word_totals
from eval.runs import Outcome, Row
from eval.speakers import COLLARS_S, SpeakerScores
from models.registry import remedy


def word_table(rows: Sequence[Row[WordScores]]) -> Table:
    """A row a call and the total."""
    table = Table(Column("call", overflow="fold"), "basis", title="Words")
    for name in ("words", "del", "ins", "sub", "WER", "cp errors", "cpWER", "wrong speaker", "WDER"):
        table.add_column(name, justify="right")
    for row in rows:
        score = row.score
        table.add_row(row.call, score.basis, *_word_cells(score.wer, score.cpwer, score.wder))
    table.add_section()
    table.add_row("total", "", *_word_cells(*word_totals(rows)), style="bold")
    return table


def speaker_table(rows: Sequence[Row[SpeakerScores]]) -> Table:
    """A row a call and the total; each rate with its own counts."""
    table = Table(Column("call", overflow="fold"), title="Speakers")
    table.add_column("speakers", justify="right")
    for name, collar_s in COLLARS_S.items():
        about = "collar 0" if not collar_s else f"collar {collar_s:g} s"
        for column in (f"speech s\n{about}", "missed s", "false s", "confused s", name.replace("_", "\n")):
            table.add_column(column, justify="right")
    for row in rows:
        score = row.score
        speakers = f"{score.hypothesis_speakers} of {score.reference_speakers}"
        table.add_row(row.call, speakers, *_time_cells([score.der[name] for name in COLLARS_S]))
    table.add_section()
    table.add_row("total", "", *_time_cells(list(speaker_totals(rows).values())), style="bold")
    return table


def latency_table(total: LatencyScores) -> Table:
    """Delays as percentiles."""
    table = Table(Column("from", overflow="fold"), title="Latency, seconds")
    for name in ("to", "n", "P50", "P95", "P99"):
        table.add_column(name, justify="right" if name != "to" else "left")
    for first, then, delays in (
        ("end of speech", "final text", total.speech_to_final_s),
        ("endpoint decided", "final text", total.decided_to_final_s),
        ("start of speech", "first partial", total.first_partial_s),
    ):
        shown = [percentile(delays, share) for share in (0.5, 0.95, 0.99)]
        table.add_row(first, then, str(len(delays)), *("-" if one is None else f"{one:.3f}" for one in shown))
    return table


def latency_lines(total: LatencyScores) -> list[str]:
    """What was missing, and how often a partial was wrong."""
    lines = [f"{total.missing} of {total.ends} ends of speech have no final that holds them"]
    for name, wrong, count in words_shown(total):
        rate = f"{wrong / count:.3f}" if count else "-"
        told = "other" if name == "tail" else name
        lines.append(f"{wrong} of {count} {told} words of partials are not in the final: {rate}")
    return lines


def closing_lines(outcome: Outcome[Any]) -> list[str]:
    """How many files were scored, and why the others were not."""
    lines = [
        f"{len(outcome.scored)} of {outcome.given} files scored, "
        f"{len(outcome.skipped)} skipped, {len(outcome.failed)} failed"
    ]
    lines += [f"skipped {passed.file}: {passed.reason}" for passed in outcome.skipped]
    if any(isinstance(row.score, WordScores) and row.score.cpwer is None for row in outcome.rows):
        lines.append(f"cpWER needs the package meeteval: {remedy('meeteval')}")
    masked = sum(row.masked for row in outcome.rows)
    if masked:
        lines.append(
            f"{masked} masked values in these calls count as errors: score unmasked text, without --hyp"
        )
    return lines


def _word_cells(wer: ErrorCounts, cpwer: ErrorCounts | None, wder: SpeakerWordCounts | None) -> list[str]:
    parts = (wer.length, wer.deletions, wer.insertions, wer.substitutions)
    paired = ("-", "-") if cpwer is None else (str(cpwer.errors), _shown(cpwer.rate))
    speakers = ("-", "-") if wder is None else (f"{wder.wrong} of {wder.words}", _shown(wder.rate))
    return [*map(str, parts), _shown(wer.rate), *paired, *speakers]


def _time_cells(all_counts: Sequence[SpeakerTimeCounts]) -> list[str]:
    return [
        cell
        for counts in all_counts
        for cell in (
            f"{counts.total_s:.1f}",
            f"{counts.missed_s:.1f}",
            f"{counts.false_alarm_s:.1f}",
            f"{counts.confusion_s:.1f}",
            _shown(counts.rate),
        )
    ]


def _shown(rate: float | None) -> str:
    return "-" if rate is None else f"{rate:.3f}"
