"""Values of the second generator, all invented: numbers start like test numbers, people do not exist."""

from __future__ import annotations

import random

from eval.secrets.items import Entity

_CARD_STARTS = (
    *(("41111111", 16), ("42424242", 16), ("40000025", 16), ("55555555", 16), ("51051051", 16)),
    *(("22230031", 16), ("37828224", 15), ("37144963", 15), ("60111111", 16), ("35301113", 16)),
    *(("30569309", 14), ("42222222", 13), ("60110009", 19), ("62000000", 19)),
)
_MISREAD_SHARE = 0.12
_AREAS = ("212", "312", "415", "404", "503", "617", "702", "713", "206", "305", "800", "888", "919", "480")
FIRST_NAMES = (
    *("john", "mary", "priya", "carlos", "aisha", "tom", "jenny", "derek", "wanda", "matt", "hannah", "lee"),
    *("olga", "brett", "nina", "scott", "yusuf", "grace", "phil", "becky"),
)
_LAST = (
    *("smith", "garrett", "patel", "okafor", "nguyen", "lopez", "miller", "kowalski", "abbott", "reed"),
    *("donnelly", "fisher", "hassan", "whitfield", "barnes", "moreno", "tully", "zimmer"),
)
_DOMAINS = (
    *("gmail.com", "gmail.com", "yahoo.com", "hotmail.com", "outlook.com", "icloud.com", "aol.com"),
    *("comcast.net", "ridgeway.org", "bluepine.co", "tullyroofing.com"),
)
_STREETS = (
    *("Maple", "Oak", "Cedar Hill", "Lincoln", "Washington", "Birch", "Sunset", "Harbor View", "Elm"),
    *("Jefferson", "Magnolia", "Willow Creek", "Third", "Chestnut", "Prospect", "Kingsley"),
)
_KINDS = ("Street", "Avenue", "Drive", "Road", "Lane", "Court", "Boulevard", "Way")
_UNITS = ("apartment", "unit", "suite", "apartment")
_CITIES = (
    *(("Springfield", "Illinois"), ("Dayton", "Ohio"), ("Portland", "Oregon"), ("Austin", "Texas")),
    *(("Santa Rosa", "California"), ("Tampa", "Florida"), ("Buffalo", "New York"), ("Boise", "Idaho")),
    *(("Cedar Rapids", "Iowa"), ("Mobile", "Alabama"), ("Reno", "Nevada"), ("Salem", "Oregon")),
)


def digits(count: int, rng: random.Random) -> str:
    """So many digits; a digit is like the one before it a little more often than by chance."""
    text = str(rng.randrange(10))
    while len(text) < count:
        text += text[-1] if rng.random() < 0.12 else str(rng.randrange(10))
    return text


def luhn_holds(number: str) -> bool:
    """ISO/IEC 7812-1, annex B."""
    doubled = [int(digit) * (2 if at % 2 else 1) for at, digit in enumerate(reversed(number))]
    return sum(value - 9 if value > 9 else value for value in doubled) % 10 == 0


def aba_holds(number: str) -> bool:
    """Weights 3, 7, 1 over the nine digits of a routing number."""
    return sum(int(digit) * weight for digit, weight in zip(number, (3, 7, 1) * 3, strict=True)) % 10 == 0


def card(rng: random.Random) -> str:
    """13 to 19 digits whose checksum holds."""
    start, length = rng.choice(_CARD_STARTS)
    body = start + digits(length - len(start) - 1, rng)
    return next(body + last for last in "0123456789" if luhn_holds(body + last))


def other_digit(text: str, at: int, rng: random.Random) -> str:
    """The text with another digit at that place."""
    return text[:at] + rng.choice([digit for digit in "0123456789" if digit != text[at]]) + text[at + 1 :]


def _misread_card(rng: random.Random) -> str:
    number = card(rng)
    if rng.random() < _MISREAD_SHARE:
        return other_digit(number, rng.randrange(4, len(number)), rng)
    return number


def _card_code(rng: random.Random) -> str:
    return digits(rng.choice((3, 3, 4)), rng)


def _expiry(rng: random.Random) -> str:
    return f"{rng.randint(1, 12):02}/{rng.randint(25, 34)}"


def _ssn(rng: random.Random) -> str:
    if rng.random() < 0.15:  # areas and groups that were never given out
        return rng.choice(("000", "666", "987")) + rng.choice(("00", "12")) + digits(4, rng)
    return f"{rng.choice([n for n in range(1, 900) if n != 666]):03}{rng.randint(1, 99):02}{digits(4, rng)}"


def _itin(rng: random.Random) -> str:
    group = rng.choice([*range(50, 66), *range(70, 89), *range(90, 93), *range(94, 100)])
    return f"9{digits(2, rng)}{group}{digits(4, rng)}"


def _account(rng: random.Random) -> str:
    return digits(rng.choice((6, 7, 8, 9, 10, 10, 11, 12, 12, 13, 14, 16, 17)), rng)


def _routing(rng: random.Random) -> str:
    body = f"{rng.choice([*range(1, 13), *range(21, 33)]):02}{digits(6, rng)}"
    return next(body + last for last in "0123456789" if aba_holds(body + last))


def _phone(rng: random.Random) -> str:
    kind = rng.random()
    if kind < 0.7:
        line = f"55501{digits(2, rng)}" if rng.random() < 0.3 else f"{rng.randint(2, 9)}{digits(6, rng)}"
        return ("1" if rng.random() < 0.12 else "") + rng.choice(_AREAS) + line
    # Ranges kept free for drama: London, British and Australian mobiles, Berlin.
    if kind < 0.9:
        return rng.choice(("02079460", "07700900", "442079460", "447700900")) + digits(3, rng)
    return rng.choice(("61491570", "493023125")) + digits(3, rng)


def _email(rng: random.Random) -> str:
    first, last = rng.choice(FIRST_NAMES), rng.choice(_LAST)
    name = rng.choice(
        (f"{first}.{last}", f"{first}_{last}", first + last, f"{first[0]}.{last}", f"{first}-{last}")
    )
    tail = digits(rng.choice((2, 2, 3, 4)), rng) if rng.random() < 0.45 else ""
    return f"{name}{tail}@{rng.choice(_DOMAINS)}"


def _birth_date(rng: random.Random) -> str:
    return f"{rng.randint(1934, 2007)}-{rng.randint(1, 12):02}-{rng.randint(1, 28):02}"


def _address(rng: random.Random) -> str:
    house = str(rng.choice((rng.randint(10, 99), rng.randint(100, 999), rng.randint(1000, 9999))))
    street = f"{house} {rng.choice(_STREETS)} {rng.choice(_KINDS)}"
    unit = f", {rng.choice(_UNITS)} {rng.randint(1, 40)}{rng.choice(('', 'A', 'B', 'C'))}"
    line = f"{street}{unit if rng.random() < 0.4 else ''}"
    if rng.random() < 0.15:
        return line
    city, state = rng.choice(_CITIES)
    return f"{line}, {city}, {state} {digits(5, rng)}"


def _pin(rng: random.Random) -> str:
    return digits(rng.choice((4, 4, 4, 5, 6)), rng)


def _otp(rng: random.Random) -> str:
    return digits(rng.choice((4, 5, 6, 6, 6, 7, 8)), rng)


_MAKERS = {
    "card": _misread_card,
    "card_code": _card_code,
    "expiry": _expiry,
    "ssn": _ssn,
    "itin": _itin,
    "account": _account,
    "routing": _routing,
    "phone": _phone,
    "email": _email,
    "birth_date": _birth_date,
    "address": _address,
    "pin": _pin,
    "otp": _otp,
}


def invent(entity: Entity, rng: random.Random) -> str:
    """A value in its written form."""
    return _MAKERS[entity](rng)


def _mistaken_name(value: str, rng: random.Random) -> str:
    """Another first name, or another initial."""
    for name in FIRST_NAMES:
        if value.startswith(name):
            return rng.choice([other for other in FIRST_NAMES if other != name]) + value.removeprefix(name)
    return rng.choice([letter for letter in "bcdfmnpst" if letter != value[0]]) + value[1:]


def mistaken(entity: Entity, value: str, rng: random.Random) -> str:
    """What somebody says first who meant `value`: another day, another digit, another name."""
    if entity == "expiry":
        return f"{value[:3]}{int(value[3:]) + rng.choice((-1, 1)):02}"
    if entity == "birth_date":
        day = int(value[8:])
        return f"{value[:8]}{day + 1 if day < 28 else day - 1:02}"
    if entity == "email" and not any(sign.isdigit() for sign in value):
        return _mistaken_name(value, rng)
    places = [at for at, sign in enumerate(value) if sign.isdigit()]
    # The beginning stays: a house number has no zero there, and a phone number has its country there.
    return other_digit(value, rng.choice(places[4:] if len(places) > 8 else places[1:]), rng)
