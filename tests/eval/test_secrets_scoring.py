"""What counts as a leak and what as hidden in vain, through the real core and behind redactors of text."""

from __future__ import annotations

import pytest

from eval.secrets.items import Item, ItemTurn, ItemWord
from eval.secrets.masks import REGEX, Mask, Seen, open_mask, own_mask, text_mask
from eval.secrets.patterns import RegexRedactor
from eval.secrets.playing import WORD_SAMPLES, Played, Spoken, Stretch, Track, Watcher, play
from eval.secrets.scoring import LeakCounts, carries_content, leaked_words, score
from models.errors import UnknownEngineError
from models.ports import FoundSpan
from models.text.tokens import listed
from models.types import Word
from pipeline.core.events import Partial, SpanResolved, UtteranceFinal
from pipeline.core.redaction import MaskedSpan

CARD = "4111 1111 1111 1111"
CARD_SAID = tuple(listed("my card number is four one one one two two two two"))


def item(*turns: str) -> Item:
    """Turns of the customer; words with a star are a part of the secret."""
    return Item(
        "made-1",
        "card",
        "numerals",
        "clean",
        "told, one turn",
        CARD.replace(" ", ""),
        tuple(map(turn, turns)),
    )


def turn(text: str) -> ItemTurn:
    words = (ItemWord(word.strip("*"), word.endswith("*")) for word in text.split())
    return ItemTurn("customer", tuple(words))


def blind(*readable: tuple[int, int]) -> Mask:
    return lambda _: Seen(frozenset(readable))


def words_of(said: list[Spoken], places: frozenset[tuple[int, int]]) -> list[str]:
    return [said[number].words[place] for number, place in sorted(places)]


def test_a_word_of_the_secret_that_can_be_read_is_a_leak() -> None:
    made = item("my card is 4111* and* 1111*")
    assert score(made, blind((0, 0), (0, 1), (0, 2))) == LeakCounts(1, 0, 0, 3, 0)
    assert score(made, blind((0, 0), (0, 4))) == LeakCounts(1, 0, 0, 3, 2)
    assert score(made, blind((0, 3))) == LeakCounts(1, 1, 0, 3, 3)
    assert leaked_words(made, blind((0, 3), (0, 4))) == ["4111"]


def test_words_between_parts_of_a_secret_are_not_hidden_in_vain() -> None:
    assert score(item("so 4111* um okay 1111* thanks"), blind()).others == 2


def test_counts_add_and_nothing_over_nothing_is_none() -> None:
    total = sum([LeakCounts(10, 1, 2, 30, 3), LeakCounts(10, 0, 1, 30, 0)], LeakCounts())
    assert total == LeakCounts(20, 1, 3, 60, 3)
    assert (total.rate, total.hidden_per_1000) == (0.05, 50.0)
    none = LeakCounts()
    assert (none.rate, none.bound, none.hidden_per_1000) == (None, None, None)


def test_the_bound_is_that_of_clopper_and_pearson() -> None:
    bound = LeakCounts(items=3_000).bound
    # Without a leak: 1 - (alpha / 2) ** (1 / n).
    assert bound == pytest.approx(1 - 0.025 ** (1 / 3_000))
    assert LeakCounts(items=10, leaks=10).bound == 1.0


@pytest.mark.parametrize("text", ["4", "four", "J", "a", "Maple", "for", "oh", "july", "i.castell"])
def test_a_digit_a_letter_and_a_name_tell_something(text: str) -> None:
    assert carries_content(text)


@pytest.mark.parametrize("text", ["dash", "At", "dot", "double", "Street,", "Apt", "#", "com."])
def test_what_stands_between_tells_nothing(text: str) -> None:
    assert not carries_content(text)


def test_the_core_hides_a_card_number_and_leaves_the_talk() -> None:
    said = [
        Spoken(1, CARD_SAID),
        Spoken(0, ("okay", "thank", "you")),
        Spoken(1, ("it", "was", "charged", "on", "friday")),
    ]
    played = play(said)
    assert words_of(said, played.readable) == [
        *("my", "card", "number", "is", "okay", "thank", "you", "it", "was", "charged", "on", "friday")
    ]
    assert played.stretches == (Stretch("card", said[0].words[4:]),)
    assert not set(words_of(said, played.live)) & set(said[0].words[4:])
    assert "card" in words_of(said, played.live)


def test_a_long_turn_is_cut_by_the_core_and_every_word_is_heard_once() -> None:
    said = [Spoken(0, ("well",) * 120), Spoken(1, ("yes",))]
    assert len(play(said).readable) == 121


def test_nothing_said_is_nothing_read() -> None:
    assert play([]) == Played(frozenset(), frozenset(), ())
    assert own_mask([]) == Seen(frozenset())


def watched(*texts: str) -> tuple[Watcher, list[Word]]:
    words = [Word(text, i * WORD_SAMPLES, (i + 1) * WORD_SAMPLES) for i, text in enumerate(texts)]
    track = Track()
    for place, word in enumerate(words):
        track.add(word, (0, place))
    return Watcher([track]), words


def masked(words: list[Word], first: int, after: int) -> UtteranceFinal:
    span = MaskedSpan("number", "[NUMBER_1]", words[first].start_samples, words[after - 1].end_samples)
    shown = (*words[:first], Word("[NUMBER_1].", span.start_samples, span.end_samples), *words[after:])
    return UtteranceFinal("u0-0", 0, "S1", 0, words[-1].end_samples, shown, "en", (span,))


def resolved(final: UtteranceFinal, kind: str, text: str) -> SpanResolved:
    span = final.redactions[0]
    return SpanResolved(
        "r", 0, final.id, span.token, kind, text, span.start_samples, span.end_samples
    )  # fmt: skip


def test_what_is_revealed_can_be_read_for_good() -> None:
    watcher, words = watched("about", "three", "of", "them")
    final = masked(words, 1, 3)
    watcher.look(final)
    assert watcher.played() == Played(
        frozenset({(0, 0), (0, 3)}), frozenset(), (Stretch("number", ("three", "of")),)
    )
    watcher.look(resolved(final, "revealed", "three of"))
    assert watcher.played() == Played(frozenset((0, i) for i in range(4)), frozenset(), ())


def test_what_is_resolved_has_its_kind_and_stays_hidden() -> None:
    watcher, words = watched("card", "4111", "2222", "please")
    final = masked(words, 1, 3)
    watcher.look(final)
    watcher.look(resolved(final, "card", "[CARD_1]"))
    assert watcher.played() == Played(
        frozenset({(0, 0), (0, 3)}), frozenset(), (Stretch("card", ("4111", "2222")),)
    )


def test_a_partial_shows_what_is_no_token() -> None:
    watcher, words = watched("my", "pin", "is", "4", "2", "7")
    watcher.look(Partial(0, 0, words[-1].end_samples, "my pin is", "[NUMBER] 7"))
    assert watcher.played().live == frozenset({(0, 0), (0, 1), (0, 2), (0, 5)})


def test_a_redactor_hides_the_words_that_it_touches_one_utterance_at_a_time() -> None:
    seen = text_mask(RegexRedactor())(
        [Spoken(0, tuple(f"my card is {CARD} thanks".split())), Spoken(0, ("4111", "1111"))]
    )
    assert seen.readable == frozenset({(0, 0), (0, 1), (0, 2), (0, 7), (1, 0), (1, 1)})
    assert seen.stretches == (Stretch("card", tuple(CARD.split())),)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f"it is {CARD}.", [("card", CARD)]),
        ("ssn 536-90-4399 thanks", [("ssn", "536-90-4399")]),
        ("(303) 555-0134", [("phone", "(303) 555-0134")]),
        ("mail jo.ewing@riverbank.org now", [("email", "jo.ewing@riverbank.org")]),
        ("born 03/05/1985", [("date", "03/05/1985")]),
        ("four one one one", []),
        ("", []),
    ],
)
def test_the_plain_baseline_finds_what_is_written(text: str, expected: list[tuple[str, str]]) -> None:
    found = RegexRedactor().find(text)
    assert [(span.kind, text[span.start : span.end]) for span in found] == expected


def test_masks_are_opened_by_name() -> None:
    assert open_mask("wrapup") is own_mask
    assert open_mask(REGEX)([Spoken(0, ("123456789",))]).readable == frozenset()
    with pytest.raises(UnknownEngineError, match="no redactor named 'nothing'"):
        open_mask("nothing")


def test_a_span_that_covers_two_words_and_a_half_hides_three() -> None:
    class Middle:
        version = "middle:1"

        def find(self, text: str) -> tuple[FoundSpan, ...]:
            return (FoundSpan("number", 3, len(text) - 1),)

    assert text_mask(Middle())([Spoken(0, ("aa", "bb", "cc", "dd"))]).readable == frozenset({(0, 0)})
