"""Presidio as a redactor: what it finds in written text, without a model and without the network."""

from __future__ import annotations

from itertools import pairwise

import pytest

from models import registry
from models.errors import EngineError
from models.ports import FoundSpan, Redactor

pytest.importorskip("presidio_analyzer")
pytestmark = pytest.mark.extras


@pytest.fixture(scope="module")
def presidio() -> Redactor:
    redactor: Redactor = registry.engine("redactor", "presidio")
    return redactor


@pytest.mark.parametrize(
    ("text", "kind", "secret"),
    [
        ("my card is 4111 1111 1111 1111 thanks", "card", "4111 1111 1111 1111"),
        ("the number is 536-90-4399", "ssn", "536-90-4399"),
        ("call me at (303) 555-0134.", "phone", "(303) 555-0134"),
        ("write to jo.ewing@riverbank.org please", "email", "jo.ewing@riverbank.org"),
        ("account 123456789012", "account", "123456789012"),
    ],
)
def test_it_finds_what_is_written(presidio: Redactor, text: str, kind: str, secret: str) -> None:
    (span,) = presidio.find(text)
    assert (span.kind, text[span.start : span.end]) == (kind, secret)


@pytest.mark.parametrize("text", ["", "   ", "so how are you today", "four one one one two two two two"])
def test_it_finds_nothing_in_talk_nor_in_spoken_digits(presidio: Redactor, text: str) -> None:
    assert presidio.find(text) == ()


def test_spans_are_sorted_and_do_not_overlap(presidio: Redactor) -> None:
    text = "jo@riverbank.org or 303-555-0134 or 4111111111111111 or 021000021"
    spans = presidio.find(text)
    assert len(spans) == 4
    assert all(isinstance(span, FoundSpan) for span in spans)
    assert all(one.end <= two.start for one, two in pairwise(spans))


def test_it_says_what_it_is_and_takes_no_argument(presidio: Redactor) -> None:
    assert presidio.version.startswith("presidio:patterns@2.")
    with pytest.raises(EngineError, match="takes no argument"):
        registry.engine("redactor", "presidio:large")
