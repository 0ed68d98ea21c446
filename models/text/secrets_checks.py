"""What a row of digits shows to be by itself: check digits and dialling plans.

A check that holds names a row that nobody announced; one that fails says nothing, since people misread.
"""

from __future__ import annotations

import phonenumbers

_LUHN_LENGTHS = range(13, 20)
_ABA_WEIGHTS = (3, 7, 1)
_ABA_PREFIXES = frozenset({*range(13), *range(21, 33), *range(61, 73), 80})


def is_card(digits: str) -> bool:
    """Whether a row of 13 to 19 digits has a check digit of ISO/IEC 7812-1 (Luhn) and a scheme's start."""
    if len(digits) not in _LUHN_LENGTHS or digits[0] not in "23456":
        return False
    doubled = (int(digit) * (1 + at % 2) for at, digit in enumerate(reversed(digits)))
    return sum(value - 9 if value > 9 else value for value in doubled) % 10 == 0


def is_routing(digits: str) -> bool:
    """Whether nine digits are a routing number: weights 3, 7, 1 and a prefix of the American Bankers
    Association."""
    if len(digits) != 9 or int(digits[:2]) not in _ABA_PREFIXES:
        return False
    return sum(int(digit) * _ABA_WEIGHTS[at % 3] for at, digit in enumerate(digits)) % 10 == 0


def is_phone(digits: str) -> bool:
    """Whether the digits are a number of the North American or the British plan, or international."""
    if not 7 < len(digits) < 16:
        return False
    forms: list[tuple[str, str | None]] = []
    forms += [(digits, "US"), (digits, "GB")] if digits[0] != "0" or len(digits) < 12 else []
    forms += [(f"+{digits.lstrip('0')}", None)] if len(digits) > 10 and digits.strip("0") else []
    return any(_is_valid(digits, region) for digits, region in forms)


def _is_valid(written: str, region: str | None) -> bool:
    try:
        return phonenumbers.is_valid_number(phonenumbers.parse(written, region))
    except phonenumbers.NumberParseException:
        return False


def kind_of_digits(digits: str) -> str | None:
    """The kind of secret that the digits show to be by themselves."""
    if is_card(digits):
        return "card"
    if is_routing(digits):
        return "routing"
    return "phone" if is_phone(digits) else None
