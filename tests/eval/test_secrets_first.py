"""The first generator: it makes each combination, and tells of every word whether it is secret."""

from __future__ import annotations

import re
from collections import Counter
from itertools import islice, product
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eval.secrets import carriers, saying, values
from eval.secrets.first import generate, styles_of
from eval.secrets.items import ENTITIES, Entity, Item
from eval.secrets.noises import NOISES
from eval.secrets.turns import SHAPES
from models.text.numbers import UNITS

NUMBERS = [name for name in ENTITIES if name not in ("email", "birth_date", "address", "expiry")]
LONG = 2_000


def secret_words(item: Item) -> list[str]:
    return [word.text.strip(".") for turn in item.turns for word in turn.words if word.secret]


@pytest.mark.parametrize("entity", ENTITIES)
def test_the_same_seed_gives_the_same_items_and_another_one_others(entity: Entity) -> None:
    items = list(generate(entity, 30, 5))
    assert items == list(generate(entity, 30, 5))
    assert items[:10] == list(generate(entity, 10, 5))
    assert [item.value for item in items] != [item.value for item in generate(entity, 30, 6)]
    assert len({item.id for item in items}) == 30


@pytest.mark.parametrize("entity", ENTITIES)
def test_each_combination_comes_up_before_one_comes_again(entity: Entity) -> None:
    items = list(generate(entity, LONG, 1))
    splits = {item.split for item in items}
    combinations = list(product(styles_of(entity), NOISES, splits))
    assert len(splits) % len(SHAPES) == 0
    assert len(splits) >= 2 * len(SHAPES)
    first = items[: len(combinations)]
    assert Counter((item.style, item.noise, item.split) for item in first) == Counter(combinations)


@settings(max_examples=40, deadline=None)
@given(st.sampled_from(ENTITIES), st.integers(0, 10_000))
def test_every_item_is_whole(entity: Entity, seed: int) -> None:
    for item in generate(entity, 5, seed):
        assert item.entity == entity
        assert item.value
        assert secret_words(item)
        for turn in item.turns:
            assert turn.words
            assert turn.pause_s > 0
            assert all(word.text and not re.search(r"\s", word.text) for word in turn.words)


@pytest.mark.parametrize("entity", NUMBERS)
def test_the_secret_words_of_a_clean_item_say_the_value_and_nothing_else(entity: Entity) -> None:
    seen = 0
    for item in generate(entity, LONG, 2):
        if (
            item.noise == "clean"
            and item.style == "single digits"
            and not item.split.endswith(("echoed", "back"))
        ):
            seen += 1
            assert "".join(str(UNITS[word.casefold()]) for word in secret_words(item)) == item.value
    assert seen


@pytest.mark.parametrize("entity", ["card", "account", "otp"])
def test_written_digits_say_the_value_whatever_goes_wrong(entity: Entity) -> None:
    for item in generate(entity, LONG, 3):
        if item.style == "numerals" and item.noise in ("clean", "hesitant", "aside", "acknowledged"):
            said = (
                "".join(secret_words(item))
                if item.split.endswith(("turn", "pauses", "turns"))
                else item.value
            )
            assert said == item.value


def test_what_stands_between_is_no_secret() -> None:
    between = {*carriers.HESITATIONS, "okay", "got", "sorry", "glasses", "dash", "dot", "at", "slash"}
    for entity in ENTITIES:
        for item in generate(entity, 300, 4):
            assert not between & {word.casefold() for word in secret_words(item)}, item


def test_both_versions_of_a_corrected_value_are_secret() -> None:
    for item in generate("pin", LONG, 1):
        if item.noise == "corrected" and item.style == "numerals" and item.split.endswith("one turn"):
            wrong, right = secret_words(item)
            assert right == item.value
            assert wrong != right


def test_of_an_address_the_state_and_the_kind_of_street_need_not_be_hidden() -> None:
    for item in generate("address", 200, 1):
        words = " ".join(secret_words(item)).casefold()
        state = item.value.split(", ")[-1].rsplit(" ", 1)[0]
        assert state not in words
        assert "street" not in words
        assert item.value.split(", ")[-2] in words.replace(",", "")


def test_an_email_address_is_secret_but_for_its_ending() -> None:
    for item in generate("email", LONG, 1):
        if item.style == "spoken" and item.noise == "clean":
            words = secret_words(item)
            assert item.value.split("@")[1].split(".")[0] in [word.casefold() for word in words]
            assert not {"com", "net", "org", "dot", "at"} & set(words)


def test_values_pass_their_checks() -> None:
    assert values.luhn_digit("411111111111111") == "1"
    assert values.aba_digit("02100002") == "1"
    rng = Random(1)
    for _ in range(200):
        card = values.card(rng)
        assert values.luhn_digit(card[:-1]) == card[-1]
        routing = values.routing(rng)
        assert values.aba_digit(routing[:-1]) == routing[-1]
        assert re.fullmatch(r"9\d\d(?:5\d|6[0-5]|7\d|8[0-8]|9[0-24-9])\d{4}", values.itin(rng))
        assert re.fullmatch(r"(?!000|666|9)\d{3}(?!00)\d\d(?!0000)\d{4}", values.ssn(rng))
        assert re.fullmatch(r"[2-9]\d\d[2-9]\d{6}", values.phone(rng))


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (saying.singles("4011"), "four zero one one"),
        (saying.singles("4011", oh=True), "four oh one one"),
        (saying.doubles("44111777"), "double four triple one triple seven"),
        (saying.doubles("4444"), "triple four four"),
        (saying.pairs("4111"), "forty one eleven"),
        (saying.pairs("4111", hyphen=True), "forty-one eleven"),
        (saying.pairs("40507"), "four oh five oh seven"),
        (saying.hundreds("411"), "four hundred eleven"),
        (saying.hundreds("4100"), "forty one hundred"),
        (saying.hundreds("4011"), "four thousand eleven"),
        (saying.hundreds("0411"), "oh four eleven"),
        (saying.misheard("2248", [1, 2, 1, 3]), "too two for ate"),
        (saying.half_written("4111"), "4 one 1 one"),
        (saying.ordinal(21), "twenty first"),
        (saying.ordinal(30), "thirtieth"),
        (saying.ordinal(12), "twelfth"),
    ],
)
def test_digits_are_said_as_people_say_them(said: str, expected: str) -> None:
    assert said == expected


def test_items_are_made_as_they_are_asked_for() -> None:
    assert len(list(islice(generate("card", 10**9, 1), 3))) == 3
