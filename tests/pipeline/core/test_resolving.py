"""What masks turn out to be: names of secrets, or the words that were heard."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.types import RATE_HZ, Word
from pipeline.core.events import SpanResolved
from pipeline.core.redaction import escape
from pipeline.core.resolving import COMPLETE_SAMPLES, Resolver, ResolvingState, Said
from pipeline.core.revealing import with_spans
from tests.pipeline.core.masking import resolve, resolved

AGENT, CUSTOMER = 0, 1
ASKED = [
    ("what is your card number", "four one one one 1111 one one one one 1111", "[CARD_1]"),
    ("and the security code on the back", "sure it's oh double four", "sure it's [CARD_CODE_1]"),
    ("when does it expire what is the expiration date", "april of twenty nine", "[EXPIRY_1] of [EXPIRY_1]"),
    ("your social security number please", "nine oh one fifty two eleven twelve", "[SSN_1]"),
    ("and your taxpayer identification number", "nine one two seven oh twelve twelve", "[ITIN_1]"),
    ("can I have the account number", "five five one double oh three two", "[ACCOUNT_1]"),
    ("and the routing number", "one two one oh four two eight eight two", "[ROUTING_1]"),
    ("a callback number", "415 555 0132", "[PHONE_1]"),
    ("what is your email", "p e r l dot quist at gmail dot com", "[EMAIL_1]"),
    ("your date of birth", "the ninth of may seventy one", "the [BIRTH_DATE_1]"),
    ("and the mailing address", "twelve birch street unit five a salem oregon 97301", "[ADDRESS_1]"),
    ("enter your pin", "four four oh one", "[PIN_1]"),
    ("read me the verification code", "six six one two", "[OTP_1]"),
    ("your member number", "a b one two three", "[NUMBER_4]"),
    ("and the password", "bluebird", "[NUMBER_2]"),
]


@pytest.mark.parametrize(("question", "answer", "expected"), ASKED)
def test_an_answer_is_what_was_asked_for(question: str, answer: str, expected: str) -> None:
    said = resolved([(AGENT, question), (CUSTOMER, answer), (AGENT, "thank you"), (CUSTOMER, "sure")])[1]
    assert said.replace("[NUMBER_4]", "[NUMBER_2]") == expected.replace("[NUMBER_4]", "[NUMBER_2]")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("it was in nineteen ninety one", "it was in nineteen ninety one"),
        ("we had about five thousand", "we had about five thousand"),
        ("that was twenty two then", "that was twenty two then"),
        ("see https://example.org/4111 please", "see https://example.org/4111 please"),
        ("it is 7412 there", "it is [NUMBER_1] there"),
        ("4539 1488 0343 6467", "[CARD_1]"),
        ("021000021", "[ROUTING_1]"),
        ("I moved on the third of June", "I moved on the third of June"),
        ("I love Tulsa", "I love Tulsa"),
        ("perl.quist@gmail.com", "[EMAIL_1]"),
        ("four one eight two is the code", "[NUMBER_1] is the code"),
        ("my card four one one", "my card [CARD_1]"),
        ("my card is blue", "my card is blue"),
        ("my account number is ready", "my account number is ready"),
        ("my date of birth is wrong and I am forty", "my date of birth is wrong and I am forty"),
        ("I was born in nineteen sixty two", "I was born in [BIRTH_DATE_1]"),
        ("my order number is five", "my order number is five"),
        ("the account number changed on march 5th", "the account number changed on march 5th"),
    ],
)
def test_what_nobody_asked_for(text: str, expected: str) -> None:
    assert resolved([(AGENT, "hello there"), (AGENT, text)])[1] == expected


def test_a_value_in_pieces_has_one_name_and_so_has_its_read_back() -> None:
    said = resolved(
        [
            (AGENT, "what is the account number"),
            (CUSTOMER, "five five one"),
            (AGENT, "okay"),
            (CUSTOMER, "double oh three two"),
            (AGENT, "so that is 551 0032"),
            (CUSTOMER, "yes"),
        ]
    )
    assert [said[1], said[3], said[4]] == ["[ACCOUNT_1]", "[ACCOUNT_1]", "so that is [ACCOUNT_1]"]


def test_the_last_version_counts_and_all_stay_hidden() -> None:
    _, events, resolver = resolve(
        [(AGENT, "the account number"), (CUSTOMER, "5510031 no sorry 5510032"), (AGENT, "5510032")]
    )
    assert {event.text for event in events if event.kind == "account"} == {"[ACCOUNT_1]"}
    assert resolver.vault.restore("[ACCOUNT_1]", ["account"]) == "5510032"


def test_words_of_a_secret_are_known_again_when_they_are_repeated() -> None:
    said = resolved(
        [
            (CUSTOMER, "my email is perl quist"),
            (AGENT, "perl quist"),
            (CUSTOMER, "at gmail dot com"),
            (AGENT, "thanks"),
            (CUSTOMER, "sure"),
        ]
    )
    assert said[:3] == ["my email is [EMAIL_1]", "[NUMBER_1]", "[EMAIL_1]"]


def test_a_span_is_decided_after_two_turns_or_ten_seconds() -> None:
    resolver = Resolver(ResolvingState.new(2))
    _, events, _ = resolve([(0, "it is 7412 there")])
    assert [event.kind for event in events] == ["number"]
    words = tuple(Word(text, i * 4_000, i * 4_000 + 3_000) for i, text in enumerate(["it", "is", "7412"]))
    resolver.add(Said("u0-0", 0, 0, words, ()))
    assert resolver.advance(COMPLETE_SAMPLES) == []
    assert resolver.end() == []


def test_stretches_far_apart_are_two() -> None:
    said = resolved([(0, "it is 7412 there"), (0, "it is 9633 there")], channels=1, pause_s=12)
    assert said == ["it is [NUMBER_1] there", "it is [NUMBER_2] there"]


def test_so_are_stretches_far_apart_in_one_utterance() -> None:
    pause = " ".join(["well"] * 40)
    said = resolved([(CUSTOMER, f"my account number is 5510032 {pause} it is 9633 there")])
    assert said == [f"my account number is [ACCOUNT_1] {pause} it is [ACCOUNT_2] there"]


def test_a_homophone_is_a_digit_where_an_answer_is_nothing_else() -> None:
    asked = (AGENT, "what is your card number")
    assert resolved([asked, (CUSTOMER, "oh oh double")])[1] == "[CARD_1]"
    assert resolved([asked, (CUSTOMER, "I moved to texas last year"), (CUSTOMER, "oh")])[2] == "oh"


def test_the_name_of_a_state_is_the_answer_to_a_question_for_an_address() -> None:
    said = resolved([(AGENT, "what is your mailing address"), (CUSTOMER, "texas")])
    assert said[1] == "[ADDRESS_1]"


def test_a_letter_that_ends_an_identifier_is_hidden_with_it() -> None:
    said = resolved([(AGENT, "what is your mailing address"), (CUSTOMER, "unit five a")])
    assert said[1] == "[ADDRESS_1]"


def test_a_count_in_a_sentence_is_not_what_was_announced() -> None:
    text = "the account number ending please 2 cards I think"
    assert resolved([(CUSTOMER, text)]) == [text]


def test_a_revealed_span_without_words_gets_them_from_its_text() -> None:
    event = SpanResolved("s", 0, "u", "[NUMBER_1]", "revealed", "two of", 0, 9)
    words = with_spans([Word("[NUMBER_1]", 0, 9), Word("[NUMBER_3].", 9, 10)], {"[NUMBER_1]": event})
    assert [word.text for word in words] == ["two", "of", "[NUMBER_3]."]


def test_what_sounds_like_a_token_is_none() -> None:
    assert [word.text for word in escape([Word("[ACCOUNT_1],", 0, RATE_HZ)])] == ["(ACCOUNT),"]


@given(st.lists(st.tuples(st.integers(0, 1), st.sampled_from([a for _, a, _ in ASKED])), max_size=8))
def test_every_mask_is_resolved_once(turns: list[tuple[int, str]]) -> None:
    words, events, _ = resolve(turns)
    assert len({event.id for event in events}) == len(events)
    shown = {word.text.strip(".,") for row in words for word in row}
    assert {text for text in shown if text.startswith("[")} <= {event.text for event in events}
