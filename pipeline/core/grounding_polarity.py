"""Whether a note denies what was denied, and affirms what was affirmed."""

from __future__ import annotations

from collections.abc import Sequence

from models.text.facts_clauses import Clause
from models.text.facts_denials import Denial
from models.text.facts_promises import GRANTS, REPORTS
from models.text.facts_words import ACTS
from models.types import Support
from pipeline.core.grounding_call import CallText, Voiced


class Polarity:
    """What was denied and what was affirmed in the lines of one statement; `stems` are its words.

    Of two clauses that say and deny one thing, the one counts that has more of the statement's words.
    """

    def __init__(
        self, call: CallText, voiced: Sequence[Voiced], cited: Sequence[int], stems: frozenset[str]
    ) -> None:
        self._call = call
        self._stems = stems
        self._told = [one.clause for one in voiced if not one.clause.asks]
        self._cited = [one.clause for one in voiced if one.line in cited]
        self._firm = [
            one.clause for one in voiced if not (one.clause.asks or one.clause.supposes or one.taken)
        ]

    def check(self, denial: Denial) -> Support:
        """Whether what a note denies was denied.

        What was stated and not denied contradicts it. Denied in other words ("that was not me") counts where
        the cited lines deny anything, and nobody spoke of the thing itself.
        """
        scope = [one for one in denial.scope if one not in REPORTS - {"want"}] or list(denial.scope)
        head = scope[0] if scope else ""
        acts = ACTS.get(head, frozenset())
        reported = bool(denial.scope) and scope[0] != denial.scope[0]
        if denial.head == "ask" and any(c.asks for c in self._cited):
            return "contradicted"
        affirming = [c for c in self._firm if head in c.affirmed or acts & GRANTS & c.acts]
        denying = [c for c in self._told if head in c.denied or acts & c.denied_acts]
        affirmed, denied = self._best(affirming), self._best(denying)
        if denied and denied >= affirmed:
            return "supported"
        if affirmed or (reported and any(head in c.affirmed for c in self._cited)):
            return "contradicted"
        wished = [c for c in self._cited if head in c.affirmed and not c.denies]
        if wished and head and not denial.able:
            return "contradicted"
        if any(c.denies for c in self._cited) or any(c.denies and not c.heads for c in self._told):
            return "supported"
        return "contradicted" if any(set(scope) & c.affirmed for c in self._firm) else "not_found"

    def turned(self, affirmed: Sequence[str]) -> list[str]:
        """Words that a note affirms while the cited lines deny them above all."""
        found = []
        for one in affirmed:
            acts = ACTS.get(one, frozenset()) & GRANTS
            denying = [c for c in self._cited if not c.asks and (one in c.heads or acts & c.denied_acts)]
            stating = [c for c in self._told if one in c.affirmed or acts & c.acts]
            if denying and self._best(denying) > self._best(stating):
                found.append(one)
        return found

    def _best(self, clauses: Sequence[Clause]) -> float:
        """The weight of the statement's words in the clause that has most of them; 0 without clauses."""
        return max((0.01 + self._call.weight(c.stems & self._stems) for c in clauses), default=0.0)
