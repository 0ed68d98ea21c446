"""A small speller of numbers, independent of the reader that it tests."""

from __future__ import annotations

UNITS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
TEENS = (
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
    "eighteen",
    "nineteen",
)
TENS = ("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")


def spell(number: int, conjunction: bool = False, hyphens: bool = False) -> str:
    """`number` from 0 to 999,999,999 in words, perhaps with "and" after hundreds, and hyphens after tens."""
    if number < 10:
        return UNITS[number]
    if number < 20:
        return TEENS[number - 10]
    if number < 100:
        tens, unit = divmod(number, 10)
        tail = ("-" if hyphens else " ") + UNITS[unit] if unit else ""
        return TENS[tens - 2] + tail
    for scale, name in ((1_000_000, "million"), (1_000, "thousand"), (100, "hundred")):
        if number >= scale:
            head, rest = divmod(number, scale)
            link = " and " if conjunction and 0 < rest < 100 else " "
            said = f"{spell(head, conjunction, hyphens)} {name}"
            return said + link + spell(rest, conjunction, hyphens) if rest else said
    raise AssertionError(number)
