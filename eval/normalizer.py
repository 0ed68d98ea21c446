"""Normalizers by name and version, so that two scores say whether they can be compared.

A normalizer never changes under its name: a change is a new version.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable
from functools import cache
from typing import cast

from models.errors import ConfigError

WHISPER_EN = "whisper-en/1"
"""Tags in square or angle brackets removed, then Whisper's English normalizer (Radford et al. 2022, app. C):
lower case, no punctuation or fillers, contractions opened, American spelling, numbers as digits."""

_TAG = re.compile(r"\[[^\[\]]*\]|<[^<>]*>")


def without_tags(text: str) -> str:
    """`text` without marks of transcribers such as [noise] and <unk>, white space as single spaces."""
    return " ".join(_TAG.sub(" ", text).split())


def words_of(text: str, name: str = WHISPER_EN) -> list[str]:
    """The words of a normalized text. Raises `ConfigError` for an unknown normalizer."""
    if name != WHISPER_EN:
        raise ConfigError(f"no normalizer named {name!r}; there is {WHISPER_EN!r}")
    return _whisper_english()(without_tags(text)).split()


@cache
def _whisper_english() -> Callable[[str], str]:
    with warnings.catch_warnings():
        # Docstrings of whisper_normalizer have an invalid escape, which warns when it is first compiled.
        warnings.simplefilter("ignore", SyntaxWarning)
        warnings.simplefilter("ignore", DeprecationWarning)
        from whisper_normalizer.english import EnglishTextNormalizer
    return cast(Callable[[str], str], EnglishTextNormalizer())
