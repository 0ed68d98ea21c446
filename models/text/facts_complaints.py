"""Words by which a customer complains, in some languages, and by which a note tells of it."""

from __future__ import annotations

import re

from models.text.sentences import split_sentences

_CUES = re.compile(
    r"\b(?:(?:i|we)(?:'d| would)? (?:like|want|need|wish|have|am going|'m going|will|demand|'ll) (?:to )?"
    r"(?:\w+ ){0,4}?(?:complain|(?:complaint|grievance))\b"
    r"|(?:my|this|a|an?other|formal|official|the same) complaint|complaining about|i(?:'m| am) complaining"
    r"|i complain"
    r"|complained (?:about|twice|before|already|last)|ombudsman|regulator|(?:my|a) (?:lawyer|attorney)"
    r"|small claims"
    r"|consumer (?:protection|financial)|cfpb|(?:report|sue) (?:you|this|the bank)|discriminat\w+"
    r"|una queja|reclamaci[oó]n|reclamo|quejarme|beschwer\w+|reklamation|r[eé]clamation|porter plainte"
    r"|me plaindre"
    r"|reclama[cç][aã]o|reclamar|reclamo|lamentela|klacht)\b|投诉|投訴|苦情|クレーム|불만|жалоб",
    re.IGNORECASE,
)
_NONE = re.compile(r"\b(?:no|not|never|without|don't|isn't|wasn't)\b[^,.;]{0,20}\bcomplain", re.IGNORECASE)
_TOLD = re.compile(
    r"\b(?:complain|grievance|ombudsman|regulator|lawyer|attorney|escalat|dissatisf|unhappy|upset|sue\b|discriminat"
    r"|queja|reclam|beschwer|reklam|r[eé]clam|plain)|投诉|投訴|苦情|クレーム|불만|жалоб",
    re.IGNORECASE,
)
_UNTOLD = re.compile(
    r"\b(?:no|without|never|not|nor|withdr\w+|retract\w+)\b[^,.;]{0,30}\bcomplain", re.IGNORECASE
)


def complains(text: str) -> str | None:
    """The first sentence in which a customer complains, or None."""
    for sentence in split_sentences(text.replace("\u2019", "'")):
        if _CUES.search(sentence.text) and not _NONE.search(sentence.text):
            return sentence.text
    return None


def tells_of_complaint(text: str) -> bool:
    """Whether a note's sentence tells of a complaint, rather than that there was none."""
    return bool(_TOLD.search(text)) and not _UNTOLD.search(text)
