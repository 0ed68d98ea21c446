"""Whether those said it who must have: a promise the agent, a claim of the customer the customer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from models.text.facts_promises import GRANTS, Act, Owner
from models.types import Role, Support
from pipeline.core.grounding_call import CallText, Voiced

ENOUGH = 0.5
"""Share of a promise's words, by weight, that one clause which binds its speaker must have."""
OTHERS = 0.4
"""By how much more of a statement's words the other side must have said for it to be theirs."""
LITTLE = 0.34
"""And so little of them their own side."""

_OTHER: dict[Owner, Role] = {"agent": "customer", "customer": "agent"}


@dataclass(frozen=True, slots=True)
class Voice:
    """What came of a check: `wrong_speaker`, the other side said it; `line`, an own one that does."""

    support: Support
    wrong_speaker: bool = False
    line: int | None = None


def check_act(act: Act, stems: frozenset[str], heard: Sequence[Voiced], call: CallText) -> Voice:
    """Whether an act was told by who must have told it.

    `stems` are the words of the note beside the act. A suppositon ("if", "would") tells nothing, nor does a
    question. An act that grants something must be named by its own kind; of others a clause that binds and
    has most of the words is enough.
    """
    roles = (act.owner, "unknown") if act.owner != "either" else ("agent", "customer", "unknown")
    loose = act.owner == "customer" and not act.will
    own = [one for one in heard if one.role in roles and (loose or not one.clause.asks)]
    firm = own if act.maybe or loose else [one for one in own if not one.clause.supposes]
    for one in firm:
        if _names(act, one) and _about(act, stems, one, call):
            return Voice("supported", line=one.line)
    if not act.kinds & GRANTS:
        for one in firm:
            if (one.clause.binds or not act.will) and share_of(stems, one.clause.affirmed, call) >= ENOUGH:
                return Voice("supported", line=one.line)
    if any(_denies(act, one) for one in own):
        return Voice("contradicted")
    others = [one for one in heard if one.role == _OTHER.get(act.owner)]
    return Voice("not_found", wrong_speaker=any(_names(act, one) for one in others))


def check_speaker(owner: Owner, stems: frozenset[str], heard: Sequence[Voiced], call: CallText) -> bool:
    """Whether a statement of one side's words or deeds has them from the other side alone."""
    if owner == "either" or not stems or any(one.role == "unknown" for one in heard):
        return False

    def share(role: Role | Owner | None) -> float:
        said = frozenset(s for one in heard if one.role == role for s in one.clause.stems)
        return share_of(stems, said, call)

    own = share(owner)
    return own < LITTLE and share(_OTHER[owner]) - own >= OTHERS


def _about(act: Act, stems: frozenset[str], one: Voiced, call: CallText) -> bool:
    """Whether a clause that names an act has something else of it, too; grants are rare enough."""
    return bool(act.kinds & GRANTS) or not stems or share_of(stems, one.clause.affirmed, call) > 0


def _names(act: Act, one: Voiced) -> bool:
    if act.kinds:
        return bool(act.kinds & one.clause.acts)
    return act.verb in one.clause.affirmed


def _denies(act: Act, one: Voiced) -> bool:
    return bool(act.kinds & one.clause.denied_acts) or act.verb in one.clause.denied


def share_of(stems: frozenset[str], said: frozenset[str], call: CallText) -> float:
    """How much of these words was said, by weight; 0 without words."""
    whole = call.weight(stems)
    return call.weight(stems & said) / whole if whole else 0.0
