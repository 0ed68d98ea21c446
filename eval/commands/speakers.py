"""`wrapup eval speakers`: who spoke when, against references."""

from __future__ import annotations

from typing import TYPE_CHECKING

from eval.commands.shared import Asr, Csv, Diarizer, Files, Html, Hyp, Json, Paths, score_calls, tell
from pipeline.commands import one_line_errors

if TYPE_CHECKING:
    from eval.references import Reference
    from eval.speakers import SpeakerScores
    from pipeline.formats.call_json import CallDocument


@one_line_errors
def speakers(
    paths: Paths,
    asr: Asr = None,
    diarizer: Diarizer = None,
    hyp: Hyp = None,
    json_file: Json = None,
    csv_file: Csv = None,
    html_file: Html = None,
) -> None:
    """Who spoke when: the diarization error rate, without a collar and with one.

    Example: wrapup eval speakers recordings/ --hyp calls/ --csv speakers.csv
    """
    from eval import results, tables
    from eval.runs import Source

    outcome = score_calls(paths, "turns", Source(asr, diarizer, hyp), _score)
    files = Files(json_file, csv_file, html_file)
    tell(outcome, tables.speaker_table(outcome.rows), results.speaker_result(outcome), files)


def _score(reference: Reference, document: CallDocument) -> SpeakerScores:
    from eval.speakers import score_speakers
    from pipeline.formats.call_json import turns_of

    return score_speakers(reference.segments, turns_of(document), document.duration_s)
