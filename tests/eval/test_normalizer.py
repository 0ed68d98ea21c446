from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eval.normalizer import WHISPER_EN, without_tags, words_of
from models.errors import ConfigError


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Hello, [noise] I'm <unk> Bob.", "hello i am bob"),
        ("um, three hundred dollars", "$300"),
        ("hello[laughter]there", "hello there"),
        ("the colour", "the color"),
        ("[noise]", ""),
        ("", ""),
    ],
)
def test_whisper_english(text: str, words: str) -> None:
    assert words_of(text) == words.split()


def test_tags_become_spaces() -> None:
    assert without_tags(" a[x]b <y> c ") == "a b c"


@given(st.text())
def test_any_text(text: str) -> None:
    assert all(word and not word.isspace() for word in words_of(text))


def test_unknown_normalizer() -> None:
    with pytest.raises(ConfigError, match=WHISPER_EN):
        words_of("a", "other/1")
