"""The conservative mask: no digit of a secret gets out, and what is clearly no secret stays."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from models.text.tokens import listed
from models.types import RATE_HZ, Word
from pipeline.core.redaction import MaskedSpan, MaskState, hide_digits, mask

CARD = "4916203857104265"
CODE = "739"
NAMES = listed("zero one two three four five six seven eight nine")
TEENS = listed("ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen")
TENS = listed("- - twenty thirty forty fifty sixty seventy eighty ninety")
SOUNDS = {
    "zero": ("oh", "o"),
    "one": ("won",),
    "two": ("to", "too"),
    "three": ("tree",),
    "four": ("for", "fore"),
    "five": ("fife",),
    "six": ("sex",),
    "eight": ("ate",),
    "nine": ("nein",),
}
NUMBER_WORDS = {
    *NAMES,
    *TEENS,
    *TENS,
    *listed("oh o won to too tree for fore fife sex ate nein hundred double"),
}


def at(texts: Sequence[str], start_s: float = 0.0, word_s: float = 0.3) -> list[Word]:
    """Words one after another."""
    step = round(word_s * RATE_HZ)
    start = round(start_s * RATE_HZ)
    return [Word(text, start + i * step, start + (i + 1) * step, 0.9) for i, text in enumerate(texts)]


def masked(text: str, state: MaskState | None = None, start_s: float = 0.0) -> str:
    """One utterance after the mask."""
    words, _, _ = mask(at(text.split(), start_s), state or MaskState())
    return " ".join(word.text for word in words)


def conversation(utterances: Sequence[Sequence[str]], state: MaskState | None = None) -> list[str]:
    """Utterances of one channel, a second apart, after the mask."""
    state = state or MaskState()
    said, now_s = [], 0.0
    for texts in utterances:
        words, _, state = mask(at(texts, now_s), state)
        said.append(" ".join(word.text for word in words))
        now_s += 0.3 * len(texts) + 1.0
    return said


def groups(digits: str, size: int = 4) -> list[str]:
    return [digits[i : i + size] for i in range(0, len(digits), size)]


def pair(digits: str) -> str:
    """Two digits as they are said: "forty one", "oh four", "eleven"."""
    tens, unit = int(digits[0]), int(digits[1:] or 0)
    if len(digits) == 1:
        return NAMES[tens]
    if tens == 0:
        return f"oh {NAMES[unit]}"
    return TEENS[unit] if tens == 1 else f"{TENS[tens]} {NAMES[unit]}" if unit else TENS[tens]


def doubled(digits: str) -> str:
    return re.sub(r"(\d)\1", r"double \1", digits.replace("6203", "6603").replace("57", "55"))


def named(digits: str) -> list[str]:
    return [NAMES[int(digit)] for digit in digits]


STYLES: dict[str, Callable[[str], str]] = {
    "single words": lambda d: " ".join(named(d)),
    "single numerals": " ".join,
    "written in fours": lambda d: " ".join(groups(d)),
    "written in one": lambda d: d,
    "with full stops": lambda d: " ".join(f"{group}." for group in groups(d)),
    "with commas inside": lambda d: " ".join(f"{g[:-3]},{g[-3:]}" if len(g) == 4 else g for g in groups(d)),
    "hyphens between numerals": lambda d: " ".join("-".join(group) for group in groups(d)),
    "hyphens between words": lambda d: " ".join("-".join(named(group)) for group in groups(d)),
    "hyphens between groups": lambda d: "-".join(groups(d)),
    "spoken pairs": lambda d: " ".join(pair(group) for group in groups(d, 2)),
    "written pairs": lambda d: " ".join(groups(d, 2)),
    "uneven groups": lambda d: " ".join([d[:3], d[3:4], *groups(d[4:], 5)]),
    "capitals and commas": lambda d: ", ".join(name.title() for name in named(d)) + ".",
    "interjections": lambda d: " okay, ".join(" ".join(named(group)) for group in groups(d, 3)),
    "hesitations": lambda d: " um ".join(named(d)),
    "and then": lambda d: " and then ".join(" ".join(group) for group in groups(d)),
    "glued words": lambda d: " ".join("".join(named(group)) for group in groups(d)),
    "glued to a letter": lambda d: " ".join(f"x{group}" for group in groups(d)),
    "double": lambda d: " ".join(doubled(d).replace("", " ").split()).replace("d o u b l e", "double"),
    "oh for zero": lambda d: " ".join("oh" if digit == "0" else NAMES[int(digit)] for digit in d),
    "mixed": lambda d: " ".join(g if i % 2 else " ".join(named(g)) for i, g in enumerate(groups(d, 3))),
}


def leaks(said: Sequence[str]) -> list[str]:
    """Words that still say a digit, outside of the tokens."""
    words = re.sub(r"\[NUMBER_\d+\]", " ", " ".join(said)).casefold().split()
    parts = [(word, part) for word in words for part in re.findall(r"\d|[a-z]+", word)]
    spoken = re.compile("|".join(NAMES))
    return [w for w, p in parts if p.isdigit() or p in NUMBER_WORDS or spoken.search(p)]


def scripts(style: Callable[[str], str], cued: bool) -> list[str]:
    card, code = style(CARD).split(), style(CODE).split()
    if cued:
        return [
            "my",
            "card",
            "number",
            "is",
            *card,
            "and",
            "the",
            "security",
            "code",
            "on",
            "it",
            "is",
            *code,
        ]
    return [*card, "and", "then", *code]


@pytest.mark.parametrize("cued", [True, False])
@pytest.mark.parametrize("style", STYLES)
def test_no_digit_of_a_card_number_gets_out_wherever_pauses_fall(style: str, cued: bool) -> None:
    texts = scripts(STYLES[style], cued)
    for place in range(len(texts) + 1):
        assert leaks(conversation([texts[:place], texts[place:]])) == []
    for size in (1, 2, 3, 5):
        pieces = [texts[i : i + size] for i in range(0, len(texts), size)]
        assert leaks(conversation(pieces)) == [], pieces


@pytest.mark.parametrize(("name", "sound"), [(name, sound) for name in SOUNDS for sound in SOUNDS[name]])
@pytest.mark.parametrize("style", ["single words", "interjections", "hesitations", "capitals and commas"])
def test_no_misheard_digit_gets_out(style: str, name: str, sound: str) -> None:
    texts = [re.sub(rf"(?i)\b{name}\b", sound, text) for text in scripts(STYLES[style], cued=True)]
    for place in range(len(texts) + 1):
        said = conversation([texts[:place], texts[place:]])
        assert leaks(said) == [], said
    for size in (1, 2, 3):
        pieces = [texts[i : i + size] for i in range(0, len(texts), size)]
        assert leaks(conversation(pieces)) == [], pieces


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
    kept = [value for talk, value in TALK.items() if value in masked(talk)]
    assert len(TALK) >= 40
    assert len(kept) >= 0.9 * len(TALK), set(TALK.values()) - set(kept)


@pytest.mark.parametrize("talk", list(TALK))
def test_amounts_survive_the_seconds_after_a_card_number(talk: str) -> None:
    _, _, state = mask(at(listed("my card is four one one one")), MaskState())
    said = masked(f"I see that {talk}", state, start_s=12.0)
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
        ("my member id is a b one two", "my member id is a [NUMBER_1]"),
        ("the code is x y z please", "the code is [NUMBER_1] please"),
        ("my password is bluebird", "my password is [NUMBER_1]"),
        ("my password: bluebird", "my password: [NUMBER_1]"),
        ("my password's bluebird", "my password's [NUMBER_1]"),
        ("my password is not working", "my password is not working"),
        ("my password bluebird", "my password bluebird"),
        ("my password is", "my password is"),
        ("the code is $41.11", "the code is [NUMBER_1]"),
        ("the code is 10 minutes", "the code is [NUMBER_1] minutes"),
        ("expires on March 2027", "expires on March [NUMBER_1]"),
        ("my card expires in three days", "my card expires in three days"),
        ("four one one one 35 dollars", "[NUMBER_1] dollars"),
        ("on March 5th 411 ok", "on March [NUMBER_1] ok"),
        ("paid $35 411 ok", "paid $35 [NUMBER_1] ok"),
        ("for $35, yes", "for $35, yes"),
        ("this one 35 dollars", "this one 35 dollars"),
        ("the amount is 4111", "the amount is [NUMBER_1]"),
        ("that's won tree ate I guess", "that's [NUMBER_1] I guess"),
        ("to to for you", "to to for you"),
        (
            "four hello there two hello there one one",
            "[NUMBER_1] hello there [NUMBER_2] hello there [NUMBER_3]",
        ),
        ("four I did not one one", "four I did not one one"),
        ("seven one five", "[NUMBER_1]"),
        ("yeah, it's nine.", "yeah, it's [NUMBER_1]."),
        ("oh, okay", "oh, okay"),
        ("$35.", "$35."),
        ("4:30", "[NUMBER_1]"),
        ("card one", "card [NUMBER_1]"),
        ("[CARD_1] and [NUMBER_7].", "[CARD_1] and [NUMBER_7]."),
        ("4 [NUMBER_7] 1 1 1 it was", "4 [NUMBER_7] [NUMBER_1] it was"),
        ("", ""),
    ],
)
def test_one_utterance(text: str, expected: str) -> None:
    assert masked(text) == expected


@pytest.mark.parametrize(
    ("before", "pause_s", "text", "expected"),
    [
        ("my card number is", 1, "I think nine", "I think [NUMBER_1]"),
        ("my card number is", 20, "I think nine", "I think nine"),
        ("it was four one one one", 1, "I think nine", "I think [NUMBER_2]"),
        ("it was four one one one", 20, "I think nine", "I think nine"),
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
        ("hello there", 1, "for", "for"),
        ("hello there", 1, "it is for um", "it is for um"),
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
        ("four, one. and for", "[NUMBER]. and for"),
        ("it costs $35 for two", "it costs [NUMBER]"),
        ("won tree ate", "[NUMBER]"),
        ("the password is bluebird", "the password is [NUMBER]"),
        ("one-time code", "[NUMBER] code"),
        ("nothing here", "nothing here"),
        ("[NUMBER_3] and", "[NUMBER_3] and"),
        ("", ""),
    ],
)
def test_partials_show_no_number_at_all(text: str, expected: str) -> None:
    assert " ".join(word.text for word in hide_digits(at(text.split()))) == expected


VOCABULARY = (
    *NAMES,
    *listed(
        "oh for to won ate double hundred thousand twenty eleven and um okay one the is my card code"
        " password dollars cents percent march 5th days charges $35 4111 41 4,111 1. x9 a1b2 [NUMBER_1]"
        " [CARD_2] hello savings two-factor 4-1-1 p.m. first b , … ² half past i"
    ),
)
TEXTS = st.lists(st.sampled_from(VOCABULARY) | st.text(min_size=1, max_size=6), max_size=14)
STATES = st.builds(
    MaskState,
    channel=st.integers(0, 1),
    channels=st.just(2),
    issued=st.integers(0, 9),
    cue_samples=st.none() | st.integers(0, 20 * RATE_HZ),
    run_samples=st.none() | st.integers(0, 20 * RATE_HZ),
    run_open=st.booleans(),
)


@settings(max_examples=600, deadline=None)
@given(texts=TEXTS, state=STATES, word_s=st.sampled_from([0.3, 4.0]))
@example(texts=["zero", "zero", "oh", "¢B", "zero"], state=MaskState(channels=2), word_s=0.3)
@example(texts=["card", "41", "is", "two", "p.m."], state=MaskState(channels=2), word_s=0.3)
def test_masking_masked_text_changes_nothing(texts: list[str], state: MaskState, word_s: float) -> None:
    words = at(texts, 20.0, word_s)
    out, spans, after = mask(words, state)
    assert after.issued == state.issued + len(spans)
    assert mask(out, state)[:2] == (out, ())
    assert mask(words, state) == (out, spans, after)
    hidden = hide_digits(words)
    assert hide_digits(hidden) == hidden


@settings(max_examples=200, deadline=None)
@given(texts=TEXTS, state=STATES)
def test_the_rest_of_the_words_is_untouched(texts: list[str], state: MaskState) -> None:
    words = at(texts)
    out, spans, _ = mask(words, state)
    tokens = [word for word in out if word not in words]
    assert [word.text.rstrip(".,!?;:…") for word in tokens] == [span.token for span in spans]
    assert [word for word in out if word in words] == [
        word
        for word in words
        if not any(s.start_samples <= word.start_samples < s.end_samples for s in spans)
    ]
    assert all(a.end_samples <= b.start_samples for a, b in pairwise(out))


@given(st.lists(st.tuples(st.integers(0, 2), st.integers(0, 3)), max_size=12))
def test_numbers_are_unique_in_a_call(turns: list[tuple[int, int]]) -> None:
    states = {channel: MaskState(channel=channel, channels=3) for channel in range(3)}
    issued: list[str] = []
    for channel, count in turns:
        texts = " hello savings there ".join(["four one one one"] * count).split()
        _, spans, states[channel] = mask(at(texts), states[channel])
        issued += [span.token for span in spans]
        assert len(spans) == count
    assert len(set(issued)) == len(issued)


def test_state_goes_through_its_fields() -> None:
    _, _, state = mask(at(listed("my code is 4111")), MaskState(channel=1, channels=2))
    assert replace(MaskState(), **{name: getattr(state, name) for name in MaskState.__slots__}) == state
