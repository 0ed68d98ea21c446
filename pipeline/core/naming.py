"""What the hidden words of one speaker's stretch of a call are: secrets with a kind, or nothing secret.

In doubt a word stays hidden. Digits that a cue announces are what it says, whether or not a checksum holds; a
run of four or more that nobody announced stays hidden unless its words show an amount, a date, a time or a
count. Names are shown unless they turn out to belong to an e-mail or postal address.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from models.text.digits import FILLERS, SCALE_WORDS, Look, look
from models.text.harmless import WEAK_KINDS
from models.text.secrets_checks import kind_of_digits
from models.text.secrets_values import digits_of, email_of, says_date, versions_of
from models.text.secrets_words import address_signs, email_signs, is_letter, is_place_word
from models.text.tokens import normal
from models.types import Word

RUN_DIGITS = 4
"""Digits in a row that stay hidden where nothing shows that they are harmless."""
WEAK_DIGITS = 3
"""The same where something was mentioned that has a number: "my card"."""

DATE_KINDS = frozenset({"birth_date", "expiry"})
_AMOUNTS = frozenset({"money", "percent", "time", "duration", "date", "link"})
_SHOWN = {"password": "number"}
_YEAR_BEFORE = frozenset(
    {"in", "since", "from", "until", "of", "year", "by", "around", "till", "late", "early"}
)


@dataclass(frozen=True, slots=True)
class Piece:
    """One masked stretch: its words, and what is known of it from the words before and around it.

    `cue` is the kind that was announced, `strong` unless it was only mentioned; `cue_at` tells one cue from
    another. `linked`: nothing but fillers came since the channel's hidden words before. `corrects`: among
    them was "no sorry". `harmless` holds the kind of harmless number that each word belongs to, or "".
    `before` is the word before it; `answer`: what was said after the cue is nothing but an answer. The
    utterance begins at `said_samples`. `asked`: the other side announced it.
    """

    utterance_id: str
    channel: int
    token: str
    words: tuple[Word, ...]
    start_samples: int
    end_samples: int
    turn: int
    cue: str
    strong: bool
    cue_at: int
    direct: bool
    linked: bool
    corrects: bool
    before: str
    answer: bool
    harmless: tuple[str, ...]
    said_samples: int = 0
    asked: bool = False

    @property
    def texts(self) -> tuple[str, ...]:
        """The words as text."""
        return tuple(word.text for word in self.words)


def kinds_of(pieces: Sequence[Piece]) -> list[str]:
    """For each piece of one channel, in order, the kind of secret that it belongs to, "" for none."""
    facts = _Facts(pieces)
    return [facts.kind(i) for i in range(len(pieces))]


class _Facts:
    """What the pieces say together."""

    def __init__(self, pieces: Sequence[Piece]) -> None:
        self._pieces = pieces
        self._looks = [[look(text) for text in piece.texts] for piece in pieces]
        self._digits = [digits_of(piece.texts) for piece in pieces]
        self._runs, self._run_digits = self._count_runs()
        self._emails = self._cluster("email", self._is_email)
        self._addresses = self._cluster("address", self._is_address)
        self._long = {
            piece.utterance_id
            for i, piece in enumerate(pieces)
            if not piece.strong and self._runs[i] >= RUN_DIGITS and not self._is_harmless(i)
        }

    def kind(self, i: int) -> str:
        """The kind of secret that a piece belongs to, or ""."""
        piece = self._pieces[i]
        cue = piece.cue if piece.strong else ""
        if i in self._emails and cue in ("", "email", "number", "address"):
            return "email"
        if i in self._addresses and cue in ("", "address"):
            return "address"
        if cue:
            return _SHOWN.get(cue, cue) if self._is_value(i, cue) else ""
        count = self._runs[i]
        if not count or self._is_harmless(i):
            return ""
        loose = piece.answer and piece.utterance_id in self._long
        if count >= RUN_DIGITS or (piece.cue and count >= WEAK_DIGITS) or loose:
            found = kind_of_digits(self._run_digits[i])
            return found or (piece.cue if piece.cue not in ("email", "address") else "") or "number"
        return ""

    def _is_value(self, i: int, cue: str) -> bool:
        """Whether an announced piece is what was announced."""
        piece = self._pieces[i]
        if self._is_lone_sound(i, cue):
            return False
        word = cue == "password" and (piece.direct or piece.answer)
        if word or (cue in DATE_KINDS and says_date(piece.texts)):
            return True
        if cue not in DATE_KINDS and set(piece.harmless) == {"calendar"}:
            return False
        if not self._digits[i] and (cue in ("email", "address") or not self._sounds(i)):
            return self._is_spelled(i, cue)
        return self._is_date_part(i, cue) if cue in DATE_KINDS else self._is_number(i, cue)

    def _is_spelled(self, i: int, cue: str) -> bool:
        """Whether a piece without digits is a value: of letters, or of names of places."""
        piece = self._pieces[i]
        if cue in ("email", "address"):
            place = cue == "address" and self._is_place(i)
            return piece.answer and (piece.asked or self._letters(i) > 0 or place)
        return cue == "number" and self._letters(i) >= RUN_DIGITS

    def _is_date_part(self, i: int, cue: str) -> bool:
        """Whether a piece with digits is a part of a date: beside a month or day, or by its length."""
        piece = self._pieces[i]
        if _is_amount(piece) and not piece.direct:
            return False
        same = [one for one in self._pieces if one.cue_at == piece.cue_at]
        return piece.answer or self._told(i) > 2 or any(says_date(one.texts) for one in same)

    def _is_number(self, i: int, cue: str) -> bool:
        """Whether a piece with digits is what was announced, or an amount, a date or a count beside it."""
        piece = self._pieces[i]
        if _is_amount(piece) and not piece.direct:
            return False
        if piece.answer or piece.direct:
            return cue != "number" or max(self._runs[i], self._letters(i)) >= WEAK_DIGITS
        if all(kind and kind != "calendar" for kind in piece.harmless):
            return False
        return self._told(i) > (2 if cue != "number" else WEAK_DIGITS)

    def _told(self, i: int) -> int:
        """Digits of all that the same cue announced."""
        same = [k for k, piece in enumerate(self._pieces) if piece.cue_at == self._pieces[i].cue_at]
        return sum(len(self._digits[k]) for k in same)

    def _is_place(self, i: int) -> bool:
        """Whether a piece names a state, a kind of street or a part of a house."""
        texts = self._pieces[i].texts
        return any(is_place_word(text, seen) for text, seen in zip(texts, self._looks[i], strict=True))

    def _letters(self, i: int) -> int:
        """Characters of an identifier of letters and digits."""
        texts = self._pieces[i].texts
        letters = [
            t for t, seen in zip(texts, self._looks[i], strict=True) if is_letter(seen, t) or seen.code
        ]
        return sum(c.isalnum() for text in letters for c in text) + (len(self._digits[i]) if letters else 0)

    def _sounds(self, i: int) -> bool:
        """Whether a piece is a digit by its sound: "oh", "double"; "to" beside others."""
        piece = self._pieces[i]
        if not any(seen.kind == "homophone" for seen in self._looks[i]):
            return False
        return piece.answer or (piece.linked and i > 0 and bool(self._digits[i - 1]))

    def _is_lone_sound(self, i: int, cue: str) -> bool:
        """Whether a piece only sounds like one digit and is all that was announced: "the card is free"."""
        piece = self._pieces[i]
        lone = all(seen.kind in ("homophone", "filler") for seen in self._looks[i]) and self._told(i) < 2
        return lone and (not piece.asked or cue in ("email", "address", "password"))

    def _cluster(self, kind: str, shows: Callable[[Sequence[str], Sequence[Look]], bool]) -> set[int]:
        """Pieces of an e-mail or postal address: those that show it, and answers that are linked to them."""
        whole = [text for piece in self._pieces for text in piece.texts]
        found = {i for i, piece in enumerate(self._pieces) if shows(piece.texts, self._looks[i])}
        if not found and shows(whole, [seen for looks in self._looks for seen in looks]):
            found = {i for i, piece in enumerate(self._pieces) if piece.answer}
        if not found and kind == "address":
            found = {
                i
                for i, one in enumerate(self._pieces)
                if one.cue == kind and one.answer and self._is_place(i)
            }
        if not found:
            return found
        cued = {
            i for i, piece in enumerate(self._pieces) if piece.cue == kind and piece.strong and piece.answer
        }
        found |= cued
        for i in range(1, len(self._pieces)):
            joins = self._pieces[i].answer or (kind == "address" and self._is_place(i))
            if i - 1 in found and self._follows(i) and joins:
                found.add(i)
        for i in range(len(self._pieces) - 1, 0, -1):
            if i in found and self._follows(i) and self._pieces[i - 1].answer:
                found.add(i - 1)
        return {i for i in found if not _is_amount(self._pieces[i])}

    def _follows(self, i: int) -> bool:
        """Whether a piece goes on with the one before it: linked to it, and announced by the same cue."""
        return self._pieces[i].linked and self._pieces[i].cue_at == self._pieces[i - 1].cue_at

    def _is_email(self, texts: Sequence[str], looks: Sequence[Look]) -> bool:
        told = [
            i for i, seen in enumerate(looks) if not FILLERS.issuperset(seen.parts) or "dot" in seen.parts
        ]
        return bool(email_signs([texts[i] for i in told], [looks[i] for i in told]))

    def _is_address(self, texts: Sequence[str], looks: Sequence[Look]) -> bool:
        signs = address_signs(texts, looks)
        return any(looks[i].kind in ("digit", "one") for i in signs)

    def _count_runs(self) -> tuple[list[int], list[str]]:
        """For each piece the digits of the longest run that a word of it belongs to.

        A run has nothing but fillers between its words; amounts and times are no part of one.
        """
        runs: list[tuple[list[str], set[int]]] = [([], set())]
        for i, piece in enumerate(self._pieces):
            if not piece.linked:
                runs.append(([], set()))
            for text, seen, kind in zip(piece.texts, self._looks[i], piece.harmless, strict=True):
                if kind in _AMOUNTS or (
                    seen.kind in ("other", "mask") and not FILLERS.issuperset(seen.parts)
                ):
                    runs.append(([], set()))
                elif seen.kind in ("digit", "one", "homophone") or seen.code:
                    runs[-1][0].append(text)
                    runs[-1][1].add(i)
        counts, digits = [0] * len(self._pieces), [""] * len(self._pieces)
        for texts, members in runs:
            said = digits_of(texts)
            for i in members:
                if len(said) > counts[i]:
                    counts[i], digits[i] = len(said), said
        return counts, digits

    def _is_harmless(self, i: int) -> bool:
        """Whether digits that nobody announced are clearly no secret."""
        piece, looks, count = self._pieces[i], self._looks[i], self._runs[i]
        digits = [k for k, seen in enumerate(looks) if seen.kind in ("digit", "one")]
        kinds = {piece.harmless[k] for k in digits}
        if digits and "" not in kinds and (count < RUN_DIGITS or kinds.isdisjoint(WEAK_KINDS)):
            return True
        said = self._digits[i]
        if len(said) != count:
            return False
        if len(said) == 4 and said[:2] in ("19", "20") and normal(piece.before) in _YEAR_BEFORE:
            return True
        parts = [part for k in digits for part in looks[k].parts]
        return count >= RUN_DIGITS and bool(parts) and parts[-1] in SCALE_WORDS


def _is_amount(piece: Piece) -> bool:
    """Whether all of its words say an amount or a time."""
    return all(kind in _AMOUNTS for kind in piece.harmless)


def value_of(kind: str, pieces: Sequence[Piece]) -> str:
    """The value that pieces of one secret say together, the last version of what was corrected midway."""
    texts = [text for piece in pieces for text in piece.texts]
    if kind == "email":
        return email_of(texts)
    if kind in ("address", "birth_date"):
        return " ".join(texts)
    digits = ""
    for piece in pieces:
        for number, version in enumerate(versions_of(piece.texts)):
            said = digits_of(version)
            again = said and (number or piece.corrects)
            digits = digits[: -len(said)] + said if again else digits + said
    return digits or " ".join(normal(text) for text in texts)
