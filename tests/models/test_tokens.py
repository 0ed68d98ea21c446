"""Token tables: the file's lengths, spaces, spread characters and damage."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from models.asr.tokens import Piece, TokenTable
from models.errors import MissingWeightsError

PIECES = [
    b"<unk>",
    b"<s>",
    b"</s>",
    "▁lost".encode(),
    b"my",
    "▁c".encode(),
    b"ard",
    b"\xc3",
    b"\xa9",
    b"<<ST_1>>",
]


def encode(pieces: list[bytes]) -> bytes:
    """A `tokenizer.bin`: each piece behind its length in one byte or two."""
    return b"".join(
        (bytes([len(p)]) if len(p) < 128 else bytes([128 + len(p) % 128, len(p) // 128])) + p for p in pieces
    )


def table(folder: Path, data: bytes) -> TokenTable:
    path = folder / "tokenizer.bin"
    path.write_bytes(data)
    return TokenTable.read(path)


@pytest.mark.parametrize(
    ("tokens", "texts"),
    [
        ([], []),
        ([3, 5, 6], ["lost", "card"]),
        ([4, 3], ["my", "lost"]),
        ([5, 7, 8], ["cé"]),
        ([5, 7, 3], ["c\ufffd", "lost"]),
        ([1, 9, 3, 2], ["lost"]),
        ([3, 99, -1], ["lost"]),
    ],
)
def test_words_of_tokens(tmp_path: Path, tokens: list[int], texts: list[str]) -> None:
    words = table(tmp_path, encode(PIECES)).words(tokens, [-0.5] * len(tokens))
    assert [word.text for word in words] == texts


def test_a_word_has_the_mean_of_its_tokens(tmp_path: Path) -> None:
    found = table(tmp_path, encode(PIECES)).words([3, 5, 6], [-1.0, -2.0, -4.0, -9.0])
    assert found == [Piece("lost", -1.0), Piece("card", -3.0)]


@example([b"", b"x" * 127, b"x" * 128, b"x" * 300, b"y"])
@given(st.lists(st.binary(max_size=400), min_size=1, max_size=8))
def test_any_lengths_are_read_back(tmp_path_factory: pytest.TempPathFactory, pieces: list[bytes]) -> None:
    assert len(table(tmp_path_factory.mktemp("table"), encode(pieces))) == len(pieces)


@pytest.mark.parametrize("data", [b"", encode(PIECES)[:-1], encode([b"x" * 200])[:1]])
def test_a_damaged_file(tmp_path: Path, data: bytes) -> None:
    with pytest.raises(MissingWeightsError, match=r"tokenizer\.bin is damaged"):
        table(tmp_path, data)


def test_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(MissingWeightsError, match=r"tokenizer\.bin cannot be read"):
        TokenTable.read(tmp_path / "tokenizer.bin")
