"""Which lines a statement rests on, where the summarizer did not say."""

from __future__ import annotations

from models.text.facts import Fact
from models.types import Statement
from pipeline.core.grounding_call import CallText
from pipeline.core.grounding_values import check_value

LEAST = 0.4
"""Share of a statement's words, by weight, that its lines must have."""
MORE = 0.15
"""Each further line must add as much."""
MOST_LINES = 3
ELSEWHERE = 0.5
"""Share that a line elsewhere must have to vouch for a value that the cited lines lack."""


def evidence_of(statement: Statement, stems: frozenset[str], call: CallText) -> list[int]:
    """The cited lines that the call has; without any, up to three that say most of the same words.

    They are taken one by one, each the one that adds most by weight (rare words of this call weigh more),
    as long as one adds enough; too little together is no evidence.
    """
    cited = dict.fromkeys(call.places[one] for one in statement.evidence if one in call.places)
    if cited or not stems:
        return list(cited)
    found: list[int] = []
    left = stems
    whole = call.weight(stems)
    while left and len(found) < MOST_LINES:
        best = call.best(left, found)
        if not best or call.weight(left & call.stems[best[0][0]]) < (MORE if found else LEAST / 2) * whole:
            break
        found.append(best[0][0])
        left -= call.stems[best[0][0]]
    return sorted(found) if call.weight(stems - left) >= LEAST * whole else []


def elsewhere(fact: Fact, stems: frozenset[str], near: list[int], call: CallText) -> int | None:
    """A line away from the cited ones that says this value, in much the same words as the statement."""
    for place, share in call.best(stems, near):
        if share >= ELSEWHERE and check_value(fact, call.values(place)) == "supported":
            return place
    return None
