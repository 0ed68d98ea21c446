"""Secrets that are said in words: e-mail and postal addresses, spelled names, and answers of bare names."""

from __future__ import annotations

import re
from collections.abc import Sequence, Set
from typing import Final

from models.text.digits import FILLERS, HESITATIONS, Look
from models.text.tokens import listed

_ENDINGS = frozenset(listed("com net org edu gov co io us uk info biz ca me mil"))
_PROVIDERS = frozenset(
    listed("gmail yahoo hotmail outlook icloud aol comcast verizon protonmail msn ymail googlemail")
)
_CONNECTORS = frozenset(listed("at dot underscore dash hyphen period point plus slash"))
_DOTS = (("dot",), ("period",), ("point",))
_PAUSES = HESITATIONS | frozenset(listed("okay ok yes yeah mhm huh got it alright perfect go on"))
_WRITTEN_EMAIL = re.compile(r"[^\s@]+@[^\s@]+\.\w+|\S+@$|^@\w*[a-z]\w*\.\w+", re.IGNORECASE)
_HALF_WRITTEN = re.compile(r"\w\.(?:com|net|org|edu|co|io|info|biz)\b", re.IGNORECASE)
_URL = re.compile(r"^(?:https?://|www\.)|\w/\w", re.IGNORECASE)
_CONTRACTION = re.compile(r"['\u2019](?:re|ve|ll|d|m|t)\b", re.IGNORECASE)
_SPELLED = re.compile(r"(?:\w[-.]){2,}\w[-.,]*$|(?:\w-)+\w?$")

SUFFIXES: Final = frozenset(
    listed(
        "street avenue road drive lane court boulevard parkway highway terrace circle square place trail way"
        " crescent close gardens st ave rd dr ln ct blvd pkwy hwy ter cir pl sq"
    )
)
"""Words that end the name of a street."""
_ORDINARY_SUFFIXES = frozenset(listed("drive court way place close square circle st dr"))
UNITS_OF_HOUSE: Final = frozenset(listed("apartment apt unit suite ste flat floor room box lot #"))
"""Words before the number of a part of a house."""
STATES: Final = frozenset(
    listed(
        "alabama alaska arizona arkansas california colorado connecticut delaware florida georgia hawaii"
        " idaho illinois indiana iowa kansas kentucky louisiana maine maryland massachusetts michigan"
        " minnesota mississippi missouri montana nebraska nevada hampshire jersey mexico york carolina"
        " dakota ohio oklahoma oregon pennsylvania island tennessee texas utah vermont virginia washington"
        " wisconsin wyoming"
    )
)
_STATE_CODES = frozenset(
    listed(
        "AL AK AZ AR CA CO CT DE FL GA ID IL IA KS KY LA MD MA MI MN MS MO MT NE NV NH NJ NM NY NC ND OH OK"
        " OR PA RI SC SD TN TX UT VT VA WA WV WI WY DC"
    )
)

ANSWERS: Final = FILLERS | frozenset(
    listed(
        "at dot underscore dash hyphen as in of for or to with my here right there go says would be will"
        " find turn over read reading back if helps did do does get mean wrong correction scratch"
        " one second sec just moment hard try correct perfect great confirm confirming repeating repeat"
        " i'm i've i'll have let's there's who's here's what what's spell spelled spelling capital letter"
        " upper lower case all word file together zero double triple number one's two"
        " month day year believe think guess looks says reads"
        " start started oops excuse pardon mister missus mr mrs ms also plus not don't dont can't cannot"
    )
)
"""Words that stand around the value in an answer: "sure it's", "let me see", "is that right"."""

_BEFORE_NAME = frozenset(listed("new old saint upper lower little"))
"""Words that are none alone, but the first of a name: "New York", "Old Mill Way"."""

_FUNCTION: Final = ANSWERS | frozenset(
    listed(
        "was it its is i you he she we they me him her us them your his our their mine yours these those"
        " am are were been"
        " being had has having could can may might must shall should ought need want like know think see say"
        " said tell told give gave take took make made come came put let keep call called calling help"
        " thanks bye hello hi hey good morning afternoon evening day today tomorrow yesterday now later"
        " before after because while until since when where why how which but nor yet however although"
        " though unless than both either neither each every some any none many much more most few less other"
        " another such same own very too quite really only even still already never always often maybe"
        " perhaps probably about above across against along among around behind below beneath beside between"
        " beyond by down during except from inside into near off onto out outside through throughout toward"
        " under up upon within without account accounts card cards checking savings saving balance payment"
        " payments transfer transfers money bank branch number numbers code codes address email e-mail mail"
        " phone name names first last middle birth birthday date dates pin social security"
        " routing password passwords passcode mailing home billing street avenue road drive lane court"
        " boulevard apartment apt unit suite city state zip information info details file record"
        " records verify"
        " verification charge charges fee fees order orders credit debit replacement appointment schedule"
        " wonderful fine"
        " course absolutely exactly awesome cool help anything something everything nothing else welcome"
        " ahead available ready working works work done new old different appreciate nice have's sir ma'am"
        " madam problem issue question questions speaking people person time times week month year years"
        " minutes hours days bill statement online website app sorry's address's sounds sound looks look"
        " whenever was were gonna wanna gotta going"
        " dollar dollars cent cents percent amount guess"
    )
)
"""Words that are no name, wherever they stand."""


ORDINAL = re.compile(
    r"first|second|third|(?:four|fif|six|seven|eigh|nin|ten|eleven|twelf|(?:thir|four|fif|six|seven|eigh|nine)teen"
    r"|twentie|thirtie)th|\d+(?:st|nd|rd|th)"
)
"""A day of the month, or the name of a street, in words or numerals."""


def is_ordinal(seen: Look) -> bool:
    """Whether a word may be a day of the month: "third", "21st"."""
    return any(ORDINAL.fullmatch(part) for part in seen.parts)


def is_name(seen: Look, text: str) -> bool:
    """Whether a word may be a piece of a name, of a place or of an e-mail address."""
    if seen.kind == "letter":
        return True
    return (
        seen.kind in ("other", "homophone")
        and bool(seen.parts)
        and not _FUNCTION.issuperset(seen.parts)
        and not _URL.search(text)
        and not _CONTRACTION.search(text)
    )


def is_before_name(seen: Look) -> bool:
    """Whether a word is no name, but may begin one: "New York"."""
    return bool(seen.parts) and _BEFORE_NAME.issuperset(seen.parts)


def is_letter(seen: Look, text: str) -> bool:
    """Whether a word is one letter, or letters held together by hyphens: "J", "J-O-H-N"."""
    bare = text.strip(".,!?;:…")
    single = len(bare) == 1 and bare.isalpha() and seen.kind != "mask"
    return single or bool(_SPELLED.fullmatch(bare) and len(bare) > 2)


def is_answer(texts: Sequence[str], looks: Sequence[Look], numbers: bool = False) -> bool:
    """Whether an utterance has nothing but names and what people say around those; or `numbers` alone."""
    named = False
    before: tuple[str, ...] = ()
    for text, seen in zip(texts, looks, strict=True):
        plain = seen.kind in ("digit", "one", "mask", "filler", "letter", "homophone") or is_ordinal(seen)
        told = seen.parts == ("was",) and before in (("that",), ("it",), ("this",))
        before = seen.parts
        if plain or told or ANSWERS.issuperset(seen.parts):
            continue
        if not (
            is_name(seen, text) or _is_place_word(seen) or is_before_name(seen) or seen.parts == ("may",)
        ):
            return False
        named = True
    return numbers or named or any(is_letter(seen, text) for text, seen in zip(texts, looks, strict=True))


_NOTHING = Look("other", ())


def _is_place_word(seen: Look) -> bool:
    return bool(seen.parts) and (SUFFIXES | UNITS_OF_HOUSE | STATES).issuperset(seen.parts)


def is_place_word(text: str, seen: Look) -> bool:
    """Whether a word is a state, a kind of street or a part of a house."""
    return _is_place_word(seen) or is_state(text, seen)


def email_signs(texts: Sequence[str], looks: Sequence[Look]) -> set[int]:
    """Indices of words that only an e-mail address has: "@", "dot com", "underscore", "gmail"."""
    signs: set[int] = set()
    for i, (text, seen) in enumerate(zip(texts, looks, strict=True)):
        parts = set(seen.parts)
        if _URL.search(text):
            continue
        written = _WRITTEN_EMAIL.search(text) or _HALF_WRITTEN.search(text) or "underscore" in parts
        if written or (parts & _PROVIDERS and _is_domain(looks, i)):
            signs.add(i)
        elif seen.parts in _DOTS and _ends(looks, i):
            signs |= {i, i + 1}
    return signs


def _is_domain(looks: Sequence[Look], i: int) -> bool:
    """Whether the name of a provider stands where that of a domain does."""
    return i == 0 or looks[i - 1].parts[-1:] in (("at",), ("a",)) or _ends(looks, i)


def _ends(looks: Sequence[Look], dot: int) -> bool:
    """Whether the ending of a domain's name follows: "dot com", "dot co dot uk"."""
    after = (seen for seen in looks[dot + 1 : dot + 9] if seen.parts and not FILLERS.issuperset(seen.parts))
    return bool(_ENDINGS.intersection(next(after, _NOTHING).parts))


def spelled(texts: Sequence[str], looks: Sequence[Look]) -> set[int]:
    """Indices of letters that spell something: two in a row, or "j as in john"."""
    found: set[int] = set()
    row: list[int] = []
    for i, (text, seen) in enumerate(zip(texts, looks, strict=True)):
        if is_letter(seen, text):
            row.append(i)
            named = _named_letter(looks, i)
            if named is not None:
                found |= set(range(i, named + 1))
        elif not (seen.parts and HESITATIONS.issuperset(seen.parts)):
            found |= _real_row(texts, row)
            row = []
    return found | _real_row(texts, row)


def _real_row(texts: Sequence[str], row: Sequence[int]) -> set[int]:
    """The letters of a row, unless they may be words: "a", "I"."""
    letters = [texts[i].strip(".,!?;:…").casefold() for i in row]
    if any(len(letter) > 2 for letter in letters):
        return set(row)
    return set(row) if len(row) > 2 or (len(row) == 2 and not {"a", "i"}.issuperset(letters)) else set()


def _named_letter(looks: Sequence[Look], i: int) -> int | None:
    """The word that tells which letter was meant: "j as in john", "m for mike"."""
    after = [k for k in range(i + 1, min(i + 7, len(looks))) if looks[k].parts and not _is_pause(looks[k])]
    said = [looks[k].parts[-1] for k in after[:3]]
    if said[:2] == ["as", "in"]:
        return after[min(2, len(after) - 1)]
    if said[:1] in (["for"], ["like"], ["as"]) and len(said) > 1:
        same = looks[i].parts and said[1][:1] == looks[i].parts[-1][:1]
        return after[1] if same and len(said[1]) > 2 else None
    return None


def _is_pause(seen: Look) -> bool:
    return _PAUSES.issuperset(seen.parts)


def address_signs(texts: Sequence[str], looks: Sequence[Look]) -> set[int]:
    """Indices of words that make a postal address: a house number with its street, a unit, a state."""
    signs: set[int] = set()
    for i, seen in enumerate(looks):
        parts = set(seen.parts)
        if parts & SUFFIXES and _house(texts, looks, i) is not None:
            signs |= set(range(_house(texts, looks, i) or 0, i + 1))
        elif (
            parts & UNITS_OF_HOUSE and i + 1 < len(looks) and looks[i + 1].kind in ("digit", "one", "letter")
        ):
            lettered = i + 2 < len(looks) and is_letter(looks[i + 2], texts[i + 2])
            signs |= {i, i + 1, i + 2} if lettered else {i, i + 1}
        elif is_state(texts[i], seen) and i and is_name(looks[i - 1], texts[i - 1]):
            signs |= {i - 1, i}
    return signs


def is_state(text: str, seen: Look) -> bool:
    """Whether a word is the name of a state, or its two capitals."""
    return bool(STATES.intersection(seen.parts)) or text.strip(".,") in _STATE_CODES


def _house(texts: Sequence[str], looks: Sequence[Look], suffix: int) -> int | None:
    """The house number of a street, at most five words before its last one."""
    for i in range(suffix - 1, max(-1, suffix - 6), -1):
        if looks[i].kind in ("digit", "one"):
            return i
        stray = looks[i].kind == "other" and not is_name(looks[i], texts[i]) and not is_ordinal(looks[i])
        if stray and not (SUFFIXES | _BEFORE_NAME).intersection(looks[i].parts):
            return None
    return None


def joined_by(looks: Sequence[Look], held: Set[int]) -> set[int]:
    """Connectors beside held words: the "at" and "dot" of an address, which are no secret by themselves."""
    return {
        i
        for i, seen in enumerate(looks)
        if seen.parts and _CONNECTORS.issuperset(seen.parts) and {i - 1, i + 1} & held
    }
