"""A complaint on the call is never left out of its note, whatever the summarizer made of it."""

from __future__ import annotations

from collections.abc import Sequence

from models.text.facts_complaints import complains, tells_of_complaint
from models.types import Statement
from pipeline.core.grounding_call import CallText

MOST_WORDS = 40
"""Of the customer's sentence, so many words are quoted."""


def missing_complaint(statements: Sequence[Statement], call: CallText) -> Statement | None:
    """The customer's first words of complaint as a statement, where no statement that holds tells of any."""
    told = any(
        tells_of_complaint(row.text) and row.support != "contradicted" and "unsupported" not in row.flags
        for row in statements
    )
    if told:
        return None
    for line in call.lines:
        sentence = None if line.role == "agent" else complains(line.text)
        if sentence is not None:
            words = sentence.replace('"', "").split()
            said = " ".join(words[:MOST_WORDS]) + (" ..." if len(words) > MOST_WORDS else "")
            name = "Customer" if line.role == "customer" else line.speaker
            return Statement("key_facts", f'{name} said: "{said}"', (line.id,), "supported")
    return None
