"""Amounts of money, written or spoken, in one canonical form."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from models.text.numbers import begins_number, read_cardinal, read_number
from models.text.tokens import Found, Token, listed, norm_at, spoken_tokens, touches

_SIGNS = {"$": "USD", "€": "EUR", "£": "GBP", "¥": "JPY", "₹": "INR", "₩": "KRW", "₽": "RUB"}
_NAMES = (
    dict.fromkeys(listed("dollar dollars buck bucks usd"), "USD")
    | dict.fromkeys(listed("euro euros eur"), "EUR")
    | dict.fromkeys(listed("pound pounds quid sterling gbp"), "GBP")
    | dict.fromkeys(listed("yen jpy"), "JPY")
    | dict.fromkeys(listed("rupee rupees inr"), "INR")
)
_CODES = frozenset(listed("usd eur gbp jpy inr"))
_BEGINS = _CODES | {"us", "ca", "au"}
_PARTS = dict.fromkeys(listed("cent cents ¢"), "USD") | dict.fromkeys(listed("pence penny pennies"), "GBP")
_PART_OF = {"USD": ("cent", "cents", "¢"), "EUR": ("cent", "cents"), "GBP": ("pence", "penny", "pennies")}


@dataclass(frozen=True, slots=True)
class Money:
    """An amount. `currency` is an ISO 4217 code; "dollars" are read as USD, "pounds" as GBP."""

    currency: str
    amount: Decimal


def find_money(text: str, tokens: Sequence[Token] | None = None) -> list[Found[Money]]:
    """Amounts with an explicit currency, in order, not overlapping.

    "$35", "35 dollars", "thirty-five dollars and ten cents", "fifty bucks", "20€", "a dollar". A number
    alone is no amount. `tokens` are the spoken ones of the text, where they have been read already.
    """
    tokens = spoken_tokens(text) if tokens is None else tokens
    found = []
    i = 0
    while i < len(tokens):
        begins = begins_number(tokens[i]) or tokens[i].kind == "currency" or tokens[i].norm in _BEGINS
        read = _signed(tokens, i) or _named(tokens, i) or _parts_alone(tokens, i) if begins else None
        if read is None:
            i += 1
            continue
        money, after = read
        found.append(Found(money, tokens[i].start, tokens[after - 1].end))
        i = after
    return found


def _signed(tokens: Sequence[Token], i: int) -> tuple[Money, int] | None:
    """Currency first: "$35", "US$ 35", "EUR 20", "$1.5 million", "$35k"."""
    norm = norm_at(tokens, i)
    prefixed = norm in ("us", "ca", "au") and norm_at(tokens, i + 1) == "$" and touches(tokens, i + 1)
    at = i + 1 if prefixed else i
    currency = _SIGNS.get(norm_at(tokens, at)) or (_NAMES[norm] if norm in _CODES else None)
    if currency is None or at + 1 >= len(tokens):
        return None
    if norm_at(tokens, at) not in _SIGNS and tokens[at + 1].kind != "number":
        return None
    read = read_cardinal(tokens, at + 1)
    if read is None:
        return None
    if prefixed:
        currency = {"us": "USD", "ca": "CAD", "au": "AUD"}[norm]
    return _with_parts(tokens, currency, *_thousands(tokens, read[0].value, read[1]))


def _named(tokens: Sequence[Token], i: int) -> tuple[Money, int] | None:
    """Currency last: "thirty five dollars", "20€", "20 EUR"; "a dollar"."""
    read = read_number(tokens, i)
    if read is not None:
        value, after = _thousands(tokens, read[0].value, read[1])
    elif norm_at(tokens, i) == "a" and norm_at(tokens, i + 1) in ("dollar", "buck", "pound", "euro"):
        value, after = Decimal(1), i + 1
    else:
        return None
    norm = norm_at(tokens, after)
    sign = _SIGNS.get(norm) if norm_at(tokens, after - 1) not in ("a", "an") else None
    if sign is not None and after + 1 < len(tokens) and tokens[after + 1].kind == "number":
        sign = sign if touches(tokens, after) and not touches(tokens, after + 1) else None
    currency = _NAMES.get(norm) or sign
    return None if currency is None else _with_parts(tokens, currency, value, after + 1)


def _parts_alone(tokens: Sequence[Token], i: int) -> tuple[Money, int] | None:
    """Hundredths alone: "ten cents"."""
    read = read_number(tokens, i)
    if read is None or norm_at(tokens, read[1]) not in _PARTS:
        return None
    return Money(_PARTS[norm_at(tokens, read[1])], read[0].value / 100), read[1] + 1


def _thousands(tokens: Sequence[Token], value: Decimal, after: int) -> tuple[Decimal, int]:
    """The "k" of "$35k"."""
    if norm_at(tokens, after) == "k" and touches(tokens, after):
        return value * 1000, after + 1
    return value, after


def _with_parts(tokens: Sequence[Token], currency: str, value: Decimal, after: int) -> tuple[Money, int]:
    """Add "and ten cents"."""
    at = after + (norm_at(tokens, after) == "and")
    read = read_number(tokens, at)
    if read is not None and norm_at(tokens, read[1]) in _PART_OF.get(currency, ()) and read[0].value < 100:
        return Money(currency, value + read[0].value / 100), read[1] + 1
    return Money(currency, value), after
