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


@pytest.fixture
def learned(tmp_path: Path) -> TokenTable:
    """Bytes, then pieces in the order in which they were learned."""
    pieces = [b"<unk>", b"<s>", b"</s>", *(bytes([byte]) for byte in range(256))]
    merged = ("▁c", "ar", "ard", "▁car", "s", "d", "▁", "c", "a", "r", "'")
    return table(tmp_path, encode(pieces + [piece.encode() for piece in merged]))


@pytest.mark.parametrize(
    ("text", "pieces"),
    [
        ("card", ["▁c", "ard"]),
        ("  cars   card ", ["▁car", "s", "▁c", "ard"]),
        ("ca", ["▁c", "a"]),
        ("", []),
    ],
)
def test_merges_go_by_the_order_of_learning(learned: TokenTable, text: str, pieces: list[str]) -> None:
    tokens = learned.encode(text)
    assert [learned._pieces[token] for token in tokens] == [p.replace("▁", " ").encode() for p in pieces]
    assert " ".join(word.text for word in learned.words(tokens, [-1.0] * len(tokens))) == " ".join(
        text.split()
    )


@given(st.text(st.characters(exclude_categories=["C"]), max_size=12))
def test_what_is_encoded_is_read_back(text: str) -> None:
    pieces = [b"", b"", b"", *(bytes([byte]) for byte in range(256)), "▁a".encode(), b"ab", "▁".encode()]
    known = TokenTable(pieces)
    tokens = known.encode(text)
    words = [word.text for word in known.words(tokens, [-1.0] * len(tokens))]
    assert words == text.split()


def test_where_words_begin_and_go_on(learned: TokenTable) -> None:
    begins = {piece: learned.begins_word(token) for token, piece in enumerate(learned._pieces) if piece}
    assert begins[b" c"]
    assert not begins[b"ard"]
    goes_on = {piece: learned.continues_word(token) for token, piece in enumerate(learned._pieces) if piece}
    assert goes_on[b"ard"]
    assert goes_on[b"\xc3"]
    assert not goes_on[b" c"]
    assert not goes_on[b"'"]


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
