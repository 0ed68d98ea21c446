"""How agents ask for secrets and customers say them: no word in braces may be read once all is decided."""

from __future__ import annotations

import re

import pytest

from pipeline.core.redaction import hide_partial
from tests.pipeline.core.masking import at, resolved

CARD_CODES = """
A: and the three on the back | C: {four one two}
A: can you turn it over and read me those three | C: sure hang on it says {eight two one}
A: what is the number on the signature panel | C: I think it's {seven seven one}
A: okay and the CSC | C: {won oh won}
A: and then the CID | C: um okay it's worn off but I believe it's {two six zero}
C: and then on the back it says {seven two two}
C: {seven six one} on the back
C: {nine two one} that's the CVV
C: {four five six} | A: sorry what was that | C: the security code on the card
C: {nine five five} | C: oh sorry that's the code on the back
C: {ate one ate} is the code on the back
C: {four four eight} that is what I have as my security code
C: {two nine nine} | A: perfect so I have your CVC down | C: great
C: {six eight three} | A: thank you for the security code | C: sure
C: {four} let me get the light {four one two} there's your security code
A: what's the security code | C: {two} | A: okay | C: {nine} | A: uh huh | C: {three}
C: {four one} | A: okay | C: {two} that's my security code
"""
EXPIRIES = """
A: what month and year does the card expire | C: the {fourth} month of {twenty thirty one}
A: do you see the expiration date on the front of the card | C: {Aug twenty seven.}
A: until when is it valid | C: {december} the year is {twenty nine}
A: and the expiry | C: {first} of {twenty seven}
A: when does it run out | C: {may} I mean {june} of {twenty nine}
A: good thru what date | C: I believe it's {seven} and {twenty nine}
C: {april} of {twenty nine} is when it expires
C: {oh nine} {twenty six} | C: that's the expiration
A: what's the expiration month | C: {april} | A: and the year | C: {twenty eight}
"""
BIRTH_DATES = """
A: what's the birth year | C: {eighty three}
A: could I have your month day and year of birth | C: {August thirtieth} and the year is {eighty eight}
A: date of birth please | C: the {first} of the {first seventy}
A: and your DOB | C: {Seventh} month {fourth} day {nineteen sixty}
C: my birthday's the {third} of {june}
C: the {sixth} of {may seventy} | A: is that your date of birth | C: yes it is
"""
ADDRESSES = """
A: where should we send it | C: {denver}
A: what street do you live on | C: {dogwood} drive
A: what's your address | C: {fifty five broadway new york} new york {one double oh one two}
A: can you tell me where you're living now | C: {thirteen old mill} way in {concord}
A: could you spell the street | C: {j u n i p e r}
A: and the mailing address | C: the street is {cherry} the number is {eighty eight}
A: what's the address | C: {thirty three first} avenue
C: {thirty three twenty second} street is my address
C: I live on {cedar} lane at number {ninety nine}
C: my home is {one eleven prospect} street in {madison} wisconsin
"""
EMAILS = """
A: what's your email | C: {happy days} at {gmail} dot com
A: and your e-mail | C: {kate} period {jones} at sign {gmail} period com
A: what's the best email | C: {call me kate} at {yahoo} dot co dot uk
A: where can I email that | C: {kate} dot {jones}
A: and which mailbox | C: {lopez} at {state} dot edu
C: {kate jones} | A: okay is that your email | C: yes
"""
PINS = """
A: what is your atm pin | C: {to to for for}
A: what is the personal identification number | C: {nineteen} {seventy two}
C: {four four oh one} in case you need my pin
C: {to to} okay so that was the PIN
"""
ALL = [
    line
    for block in (CARD_CODES, EXPIRIES, BIRTH_DATES, ADDRESSES, EMAILS, PINS)
    for line in block.strip().splitlines()
]


def turns_of(line: str) -> list[tuple[int, str]]:
    return [("AC".index(turn[0]), re.sub(r"[{}]", "", turn[3:])) for turn in line.split(" | ")]


def secrets_of(line: str) -> list[list[str]]:
    """The words in braces of each turn."""
    return [" ".join(re.findall(r"{(.*?)}", turn)).split() for turn in line.split(" | ")]


@pytest.mark.parametrize("line", ALL)
def test_no_word_of_a_secret_can_be_read(line: str) -> None:
    turns = [*turns_of(line), (0, "thank you"), (1, "sure")]
    said = resolved(turns)
    assert [
        word
        for text, secret in zip(said, secrets_of(line), strict=False)
        for word in secret
        if word in text.split()
    ] == []


@pytest.mark.parametrize(
    "line", [line for line in ALL if line not in (*ADDRESSES.split("\n"), *EMAILS.split("\n"))]
)
def test_nor_while_it_is_spoken(line: str) -> None:
    for (_, text), secret in zip(turns_of(line), secrets_of(line), strict=True):
        words = at(text.split())
        shown = [word.text for end in range(len(words) + 1) for word in hide_partial(words[:end])]
        assert {"to", "for"}.issuperset(set(shown).intersection(secret))


@pytest.mark.parametrize(
    "line",
    [
        "A: I have ordered a card for you. The new card is free. | C: okay",
        "A: and your address for me please | C: one moment",
        "A: when does your card expire | C: ten thirty pm",
        "A: can I get the address for this | C: sure",
        "C: I would like to reset my password | A: can you repeat | C: I would like to reset my password",
        "A: what is the name of the company | C: the company is fossil gas | C: my address is",
        "C: I have been to Denver | A: okay thank you and your email",
        "A: may I have your name | C: Albert Morgan | A: thank you",
        "A: on a scale of one to ten how bad is it | C: bad",
        "C: just wanted to check on the status | A: what is your email | C: no",
        "A: thank you and what is the security code for",
        "C: it was forty dollars | A: okay | C: that's the one on my statement",
    ],
)
def test_what_is_no_secret_is_shown(line: str) -> None:
    turns = turns_of(line)
    assert resolved(turns)[: len(turns)] == [text for _, text in turns]


def test_a_reference_may_be_all_letters() -> None:
    assert resolved([(0, "what is the reference number"), (1, "b r t k m")])[1].startswith("[NUMBER_")


def test_a_code_after_a_card_number_is_not_the_card_number() -> None:
    said = resolved(
        [
            (0, "what is your card number"),
            (1, "4539 1488 0343 6467"),
            (0, "okay"),
            (1, "three one two"),
            (0, "is that the security code"),
            (1, "yes"),
        ]
    )
    assert [said[1], said[3]] == ["[CARD_1]", "[CARD_CODE_1]"]
