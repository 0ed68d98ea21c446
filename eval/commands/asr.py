"""`wrapup eval asr`: word errors against references."""

from __future__ import annotations

from typing import TYPE_CHECKING

from eval.commands.shared import Asr, Csv, Diarizer, Files, Html, Hyp, Json, Paths, score_calls, tell
from pipeline.commands import one_line_errors

if TYPE_CHECKING:
    from eval.asr import WordScores
    from eval.references import Reference
    from pipeline.formats.call_json import CallDocument


@one_line_errors
def asr(
    paths: Paths,
    asr: Asr = None,
    diarizer: Diarizer = None,
    hyp: Hyp = None,
    json_file: Json = None,
    csv_file: Csv = None,
    html_file: Html = None,
) -> None:
    """Word errors: WER, cpWER, and words with the wrong speaker.

    Example: wrapup eval asr recordings/ --json after.json; wrapup eval compare before.json after.json
    """
    from eval import results, tables
    from eval.runs import Source

    outcome = score_calls(paths, "words", Source(asr, diarizer, hyp), _score)
    files = Files(json_file, csv_file, html_file)
    tell(outcome, tables.word_table(outcome.rows), results.word_result(outcome), files)


def _score(reference: Reference, document: CallDocument) -> WordScores:
    from eval.asr import score_words
    from pipeline.formats.call_json import segments_of

    return score_words(reference.segments, segments_of(document), len(document.channels))
