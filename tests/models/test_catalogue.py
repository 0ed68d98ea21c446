"""The catalogue: every row can be used for what it is for."""

from __future__ import annotations

import re

import pytest

from models.catalogue import Embedded, Weights, embedded, find, pullable
from models.errors import UnknownEngineError
from models.registry import names


def test_names_are_unique_and_begin_with_an_engine_of_their_kind() -> None:
    rows: list[Weights | Embedded] = [*embedded(), *pullable()]
    assert len({row.name for row in rows}) == len(rows)
    for row in rows:
        assert row.name.partition(":")[0] in names(row.kind)


@pytest.mark.parametrize("row", pullable(), ids=lambda row: row.name)
def test_a_row_pins_what_is_pulled(row: Weights) -> None:
    assert re.fullmatch(r"[0-9a-f]{40}", row.revision)
    assert re.fullmatch(r"[\w.-]+/[\w.-]+", row.repository)
    assert all(re.fullmatch(r"[0-9a-f]{64}", digest) for digest in row.sha256.values())
    assert set(row.sha256) <= set(row.files)
    assert all(".." not in name and not name.startswith("/") for name in row.files)
    assert row.licence
    assert row.size_bytes > 1_000_000


def test_whisper_rows_have_what_the_engine_reads() -> None:
    whispers = [row for row in pullable() if row.name.startswith("faster-whisper:")]
    assert whispers
    for row in whispers:
        assert {"config.json", "model.bin", "tokenizer.json"} < set(row.files)
        assert "model.bin" in row.sha256


def test_only_the_gated_repository_is_marked() -> None:
    assert [row.name for row in pullable() if row.gated] == ["pyannote:community-1"]


def test_an_unknown_name_lists_near_ones() -> None:
    with pytest.raises(UnknownEngineError, match=r"faster-whisper:smal.*faster-whisper:small"):
        find("faster-whisper:smal")


def test_a_name_like_no_other_lists_all() -> None:
    with pytest.raises(UnknownEngineError, match=r"pyannote:community-1, moonshine:tiny-en"):
        find("zzz")
