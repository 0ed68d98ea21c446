"""Numbers, written or spoken, in one canonical form.

The reader is a small grammar of English number words. It keeps apart what a looser reading would glue
together: "one eight hundred five five" is the digits 180055, not 1, 805 and 5. Signs are not read.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Literal, TypeAlias

from models.text.tokens import Found, Token, listed, norm_at, spoken_tokens, touches

NumberKind = Literal["cardinal", "ordinal", "percent"]
Read: TypeAlias = "tuple[Number, int] | None"
"""A number and the index of the token after it, or None where there is no number."""

UNITS = {w: n for n, w in enumerate(listed("zero one two three four five six seven eight nine"))}
TEENS = {
    w: n
    for n, w in enumerate(
        listed("ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen"), start=10
    )
}
TENS = {
    w: 10 * n for n, w in enumerate(listed("twenty thirty forty fifty sixty seventy eighty ninety"), start=2)
} | {"fourty": 40}
SCALES = {"thousand": 1_000, "million": 1_000_000, "billion": 1_000_000_000, "trillion": 1_000_000_000_000}
REPEATS = {"double": 2, "triple": 3, "treble": 3}
ZEROS = frozenset({"oh", "o"})
_ORDINAL_UNITS = {
    w: n for n, w in enumerate(listed("first second third fourth fifth sixth seventh eighth ninth"), start=1)
}
_ORDINALS = (
    _ORDINAL_UNITS
    | {
        w: n
        for n, w in enumerate(
            listed(
                "tenth eleventh twelfth thirteenth fourteenth fifteenth sixteenth seventeenth"
                " eighteenth nineteenth twentieth"
            ),
            start=10,
        )
    }
    | {"thirtieth": 30, "fortieth": 40, "fiftieth": 50, "sixtieth": 60, "hundredth": 100, "thousandth": 1000}
)
_SUFFIXES = frozenset({"st", "nd", "rd", "th"})
_NOT_SECOND = frozenset(listed("a one per every each split"))
_GUARDED = frozenset(
    listed(
        "dollar dollars buck bucks cent cents pound pounds euro euros percent % day days week weeks"
        " month months year years hour hours minute minutes business am pm a.m. p.m."
    )
)
"""After these units, the last piece of a row of numerals is an amount of its own: "2026 35 dollars"."""
NUMBER_BEGINS = frozenset(
    UNITS.keys() | TEENS.keys() | TENS.keys() | SCALES.keys() | REPEATS.keys() | _ORDINALS.keys() | ZEROS
) | {"a", "an", "hundred"}
"""A word that is none of these begins no number."""


@dataclass(frozen=True, slots=True)
class Number:
    """A number. 4111, "4,111" and "four one one one" are equal; "0787" and "787" are not.

    `spelled` says that it was said piece by piece ("forty-one eleven"); it does not count for equality.
    """

    kind: NumberKind
    value: Decimal
    leading_zeros: int = 0
    spelled: bool = field(default=False, compare=False)

    @property
    def digits(self) -> str:
        """The value in digits, leading zeros included: "0787", "2.5"."""
        plain = format(self.value, "f")
        if "." in plain:
            plain = plain.rstrip("0").rstrip(".")
        zeros = "0" * self.leading_zeros
        return zeros if zeros and not self.value else zeros + plain


@dataclass(frozen=True, slots=True)
class _Piece:
    """A part of a row of numbers: its digits as they are written one after another, and where it ends."""

    digits: str
    after: int
    joins: bool = True


def find_numbers(text: str, tokens: Sequence[Token] | None = None) -> list[Found[Number]]:
    """Numbers of a text in order, not overlapping. `tokens`: its spoken ones, if read already."""
    tokens = spoken_tokens(text) if tokens is None else tokens
    found = []
    i = 0
    while i < len(tokens):
        read = read_ordinal(tokens, i) or read_number(tokens, i) if begins_number(tokens[i]) else None
        if read is None:
            i += 1
            continue
        number, after = read
        if number.kind == "cardinal":
            number, after = _percent(tokens, number, after)
        found.append(Found(number, tokens[i].start, tokens[after - 1].end))
        i = after
    return found


def begins_number(token: Token) -> bool:
    """Whether a number may begin with a token: a cheap look before the readers."""
    return token.kind == "number" or token.norm in NUMBER_BEGINS


def read_number(tokens: Sequence[Token], i: int) -> Read:
    """The cardinal, decimal or row of digits that starts at token `i`."""
    pieces = _pieces(tokens, i)
    if len(pieces) == 1 and norm_at(tokens, i) not in REPEATS:
        return read_cardinal(tokens, i)
    if pieces:
        return _from_digits("".join(piece.digits for piece in pieces), spelled=True), pieces[-1].after
    return read_cardinal(tokens, i)


def read_cardinal(tokens: Sequence[Token], i: int) -> Read:
    """One cardinal or decimal: "three hundred and five", "1,250.00", "1.5 million", "two point five"."""
    token = tokens[i] if i < len(tokens) else None
    if token is None:
        return None
    if token.kind == "number":
        plain = token.text.replace(",", "")
        number, after = _from_digits(plain), i + 1
        scale = 100 if norm_at(tokens, after) == "hundred" else SCALES.get(norm_at(tokens, after))
        if scale:
            number, after = Number("cardinal", number.value * scale), after + 1
    elif (spoken := _spoken(tokens, i)) is not None:
        number, after = Number("cardinal", Decimal(spoken[0])), spoken[1]
    else:
        return None
    return _fraction(tokens, number, after)


def read_ordinal(tokens: Sequence[Token], i: int) -> Read:
    """One ordinal: "5th", "fifth", "twenty-first"."""
    norm = norm_at(tokens, i)
    if i < len(tokens) and tokens[i].kind == "number":
        if norm.isdecimal() and norm_at(tokens, i + 1) in _SUFFIXES and touches(tokens, i + 1):
            return Number("ordinal", Decimal(norm)), i + 2
        return None
    if norm in TENS and norm_at(tokens, i + 1) in _ORDINAL_UNITS:
        return Number("ordinal", Decimal(TENS[norm] + _ORDINAL_UNITS[norm_at(tokens, i + 1)])), i + 2
    if norm not in _ORDINALS or (norm == "second" and norm_at(tokens, i - 1) in _NOT_SECOND):
        return None
    return Number("ordinal", Decimal(_ORDINALS[norm])), i + 1


def read_below_hundred(tokens: Sequence[Token], i: int) -> tuple[int, int] | None:
    """Number words for 0 to 99 at token `i`, and the index after them."""
    norm = norm_at(tokens, i)
    if norm in TENS:
        unit = UNITS.get(norm_at(tokens, i + 1), 0)
        return TENS[norm] + unit, i + (2 if unit else 1)
    value = UNITS.get(norm, TEENS.get(norm))
    return None if value is None else (value, i + 1)


def _from_digits(plain: str, spelled: bool = False) -> Number:
    whole = "".join(str(int(char)) if char.isdecimal() else char for char in plain)
    zeros = len(whole) - len(whole.lstrip("0")) if "." not in whole else 0
    if zeros == len(whole) == 1:
        zeros = 0
    return Number("cardinal", Decimal(whole), zeros, spelled)


def _percent(tokens: Sequence[Token], number: Number, after: int) -> tuple[Number, int]:
    for said in (("%",), ("percent",), ("per", "cent")):
        if tuple(norm_at(tokens, after + k) for k in range(len(said))) == said:
            return Number("percent", number.value), after + len(said)
    return number, after


def _fraction(tokens: Sequence[Token], number: Number, after: int) -> tuple[Number, int]:
    """Digits after "point"; "and a half"."""
    if [norm_at(tokens, after + k) for k in range(3)] == ["and", "a", "half"] and not number.value % 1:
        return Number("cardinal", number.value + Decimal("0.5")), after + 3
    if norm_at(tokens, after) != "point" or number.value % 1:
        return number, after
    digits = ""
    j = after + 1
    while (digit := _digit(tokens, j)) is not None:
        digits += digit
        j += 1
    if not digits:
        return number, after
    return Number("cardinal", Decimal(f"{int(number.value)}.{digits}")), j


def _digit(tokens: Sequence[Token], i: int) -> str | None:
    norm = norm_at(tokens, i)
    if norm in UNITS:
        return str(UNITS[norm])
    if norm in ZEROS:
        return "0"
    return str(int(norm)) if len(norm) == 1 and norm.isdecimal() else None


def _spoken(tokens: Sequence[Token], i: int) -> tuple[int, int] | None:
    """Number words of any size; the index after them."""
    total, limit, at = 0, 10**15, i
    while (group := _below_thousand(tokens, at)) is not None:
        value, after = group
        scale = SCALES.get(norm_at(tokens, after))
        if scale is None:
            return total + value, after
        if scale >= limit:
            break
        total, limit, at = total + value * scale, scale, after + 1
        joined = at + (norm_at(tokens, at) == "and")
        if _below_thousand(tokens, joined) is None:
            return total, at
        at = joined
    return (total, at) if at > i else None


def _below_thousand(tokens: Sequence[Token], i: int) -> tuple[int, int] | None:
    """Number words under one scale; "twelve hundred" too, and "a" or nothing for one."""
    norm, then = norm_at(tokens, i), norm_at(tokens, i + 1)
    if norm in ("a", "an") and (then == "hundred" or then in SCALES):
        head, after = 1, i + 1
    elif norm == "hundred" or norm in SCALES:
        head, after = 1, i
    elif (read := read_below_hundred(tokens, i)) is not None:
        head, after = read
    else:
        return None
    if norm_at(tokens, after) != "hundred" or not head:
        return head, after
    head, after = head * 100, after + 1
    joined = after + (norm_at(tokens, after) == "and")
    tail = read_below_hundred(tokens, joined)
    if tail is None or not tail[0] or (joined == after and _more_digits(tokens, tail)):
        return head, after
    return head + tail[0], tail[1]


def _more_digits(tokens: Sequence[Token], tail: tuple[int, int]) -> bool:
    """Whether a unit after "hundred" is the first of several digits."""
    return tail[0] < 10 and _digit(tokens, tail[1]) is not None


def _pieces(tokens: Sequence[Token], i: int) -> list[_Piece]:
    """The row of numbers that is said or written as one: "four one one one", "41 11", "4-1-1-1"."""
    pieces: list[_Piece] = []
    at = i
    separated = False
    while (piece := _piece(tokens, at)) is not None:
        if pieces and not (pieces[-1].joins and piece.joins):
            break
        pieces.append(piece)
        at = piece.after
        if norm_at(tokens, at) in ("-", ",") and _piece(tokens, at + 1) is not None and _single(tokens, at):
            at, separated = at + 1, True
    if separated and len(pieces) == 2:
        pieces.pop()
    if len(pieces) > 1 and _own_amount(tokens, pieces):
        pieces.pop()
    if len(pieces) < 3 and pieces and norm_at(tokens, i) in ZEROS:
        return []
    return pieces


def _own_amount(tokens: Sequence[Token], pieces: Sequence[_Piece]) -> bool:
    """Whether the last numeral of a row belongs to the unit after it, not to the numerals before it."""
    after = pieces[-1].after
    numeral = tokens[after - 1].kind == "number" and len(pieces[-2].digits) > 1
    return numeral and norm_at(tokens, after) in _GUARDED


def _single(tokens: Sequence[Token], separator: int) -> bool:
    """Whether single digits stand on both sides of a comma, or a hyphen holds two numerals together."""
    if norm_at(tokens, separator) == "-":
        return touches(tokens, separator) and touches(tokens, separator + 1)
    return all(_digit(tokens, separator + side) is not None for side in (-1, 1))


def _piece(tokens: Sequence[Token], i: int) -> _Piece | None:
    norm = norm_at(tokens, i)
    if norm in REPEATS:
        digit = _digit(tokens, i + 1)
        return None if digit is None else _Piece(digit * REPEATS[norm], i + 2)
    if norm in ZEROS:
        return _Piece("0", i + 1)
    if i < len(tokens) and tokens[i].kind == "number":
        ordinal = read_ordinal(tokens, i) is not None
        scaled = norm_at(tokens, i + 1) in SCALES or norm_at(tokens, i + 1) in ("hundred", "point")
        return _Piece(norm, i + 1, joins=norm.isdecimal() and not ordinal and not scaled)
    read = _spoken(tokens, i)
    if read is None:
        return None
    value, after = read
    said = [norm_at(tokens, k) for k in range(i, after)]
    plain = not any(word in SCALES or word in ("and", "a", "an") for word in said)
    return _Piece(
        str(value), after, joins=plain and norm_at(tokens, after) != "point" and said[0] != "hundred"
    )
