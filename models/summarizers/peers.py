"""Telling in the third person what two people say who go by their names, not by a role.

"I" is the speaker, as in `person`; "you" is the other one, by name. Where more than two people talk, "you"
may be any of them, or all, and only a quote is safe.
"""

from __future__ import annotations

import re
from typing import Final

from models.summarizers.person import agreed, first_to_third, is_subject, told, written_out
from models.summarizers.wordlists import ADVERBS

_SECOND: Final = re.compile(r"\b(?:you|your|yours|yourself|you're|you've|you'll|you'd|u|ur|ya)\b", re.I)
_UNSAFE: Final = re.compile(
    r"\b(?:yours|yourself|you'd|u|ur|ya|thank you|you (?:all|both|guys|two|know|see)|of you"
    r"|(?:do|did|don't|didn't|are|were|have|would|could|can|will|should|shall|may|if i were) (?:not )?you"
    r"|do you|you and|and you)\b",
    re.I,
)
_ASKED: Final = re.compile(
    r"(?:(?:i (?:was|am) )?wondering if you (?:can|could|would)|(?:can|could|would|will) you"
    r"(?! (?:mind|like|want|be|have))) ",
    re.I,
)


def told_by_name(text: str, name: str, other: str | None) -> str | None:
    """The clause that `name` says to `other`, or None where only a quote is safe.

    `other` is None where it is not known who is spoken to.
    """
    text = written_out(text)
    if not _SECOND.search(text):
        return told(text, name, other or "the other party")
    if other is None:
        return None
    asked = _ASKED.match(text)
    lead = asked.group() if asked else ""
    rest = text[len(lead) :]
    if _UNSAFE.search(rest) or (named := _named(rest, other)) is None:
        return None
    if lead or not named.startswith(other):
        return told(lead + named, name, other)
    body = first_to_third(named)
    return f"{name} said {body}." if body else None


def _named(text: str, other: str) -> str | None:
    """ "You" and "your" by name, with the verb that agrees; None if that verb is not known."""
    words = text.split(" ")
    for place, word in enumerate(words):
        core = word.lower().strip(",.")
        if core == "your":
            words[place] = f"{other}'s"
        elif core == "you":
            before = words[place - 1].lower() if place else ""
            after = words[place + 1].lower() if place + 1 < len(words) else ""
            words[place] = word.lower().replace(core, other)
            if is_subject(before, after):
                at = place + 1 + (after in ADVERBS)
                verb = words[at].strip(",") if at < len(words) else ""
                form = agreed(verb.lower())
                if form is None:
                    return None
                words[at] = words[at].replace(verb, form)
    return " ".join(words)
