"""The conservative mask: what it hides in an utterance, and that what is clearly no secret stays."""

from __future__ import annotations

from dataclasses import replace

import pytest

from models.text.tokens import listed
from models.types import RATE_HZ, Word
from pipeline.core.redaction import MaskedSpan, MaskState, hide_partial, mask
from tests.pipeline.core.masking import at, conversation, masked, resolved

TALK = {
    "your balance is one hundred and thirty five dollars": "one hundred and thirty five dollars",
    "Your checking account balance is $1,234.56.": "$1,234.56.",
    "we charged thirty five dollars for the overdraft": "thirty five dollars",
    "the payoff is twelve thousand four hundred dollars and sixteen cents": (
        "twelve thousand four hundred dollars and sixteen cents"
    ),
    "I can refund ten pounds to your card today": "ten pounds",
    "that came to €20 in Lisbon": "€20",
    "a fee of fifty bucks on my debit card": "fifty bucks",
    "I was charged 89 dollars twice": "89 dollars",
    "there are two charges I do not recognize on my account": "two charges",
    "the card should arrive in three to five business days": "three to five business days",
    "please allow 3 to 5 business days": "3 to 5 business days",
    "I opened that account on March 5th": "March 5th",
    "it was posted on the fifth of March 2026": "fifth of March 2026",
    "can I come in next Tuesday at 2 p.m.": "2 p.m.",
    "your appointment is monday at eleven a m": "eleven a m",
    "we are open from nine thirty a m to five o'clock": "nine thirty a m to five o'clock",
    "the rate went up by 2.5 percent": "2.5 percent",
    "interest is 19% on that card": "19%",
    "I have been on hold for 30 minutes": "30 minutes",
    "it has been ninety days since the purchase": "ninety days",
    "there are three of us on the account": "three of",
    "I lost my card two days ago": "two days ago",
    "this is the second time that I call": "second time",
    "on the 21st you will see the credit": "21st",
    "I see a transfer of $500 on June 9th, 2025": "$500 on June 9th, 2025",
    "my 401k is with you as well": "401k",
    "you have 24/7 access to the app": "24/7",
    "I need two new cards for my kids": "two new cards",
    "it was a hundred and six dollars last month": "a hundred and six dollars",
    "the loan runs for 48 months": "48 months",
    "one moment please while I look at the account": "one moment",
    "I would like the other one instead": "one instead",
    "send me a new one": "new one",
    "there were three transactions on Friday": "three transactions",
    "we refunded forty two dollars and ten cents on Monday": "forty two dollars and ten cents",
    "I paid it half past three this afternoon": "half past three",
    "you get two points for each dollar": "two points",
    "we close at 5:30 pm today": "5:30 pm",
    "she is eighty years old": "eighty years",
    "the dispute takes up to ten business days": "ten business days",
    "your code is valid for 10 minutes": "10 minutes",
    "it will be there in a week or in two weeks": "two weeks",
    "I drove twenty five miles to your branch": "twenty five miles",
    "the minimum payment is $25 and it is due April 3rd": "$25 and it is due April 3rd",
}


def test_ordinary_talk_keeps_its_values() -> None:
    kept = [value for talk, value in TALK.items() if value in resolved([(0, talk)])[0]]
    assert len(TALK) >= 40
    assert set(kept) == set(TALK.values())


@pytest.mark.parametrize("talk", list(TALK))
def test_amounts_survive_the_seconds_after_a_card_number(talk: str) -> None:
    said = resolved([(0, "my card is four one one one"), (0, f"okay I see that {talk}")], pause_s=6)[1]
    assert ("$" in TALK[talk] or "dollars" in TALK[talk]) <= (TALK[talk] in said)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("my card is 4111 1111.", "my card is [NUMBER_1]."),
        ("four one one one, okay, two two!", "[NUMBER_1]!"),
        ("x4111 is it", "[NUMBER_1] is it"),
        ("A1B2C3", "[NUMBER_1]"),
        ("the reference is n76f34", "the reference is [NUMBER_1]"),
        ("my PIN is 41", "my PIN is [NUMBER_1]"),
        ("that one is 7 on my card", "that one is [NUMBER_1] on my card"),
        ("my member id is a b one two", "my member id is [NUMBER_1]"),
        ("the code is x y z please", "the code is [NUMBER_1] please"),
        ("my password is bluebird", "my password is [NUMBER_1]"),
        ("my password: bluebird", "my password: [NUMBER_1]"),
        ("my password's bluebird", "my password's [NUMBER_1]"),
        ("my password is not working", "my password is not working"),
        ("my password bluebird", "my password [NUMBER_1]"),
        ("my password is", "my password is"),
        ("the code is $41.11", "the code is [NUMBER_1]"),
        ("the code is 10 minutes", "the code is [NUMBER_1] minutes"),
        ("expires on March 2027", "expires on [NUMBER_1]"),
        ("my card expires in three days", "my card expires in three days"),
        ("four one one one 35 dollars", "[NUMBER_1] dollars"),
        ("on March 5th 411 ok", "on [NUMBER_1] ok"),
        ("paid $35 411 ok", "[NUMBER_1] $35 [NUMBER_2] ok"),
        ("for $35, yes", "for $35, yes"),
        ("this one 35 dollars", "this one 35 dollars"),
        ("the amount is 4111", "the amount is [NUMBER_1]"),
        ("that's won tree ate I guess", "that's [NUMBER_1] I guess"),
        ("to to for you", "to to for you"),
        (
            "four hello there two hello there one one",
            "[NUMBER_1] hello there [NUMBER_2] hello there [NUMBER_3]",
        ),
        ("four I did not one one", "[NUMBER_1] I did not [NUMBER_2]"),
        ("seven one five", "[NUMBER_1]"),
        ("yeah, it's nine.", "yeah, it's [NUMBER_1]."),
        ("oh, okay", "oh, okay"),
        ("$35.", "$35."),
        ("4:30", "[NUMBER_1]"),
        ("card one", "card [NUMBER_1]"),
        ("[CARD_1] and [NUMBER_7].", "[CARD_1] and [NUMBER_7]."),
        ("4 [NUMBER_7] 1 1 1 it was", "[NUMBER_1] [NUMBER_7] [NUMBER_2] it was"),
        ("", ""),
    ],
)
def test_one_utterance(text: str, expected: str) -> None:
    assert masked(text) == expected


@pytest.mark.parametrize(
    ("before", "pause_s", "text", "expected"),
    [
        ("my card number is", 1, "I think nine", "I think [NUMBER_1]"),
        ("my card number is", 20, "I think nine", "I think [NUMBER_1]"),
        ("it was four one one one", 1, "I think nine", "I think [NUMBER_2]"),
        ("it was four one one one", 20, "I think nine", "I think [NUMBER_2]"),
        ("it was four one one one", 1, "two days", "[NUMBER_2] days"),
        ("it was four one one one", 1, "okay", "okay"),
        ("it was four one one one", 1, "oh okay", "[NUMBER_2] okay"),
        ("it was four one one one", 7, "oh okay", "oh okay"),
        ("it was four one one one", 7, "to", "[NUMBER_2]"),
        ("it was four one one one", 1, "for and that is it all", "[NUMBER_2] and that is it all"),
        ("it was four one one one", 1, "for my savings", "for my savings"),
        ("it was four one one one", 1, "oh okay perfect", "oh okay perfect"),
        ("it was four one one one", 1, "I need one here", "I need [NUMBER_2] here"),
        ("it was four one one one", 1, "I need this one here", "I need this one here"),
        ("my card number is", 1, "what for", "what for"),
        ("my card number is", 1, "it is", "it is"),
        ("hello there", 1, "for", "[NUMBER_1]"),
        ("hello there", 1, "it is for um", "it is [NUMBER_1] um"),
        ("my card number", 1, "well is for um", "well is [NUMBER_1] um"),
    ],
)
def test_what_the_channel_said_before_counts(before: str, pause_s: float, text: str, expected: str) -> None:
    words = at(before.split())
    _, _, state = mask(words, MaskState())
    assert masked(text, state, words[-1].end_samples / RATE_HZ + pause_s) == expected


def test_a_pause_with_an_interjection_keeps_the_run_open() -> None:
    assert (
        conversation([["four", "one", "one", "one"], ["okay"], ["two", "charges"]])[2] == "[NUMBER_2] charges"
    )
    assert conversation([["four", "one", "one", "one"], ["bye"], ["two", "charges"]])[2] == "two charges"


def test_a_token_takes_times_and_punctuation_from_its_words() -> None:
    words = [Word("it's", 0, 10, 0.9), Word("4111", 10, 20, 0.8), Word("1?", 22, 40, 0.7, True)]
    out, spans, state = mask(words, MaskState(channel=1, channels=2, issued=3))
    assert out == (words[0], Word("[NUMBER_8]?", 10, 40, None, True))
    assert spans == (MaskedSpan("number", "[NUMBER_8]", 10, 40),)
    assert state == MaskState(1, 2, 4, None, 40, True)


def test_nothing_said_changes_nothing() -> None:
    state = MaskState(issued=2, cue_samples=5, run_samples=7, run_open=True)
    assert mask([], state) == ((), (), state)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("my card is 4111 11", "my card is [NUMBER]"),
        ("four, one. and for", "[NUMBER]. and [NUMBER]"),
        ("the fee was $35 for two", "the fee was [NUMBER]"),
        ("we have it on forty maple", "we have it on [NUMBER]"),
        ("send that to jo at riverbank", "send that to [NUMBER]"),
        ("Denver", "[NUMBER]"),
        ("I have been to Denver", "I have been to Denver"),
        ("won tree ate", "[NUMBER]"),
        ("the password is bluebird", "the password is [NUMBER]"),
        ("one-time code", "[NUMBER] code"),
        ("nothing here", "nothing here"),
        ("[NUMBER_3] and", "[NUMBER_3] and"),
        ("", ""),
    ],
)
def test_partials_show_no_number_at_all(text: str, expected: str) -> None:
    assert " ".join(word.text for word in hide_partial(at(text.split()))) == expected


def test_state_goes_through_its_fields() -> None:
    _, _, state = mask(at(listed("my code is 4111")), MaskState(channel=1, channels=2))
    assert replace(MaskState(), **{name: getattr(state, name) for name in MaskState.__slots__}) == state
