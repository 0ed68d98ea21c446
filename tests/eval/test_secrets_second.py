"""The second generator of spoken secrets: every combination, words as in a transcript, flags that hold."""

from __future__ import annotations

import random
import re
from functools import cache
from itertools import islice

import pytest

from eval.secrets.items import ENTITIES, Entity, Item
from eval.secrets.second import combinations, generate, styles
from eval.secrets.second_noise import NOISES
from eval.secrets.second_splits import SPLITS
from eval.secrets.second_values import aba_holds, card, luhn_holds

NUMBERS = (
    *("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven"),
    *("twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen", "twenty"),
    *("thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"),
)
DIGITS = {**{name: str(digit) for digit, name in enumerate(NUMBERS[:10])}, "oh": "0"}
OF_DIGITS: tuple[Entity, ...] = (
    *("card", "card_code", "ssn", "itin", "account", "routing", "phone", "pin", "otp"),
)


@cache
def items(entity: Entity) -> tuple[Item, ...]:
    return tuple(generate(entity, 3000, 5))


def plain(entity: Entity, *wanted: str) -> list[Item]:
    """Items in these styles, undisturbed, in turns in which nobody but the customer says the value."""
    return [
        item
        for item in items(entity)
        if item.style in wanted and item.noise in ("none", "hesitations") and item.split != "read_back"
    ]


def secret(item: Item) -> list[str]:
    return [word.text for turn in item.turns for word in turn.words if word.secret]


def bare(words: list[str]) -> list[str]:
    return [word.lower().strip(".,-?") for word in words]


@pytest.mark.parametrize("entity", ENTITIES)
def test_same_seed_same_items(entity: Entity) -> None:
    assert list(generate(entity, 60, 7)) == list(generate(entity, 60, 7))
    assert list(generate(entity, 60, 7)) != list(generate(entity, 60, 8))
    assert list(generate(entity, 20, 7)) == list(islice(generate(entity, 60, 7), 20))


@pytest.mark.parametrize("entity", ENTITIES)
def test_count_and_ids(entity: Entity) -> None:
    assert list(generate(entity, 0, 1)) == []
    assert [item.id for item in generate(entity, 3, 1)] == [f"second-{entity}-{at}" for at in range(3)]
    assert len({item.id for item in items(entity)}) == 3000
    assert {item.entity for item in items(entity)} == {entity}


@pytest.mark.parametrize("entity", ENTITIES)
def test_every_combination_occurs(entity: Entity) -> None:
    wanted = combinations(entity)
    assert {(item.style, item.noise, item.split) for item in items(entity)} == set(wanted)
    assert {style for style, _, _ in wanted} == set(styles(entity))
    assert {noise for _, noise, _ in wanted} == set(NOISES)
    missing = set(SPLITS) - {split for _, _, split in wanted}
    assert missing <= {"no_cue", "several_turns"}
    assert ("no_cue" in missing) == (entity not in ("card", "phone", "ssn"))


@pytest.mark.parametrize("entity", ENTITIES)
def test_words_look_like_a_transcript(entity: Entity) -> None:
    for item in items(entity):
        assert secret(item), item
        for turn in item.turns:
            assert turn.words, item
            assert turn.role in ("agent", "customer")
            assert turn.pause_s > 0
            for word in turn.words:
                assert word.text and not re.search(r"\s", word.text), item
                assert any(sign.isalnum() for sign in word.text), item
            if item.noise == "unpunctuated":
                assert turn.text == turn.text.lower(), item
                assert not re.search(r"[,.?!;:](\s|$)", turn.text), item
            else:
                assert turn.text[-1] in ".?!-," or turn.text.endswith("..."), item


@pytest.mark.parametrize("entity", OF_DIGITS)
def test_secret_numerals_are_the_value(entity: Entity) -> None:
    found = plain(entity, "numerals", "spaced", "hyphenated")
    assert found
    for item in found:
        assert re.sub(r"\D", "", "".join(secret(item))) == item.value, item


@pytest.mark.parametrize("entity", OF_DIGITS)
def test_secret_words_are_the_value(entity: Entity) -> None:
    found = plain(entity, "digit_by_digit", "oh", "mixed")
    assert found
    for item in found:
        assert "".join(DIGITS.get(word, word) for word in bare(secret(item))) == item.value, item


@pytest.mark.parametrize("entity", OF_DIGITS)
def test_doubles_unfold_to_the_value(entity: Entity) -> None:
    for item in plain(entity, "doubles"):
        digits, times = "", 1
        for word in bare(secret(item)):
            if word in ("double", "triple"):
                times = 2 if word == "double" else 3
            else:
                digits, times = digits + DIGITS[word] * times, 1
        assert digits == item.value, item


@pytest.mark.parametrize("entity", OF_DIGITS)
def test_no_number_word_of_the_customer_is_left_open(entity: Entity) -> None:
    # "my one-time passcode" names the value and says nothing of it.
    numbers = {*NUMBERS, "hundred", "thousand", "double", "triple"} - ({"one"} if entity == "otp" else set())
    for item in items(entity):
        said = [word for turn in item.turns if turn.role == "customer" for word in turn.words]
        left_open = {part for word in said if not word.secret for part in bare([word.text])[0].split("-")}
        assert not left_open & numbers, item


def test_written_emails_are_the_value() -> None:
    found = plain("email", "written")
    assert found
    for item in found:
        assert "".join(word.strip(".,") for word in secret(item)).lower() == item.value, item


def test_no_name_of_an_email_is_left_open() -> None:
    for item in plain("email", "spoken", "at_symbol", "spelled", "hyphenated"):
        host = item.value.split("@")[1].split(".")[0]
        open_words = [word.text for turn in item.turns for word in turn.words if not word.secret]
        letters = re.findall("[a-z]+", item.value.split("@")[0])
        assert not set(bare(open_words)) & ({host, *letters} - {"a"}), item


def test_addresses_hide_street_and_city_but_not_the_state() -> None:
    for item in plain("address", "written"):
        street, *rest = item.value.split(", ")
        hidden = bare(secret(item))
        assert street.split()[0] in hidden
        assert {name.lower() for name in street.split()[1:-1]} <= set(hidden), item
        if len(rest) > 1:
            assert {name.lower() for name in rest[-2].split()} <= set(hidden), item
            assert rest[-1].split()[-1] in hidden, item
            assert "texas" not in hidden and "tx" not in hidden


@pytest.mark.parametrize("entity", ["expiry", "birth_date"])
def test_written_form_of_dates(entity: Entity) -> None:
    pattern = r"(0[1-9]|1[0-2])/\d\d" if entity == "expiry" else r"(19|20)\d\d-(0[1-9]|1[0-2])-[0-3]\d"
    assert all(re.fullmatch(pattern, item.value) for item in items(entity))
    for item in plain(entity, "slashed"):
        month, last = re.split("[/]", "".join(secret(item)).strip(".,"), maxsplit=1)
        value = item.value if entity == "expiry" else item.value[5:]
        assert int(month) == int(value[:2]), item
        assert last.endswith(item.value[-2:] if entity == "expiry" else item.value[2:4]), item


def test_checksums() -> None:
    assert luhn_holds("4111111111111111") and not luhn_holds("4111111111111112")
    assert aba_holds("021000021") and not aba_holds("021000022")
    rng = random.Random(1)
    assert all(luhn_holds(card(rng)) for _ in range(500))
    assert all(aba_holds(item.value) for item in items("routing"))
    share = sum(luhn_holds(item.value) for item in items("card")) / 3000
    assert 0.83 < share < 0.93  # the others were misread
    assert {len(item.value) for item in items("card")} == {13, 14, 15, 16, 19}


def test_corrections_take_something_back() -> None:
    for item in items("ssn"):
        if item.noise == "corrections" and item.style == "spaced" and item.split != "read_back":
            digits = "".join(bare(secret(item)))
            assert len(digits) > 9
            assert any(digits[:at] + digits[at + cut :] == item.value for cut in (2, 3, 4) for at in range(9))


def test_restarts_say_the_beginning_twice() -> None:
    for item in items("routing"):
        if item.noise == "restarts" and item.style == "spaced" and item.split != "read_back":
            digits = "".join(bare(secret(item)))
            again = digits.removesuffix(item.value)
            assert again and again != digits and item.value.startswith(again), item


def test_splits() -> None:
    for item in items("account"):
        says = [turn.role for turn in item.turns if any(word.secret for word in turn.words)]
        roles = [turn.role for turn in item.turns]
        if item.split == "one_turn":
            assert says == ["customer"] and roles[0] == "customer", item
        if item.split == "several_turns" and item.noise in ("none", "corrections", "interruptions"):
            assert 2 <= len(says) <= 4, item
        if item.split in ("asked", "cue_before"):
            assert roles[0] == "agent", item
        assert ("agent" in says) == (item.split == "read_back"), item


def test_interruptions_come_from_the_other_side_or_bleed_in() -> None:
    found = [item for item in items("card") if (item.noise, item.split) == ("interruptions", "asked")]
    turns = {sum(turn.role == "customer" for turn in item.turns) for item in found}
    assert 1 in turns and max(turns) > 1


def test_engine_errors_spare_the_digits() -> None:
    for item in items("otp"):
        if item.noise == "engine_errors" and item.style == "spaced" and item.split != "read_back":
            assert "".join(bare(secret(item))) == item.value, item


def test_some_social_security_numbers_were_never_given_out() -> None:
    refused = [
        item.value for item in items("ssn") if item.value[:3] in ("000", "666") or item.value[0] == "9"
    ]
    assert 0.08 < len(refused) / 3000 < 0.25
    assert all(item.value[0] == "9" for item in items("itin"))
