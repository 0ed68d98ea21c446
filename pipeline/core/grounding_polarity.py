"""Whether a note denies what was denied, and affirms what was affirmed."""

from __future__ import annotations

from collections.abc import Sequence

from models.text.facts_denials import Denial
from models.text.facts_promises import GRANTS
from models.types import Support
from pipeline.core.grounding_call import Voiced


def check_denial(
    denial: Denial, cited: Sequence[Voiced], near: Sequence[Voiced], acts: frozenset[str]
) -> Support:
    """Whether what a note denies was denied.

    `acts` are the kinds of act of what is denied above all. What nobody denied and somebody stated
    contradicts it. Denied in other words ("that was not me") counts where the cited lines deny anything.
    """
    scope = frozenset(denial.scope)
    told = [one.clause for one in near if not one.clause.asks]
    firm = [one.clause for one in near if not (one.clause.asks or one.clause.supposes or one.taken)]
    if any(_denies(clause.denied, clause.denied_acts, denial.head, acts) for clause in told):
        return "supported"
    stated = any(denial.head in clause.affirmed or acts & GRANTS & clause.acts for clause in firm)
    if stated and denial.head:
        return "contradicted"
    if any(scope & clause.denied for clause in told):
        return "supported"
    if any(scope & clause.affirmed for clause in firm) and not _any_denied(cited):
        return "contradicted"
    return "supported" if _any_denied(near) else "not_found"


def _denies(denied: frozenset[str], denied_acts: frozenset[str], head: str, acts: frozenset[str]) -> bool:
    return head in denied or bool(acts & denied_acts)


def _any_denied(voiced: Sequence[Voiced]) -> bool:
    return any(one.clause.denies for one in voiced)


def turned(
    affirmed: Sequence[tuple[str, frozenset[str]]], cited: Sequence[Voiced], near: Sequence[Voiced]
) -> set[str]:
    """Words that a note affirms while the call only denies them.

    `affirmed` are stems of the note with the kinds of act that they name. A denial counts by what it denies
    above all; one word stated anywhere near speaks for the note.
    """
    told = [one.clause for one in near if not one.clause.asks]
    heads = {head for one in cited if not one.clause.asks for head in one.clause.heads}
    denied_acts = frozenset(kind for one in cited if not one.clause.asks for kind in one.clause.denied_acts)
    found = set()
    for stem, acts in affirmed:
        if stem not in heads and not (acts and acts & denied_acts):
            continue
        if any(stem in clause.affirmed or acts & clause.acts for clause in told):
            continue
        found.add(stem)
    return found
