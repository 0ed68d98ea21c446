"""No digit of a card number or a code gets out, however it is said and wherever pauses fall."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

import pytest

from models.text.tokens import listed
from tests.pipeline.core.masking import conversation

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
