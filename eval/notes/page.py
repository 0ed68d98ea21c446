"""Notes beside their references as a page that needs nothing else and runs nothing."""

from __future__ import annotations

from collections.abc import Sequence

from eval.notes.cases import NoteCase
from eval.notes.rouge import SCORER, TITLES
from eval.notes.scoring import NoteScore, Written, totals
from eval.pages.rendering import render
from eval.runs import Outcome
from pipeline.formats.plain import clean

_SUPPORT = {
    "contradicted": "the call says otherwise",
    "not_found": "not found in the call",
    "unchecked": "not checked",
    "supported": "",
}


def page_of(cases: Sequence[NoteCase], outcome: Outcome[NoteScore]) -> str:
    """The page as HTML: the same for the same notes."""
    return render(
        "notes",
        systems=totals(outcome.rows),
        titles=TITLES,
        calls=[_call(case, outcome) for case in cases],
        scorer=SCORER,
        given=outcome.given,
        passed=[*outcome.skipped, *outcome.failed],
    )


def _call(case: NoteCase, outcome: Outcome[NoteScore]) -> dict[str, object]:
    scores = [row.score for row in outcome.rows if row.call == case.reference.name]
    return {
        "name": clean(case.reference.name),
        "expected": case.expected,
        "reference": [clean(text) for text in case.sentences],
        "notes": [
            {"system": clean(score.written.system), "f1": score.f1, "code": score.written.code,
             "sentences": _sentences(score.written)}
            for score in scores
        ],
    }  # fmt: skip


def _sentences(written: Written) -> list[tuple[str, str]]:
    """Each sentence and what is doubtful about it."""
    if written.baseline:
        return [(clean(text), "") for text in written.sentences]
    return [(clean(row.text), _SUPPORT[row.support]) for row in written.statements]
