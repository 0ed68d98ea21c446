"""What of real talk is truly of a kind that a mask must hide, by strict patterns and without the mask.

Nobody marked the secrets of real transcripts. The patterns here read the transcript alone: they share no cue,
word list or rule with the mask, and they know nothing of what it hid. A word counts only where it stands
inside one of these:

- a written e-mail address, or words around a spoken "at ... dot com";
- a row of `LONG_DIGITS` digits or more, over fillers and over turns of the same speaker: a phone, card or
  account number;
- letters and digits in one word, or a row of `ASKED_DIGITS` digits or more, where the same turn or one of
  the two before it speaks of an identifier or an address ("confirmation number", "order ID", "postcode");
- a house number, one to four words and a word for a street, with a unit and the words up to a state or
  postcode behind it; a name before a state; a British postcode;
- a day, a month and a year; or two of them where the same turn or one of the two before it speaks of birth.

All else that is hidden, names of people among it, is hidden in vain.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from eval.secrets.playing import Spoken

LONG_DIGITS = 7
"""The fewest digits of a phone number; prices, times and dates have fewer."""
ASKED_DIGITS = 3
ASKED_TURNS = 2
BIRTH_TURNS = 2
TURNS_BETWEEN = 2
OTHER_WORDS = 2

_DIGIT = r"(?:zero|oh|o|one|two|three|four|five|six|seven|eight|nine|\d)"
_TEN = (
    r"(?:ten|eleven|twelve|thirteen|fourteen|fifteen|sixteen|seventeen|eighteen|nineteen"
    r"|twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety)"
)
_NUMBER = (
    rf"(?:(?:double|triple) {_DIGIT}|{_TEN}(?: {_DIGIT}(?! {_TEN}))?|{_DIGIT}|hundred|thousand|\d[\d-]*)"
)
_FILL = r"(?:(?: (?:um|uh|and|then|dash|it's|so|yeah|yes|okay))* )"
_RUN = re.compile(rf"(?<!\S){_NUMBER}(?:{_FILL}{_NUMBER})*(?!\S)")
_EMAIL = re.compile(r"\S+@\S+\.\w+|(?:\S+ ){1,4}at (?:\S+ ){1,3}?dot (?:com|net|org|edu|co uk)(?!\S)")
_CODE = re.compile(
    r"(?<!\S)(?=\S*\d)(?=\S*[a-z])[a-z\d-]{4,}(?!\S)|(?<!\S)(?:[a-z] ){0,3}[a-z] ?\d(?: ?\d)+(?!\S)"
)
_ASKS = re.compile(r"\b(?:number|id|code|postcode|zip|reference|pin|digits|username|social|address)\b")
_STREETS = (
    r"(?:street|st|avenue|ave|road|rd|drive|dr|lane|ln|court|ct|boulevard|blvd|place|way|hwy|highway|close)"
)
_STATES = (
    r"(?:alabama|alaska|arizona|arkansas|california|colorado|connecticut|delaware|florida|georgia|hawaii|idaho"
    r"|illinois|indiana|iowa|kansas|kentucky|louisiana|maine|maryland|massachusetts|michigan|minnesota"
    r"|mississippi|missouri|montana|nebraska|nevada|ohio|oklahoma|oregon|pennsylvania|tennessee|texas|utah"
    r"|vermont|virginia|washington|wisconsin|wyoming)"
)
_ORDINAL = r"(?:\w+(?:first|second|third)|first|second|third|\w+th|twentieth|thirtieth|\d+(?:st|nd|rd|th))"
_HOUSE = rf"(?:{_NUMBER}(?: {_NUMBER})*|{_ORDINAL})"
_ADDRESS = re.compile(
    rf"(?<!\S)(?:(?:unit|apartment|apt|flat|suite) )?{_HOUSE}(?: [a-z])?(?: (?!the |of )\w+){{0,4}}?"
    rf" {_STREETS}(?!\S)"
    rf"(?: (?:(?:unit|apartment|apt|suite|flat|number) )?{_NUMBER}(?: [a-z](?!\S))?)*"
    rf"(?:(?: \w+){{1,3}} (?:{_STATES}|[a-z][a-z])(?: {_NUMBER})+|(?: \w+){{1,3}} {_STATES}(?!\S))?"
)
_PLACE = re.compile(rf"(?<!\S)\w+ (?:\w+ )?{_STATES}(?: {_NUMBER})*(?!\S)")
_POSTCODE = re.compile(rf"(?<!\S)[a-z]{{1,2}}(?: {_NUMBER}){{2,3}} [a-z]{{2}}(?!\S)")
_MONTHS = (
    r"(?:january|february|march|april|may|june|july|august|september|october|november|december"
    r"|jan|feb|mar|apr|jun|jul|aug|sept?|oct|nov|dec)"
)
_YEAR = (
    rf"(?:(?:nineteen|twenty) (?:um |uh )?{_NUMBER}(?: {_NUMBER})?|two thousand(?: and)?(?: {_NUMBER})?"
    r"|(?:19|20)\d\d)"
)
_DAY = rf"(?:(?:the )?(?:{_TEN} )?{_ORDINAL}|{_NUMBER})"
_GAP = r"(?: (?:um|uh|on|of|the|in|and))* "
_DAY_MONTH = rf"(?:{_DAY}{_GAP}{_MONTHS}|{_MONTHS}{_GAP}{_DAY})"
_DATE = re.compile(
    rf"(?<!\S)(?:{_DAY_MONTH}{_GAP}(?:{_YEAR}|{_NUMBER}(?: {_NUMBER})?)|{_YEAR}{_GAP}{_DAY_MONTH})(?!\S)"
    r"|(?<!\S)\d{1,2}/\d{1,2}/(?:\d\d)?\d\d(?!\S)"
)
_BIRTH_PART = re.compile(
    rf"(?<!\S)(?:{_DAY_MONTH}|{_DAY}{_GAP}{_ORDINAL}(?:{_GAP}{_YEAR})?|{_YEAR}|{_MONTHS}"
    rf"|{_NUMBER}(?: {_NUMBER}){{0,3}} {_YEAR})(?!\S)"
)
_BIRTH = re.compile(r"\b(?:birth|birthday|born|dob)\b")
_EDGE = re.compile(r"^[^\w@]+|[^\w]+$")


def true_words(spoken: Sequence[Spoken]) -> set[tuple[int, int]]:
    """(turn, place) of every word that is a part of something a mask must hide."""
    lines = [_Line(turn) for turn in spoken]
    found: set[tuple[int, int]] = set()
    for number, line in enumerate(lines):
        found |= {(number, place) for place in _in_one_turn(line)}
        asked = any(_ASKS.search(lines[k].text) for k in range(max(0, number - ASKED_TURNS), number + 1))
        if asked:
            found |= {(number, place) for place in _asked(line)}
        if any(_BIRTH.search(lines[k].text) for k in range(max(0, number - BIRTH_TURNS), number + 1)):
            found |= {(number, place) for place in line.matches(_BIRTH_PART)}
    return found | set(_split_numbers(spoken, lines))


class _Line:
    """A turn as words in small letters without punctuation, joined by single spaces."""

    def __init__(self, turn: Spoken) -> None:
        self.words = [_EDGE.sub("", word.casefold().replace("\u2019", "'")) or "," for word in turn.words]
        self.kept = [place for place, word in enumerate(self.words) if word != ","]
        self.text = " ".join(self.words[place] for place in self.kept)

    def matches(self, pattern: re.Pattern[str]) -> Iterator[int]:
        """Places of the words in all matches."""
        for match in pattern.finditer(self.text):
            yield from self.places(match.start(), match.end())

    def places(self, start: int, end: int) -> Iterator[int]:
        """Places of the words in characters [start, end) of the text."""
        at = 0
        for place in self.kept:
            if start < at + len(self.words[place]) and at < end:
                yield place
            at += len(self.words[place]) + 1


def _in_one_turn(line: _Line) -> Iterator[int]:
    for pattern in (_EMAIL, _ADDRESS, _PLACE, _POSTCODE, _DATE):
        yield from line.matches(pattern)
    for match in _RUN.finditer(line.text):
        if count_digits(match[0]) >= LONG_DIGITS:
            yield from line.places(match.start(), match.end())
    yield from line.matches(re.compile(r"(?<!\S)\(?\d{3}\)?[ -]?\d{3}[ -]\d{4}(?!\S)"))


def _asked(line: _Line) -> Iterator[int]:
    yield from line.matches(_CODE)
    for match in _RUN.finditer(line.text):
        if count_digits(match[0]) >= ASKED_DIGITS:
            yield from line.places(match.start(), match.end())


def _split_numbers(spoken: Sequence[Spoken], lines: Sequence[_Line]) -> Iterator[tuple[int, int]]:
    """Rows of digits that one speaker gives in turns of nothing else, the other side's turns aside."""
    for channel in sorted({turn.channel for turn in spoken}):
        row: list[tuple[int, int]] = []
        for number in (number for number, turn in enumerate(spoken) if turn.channel == channel):
            places = list(lines[number].matches(_RUN))
            if not places or len(lines[number].kept) - len(places) > OTHER_WORDS:
                yield from _if_long(row, lines)
                row = []
            elif row and number - row[-1][0] > TURNS_BETWEEN:
                yield from _if_long(row, lines)
                row = [(number, place) for place in places]
            else:
                row += [(number, place) for place in places]
        yield from _if_long(row, lines)


def _if_long(row: Sequence[tuple[int, int]], lines: Sequence[_Line]) -> Sequence[tuple[int, int]]:
    said = " ".join(lines[number].words[place] for number, place in row)
    return row if count_digits(said) >= LONG_DIGITS else ()


def count_digits(said: str) -> int:
    """The digits of number words and numerals: "double four" 2, "forty one" 2, "thousand" 3."""
    count, before = 0, ""
    for word in said.split():
        plain = word.strip("()-")
        if any(char.isdecimal() for char in plain):
            count += sum(char.isdecimal() for char in plain)
        elif re.fullmatch(_TEN, plain):
            count += 2
        elif re.fullmatch(_DIGIT, plain):
            tens = re.fullmatch(r"\w+ty", before) is not None
            count += 0 if tens else {"double": 2, "triple": 3}.get(before, 1)
        elif plain in ("hundred", "thousand"):
            count += 2
        before = plain
    return count
