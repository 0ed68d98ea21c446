"""Short names for long values, in versions."""

from __future__ import annotations

import hashlib


def short_hash(text: str) -> str:
    """Twelve hexadecimal digits that stand for a text."""
    return hashlib.sha256(text.encode()).hexdigest()[:12]
