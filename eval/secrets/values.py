"""Invented secrets, valid where there is something to check: Luhn, ABA, the North American number plan."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

FIRST_NAMES = "alma bruno celia dario edith felix greta hugo irma jonas karla lionel mira nestor olive".split()
LAST_NAMES = "abbott barlow castell dorsey ewing farrow galvan hobbs ingram jessup kessler lund moreau".split()
DOMAINS = "gmail yahoo outlook hotmail icloud comcast verizon lakeside riverbank orchardco".split()
ENDINGS = ("com", "com", "com", "net", "org", "co")
STREETS = "maple cedar willow lincoln juniper harbor prospect sycamore dogwood franklin elmhurst orchard".split()
KINDS = ("street", "avenue", "road", "drive", "lane", "court", "boulevard")
UNITS = ("apartment", "unit", "suite")
CITIES = "dayton fresno tulsa omaha boise savannah madison lubbock spokane reno toledo mobile".split()
STATES = "ohio california oklahoma nebraska idaho georgia wisconsin texas washington nevada".split()
_CARDS = (("4", 16), ("51", 16), ("55", 16), ("2221", 16), ("6011", 16), ("34", 15), ("37", 15))
_AREAS = "212 303 312 404 415 503 512 602 615 702 713 808 816 919 201 801 207".split()


@dataclass(frozen=True, slots=True)
class Email:
    """`parts` of the name before the sign, what is between them, the domain's name and its ending."""

    parts: tuple[str, ...]
    between: str
    domain: str
    ending: str

    @property
    def written(self) -> str:
        """As people write it."""
        return f"{self.between.join(self.parts)}@{self.domain}.{self.ending}"


@dataclass(frozen=True, slots=True)
class Address:
    """A postal address; `unit` is "" or what follows "apartment"."""

    number: str
    street: str
    kind: str
    unit_kind: str
    unit: str
    city: str
    state: str
    postal_code: str

    @property
    def written(self) -> str:
        """As people write it."""
        unit = f"{self.unit_kind} {self.unit}, " if self.unit else ""
        return f"{self.number} {self.street} {self.kind}, {unit}{self.city}, {self.state} {self.postal_code}"


def luhn_digit(payload: str) -> str:
    """The check digit of ISO/IEC 7812-1 for the digits before it."""
    doubled = [int(digit) * (2 if at % 2 == 0 else 1) for at, digit in enumerate(reversed(payload))]
    return str(-sum(digit - 9 if digit > 9 else digit for digit in doubled) % 10)


def aba_digit(payload: str) -> str:
    """The ninth digit of a routing number of the American Bankers Association: weights 3, 7, 1."""
    return str(-sum(int(digit) * (3, 7, 1)[at % 3] for at, digit in enumerate(payload)) % 10)


def digits(rng: Random, count: int) -> str:
    """So many digits, any of them zero."""
    return "".join(rng.choices("0123456789", k=count))


def card(rng: Random) -> str:
    """A number of one of the large schemes."""
    prefix, length = rng.choice(_CARDS)
    payload = prefix + digits(rng, length - 1 - len(prefix))
    return payload + luhn_digit(payload)


def ssn(rng: Random) -> str:
    """Nine digits in the ranges that are given out."""
    area = rng.choice([number for number in range(1, 900) if number != 666])
    return f"{area:03}{rng.randint(1, 99):02}{rng.randint(1, 9999):04}"


def itin(rng: Random) -> str:
    """A taxpayer number: it begins with 9, and its fourth and fifth digit are in 50 to 99."""
    group = rng.choice([*range(50, 66), *range(70, 89), 90, 91, 92, *range(94, 100)])
    return f"9{digits(rng, 2)}{group:02}{digits(rng, 4)}"


def routing(rng: Random) -> str:
    """Nine digits of a Federal Reserve district, with their check digit."""
    payload = f"{rng.choice([*range(1, 13), *range(21, 33)]):02}{digits(rng, 6)}"
    return payload + aba_digit(payload)


def phone(rng: Random) -> str:
    """Ten digits of the North American plan."""
    return f"{rng.choice(_AREAS)}{rng.randint(2, 9)}{digits(rng, 6)}"


def expiry(rng: Random) -> str:
    """MM/YY."""
    return f"{rng.randint(1, 12):02}/{rng.randint(26, 34):02}"


def birth_date(rng: Random) -> str:
    """YYYY-MM-DD of a grown-up."""
    return f"{rng.randint(1938, 2006)}-{rng.randint(1, 12):02}-{rng.randint(1, 28):02}"


def email(rng: Random) -> Email:
    """A name in one to three parts at a provider or a small domain."""
    first, last = rng.choice(FIRST_NAMES), rng.choice(LAST_NAMES)
    parts: tuple[str, ...] = rng.choice(
        [(first, last), (first[0], last), (first, digits(rng, 2)), (first + last,), (first[0] + last,)]
    )
    if rng.random() < 0.3:
        parts = (*parts, digits(rng, rng.choice([2, 4])))
    between = rng.choice([".", "_", "-", ""])
    return Email(parts, between, rng.choice(DOMAINS), rng.choice(ENDINGS))


def address(rng: Random) -> Address:
    """A house number of one to five digits, often with a unit."""
    unit = rng.choice(["", "", f"{rng.randint(1, 30)}", f"{rng.randint(1, 9)}{rng.choice('abcd')}"])
    return Address(
        number=str(rng.choice([rng.randint(1, 99), rng.randint(100, 9_999), rng.randint(10_000, 29_999)])),
        street=rng.choice(STREETS),
        kind=rng.choice(KINDS),
        unit_kind=rng.choice(UNITS),
        unit=unit,
        city=rng.choice(CITIES),
        state=rng.choice(STATES),
        postal_code=f"{rng.randint(1, 9)}{digits(rng, 4)}",
    )
