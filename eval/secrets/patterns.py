"""The plain baseline: patterns that most people write first. It is not used on calls."""

from __future__ import annotations

import re

from models.ports import FoundSpan

_PATTERNS = {
    "email": r"[\w.+-]+@[\w-]+\.[\w.-]+",
    "card": r"\b(?:\d[ -]?){12,18}\d\b",
    "ssn": r"\b\d{3}[- ]?\d{2}[- ]?\d{4}\b",
    "phone": r"(?:\+?1[ .-]?)?\(?\b\d{3}\)?[ .-]?\d{3}[ .-]?\d{4}\b",
    "date": r"\b\d{1,2}[/-]\d{1,2}[/-](?:\d{2}|\d{4})\b",
    "expiry": r"\b(?:0[1-9]|1[0-2])/\d{2}(?:\d{2})?\b",
    "number": r"\b\d{6,}\b",
}
_ANY = re.compile("|".join(f"(?P<{kind}>{pattern})" for kind, pattern in _PATTERNS.items()))


class RegexRedactor:
    """Digits as they are written; nothing of what is spoken."""

    version = "regex:1"

    def find(self, text: str) -> tuple[FoundSpan, ...]:
        """See `Redactor`."""
        return tuple(FoundSpan(str(m.lastgroup), m.start(), m.end()) for m in _ANY.finditer(text))
