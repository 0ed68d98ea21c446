"""Files of hotwords are read, and what is wrong in them is told with its line."""

from __future__ import annotations

from pathlib import Path

import pytest

from models.asr.hotwords import LONGEST_HOTWORD, MOST_HOTWORDS, read_hotwords
from models.errors import InputError


def hotwords_file(folder: Path, content: str | bytes) -> Path:
    path = folder / "words.txt"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def test_one_a_line_in_order_each_once(tmp_path: Path) -> None:
    content = (
        "\ufeff# products\r\nKestrel  Card\r\n\r\n  Zelvora \nC#\nCafe\u0301\nZelvora\n  # people\nJosé Núñez"
    )
    expected = ("Kestrel Card", "Zelvora", "C#", "Caf\u00e9", "José Núñez")
    assert read_hotwords(hotwords_file(tmp_path, content)) == expected
    assert read_hotwords(hotwords_file(tmp_path, "")) == ()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (
            "fine\n" + "a" * (LONGEST_HOTWORD + 1),
            r"words\.txt, line 2: 61 characters; a hotword has at most 60",
        ),
        ("fine\n\n--\n", r"line 3: no letter or digit"),
        ("a\x00b\n", r"line 1: a control character"),
        (b"fine\n# ok\ncaf\xe9\n", r"line 3: not UTF-8"),
        ("\n".join(map(str, range(MOST_HOTWORDS + 1))), r"line 501: more than 500 hotwords"),
    ],
)
def test_a_fault_is_told_with_its_line(tmp_path: Path, content: str | bytes, message: str) -> None:
    with pytest.raises(InputError, match=message):
        read_hotwords(hotwords_file(tmp_path, content))


def test_the_limits_themselves_are_fine(tmp_path: Path) -> None:
    content = "\n".join([*map(str, range(MOST_HOTWORDS - 1)), "a" * LONGEST_HOTWORD, "0"])
    assert len(read_hotwords(hotwords_file(tmp_path, content))) == MOST_HOTWORDS


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"none\.txt: cannot be read: No such file"):
        read_hotwords(tmp_path / "none.txt")
