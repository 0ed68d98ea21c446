"""What the hidden words of one speaker's stretch of a call are: secrets with a kind, or nothing secret.

In doubt a word stays hidden. Digits that a cue announces are what it says, whether or not a checksum holds; a
run of four or more that nobody announced stays hidden unless its words show an amount, a date, a time or a
count. Names are shown unless they turn out to belong to an e-mail or postal address.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from models.text.digits import FILLERS, SCALE_WORDS, look
from models.text.harmless import WEAK_KINDS
from models.text.secrets_checks import kind_of_digits
from models.text.secrets_values import digits_of, email_of, only_weak, says_date
from models.text.secrets_words import address_signs, email_signs, is_letter, is_state
from models.text.tokens import normal
from models.types import Word

RUN_DIGITS = 4
"""Digits in a row that stay hidden where nothing shows that they are harmless."""
WEAK_DIGITS = 3
"""The same where something was mentioned that has a number: "my card"."""

DATE_KINDS = frozenset({"birth_date", "expiry"})
_WORD_KINDS = frozenset({"number", "otp", "pin"})
_YEAR_BEFORE = frozenset({"in", "since", "from", "until", "of", "year", "by", "around", "till", "late", "early"})


@dataclass(frozen=True, slots=True)
class Piece:
    """One masked stretch: its words, and what is known of it from the words before and around it.

    `cue` is the kind that was announced, `strong` unless it was only mentioned; `cue_at` tells one cue from
    another. `linked`: nothing but fillers came since the channel's hidden words before. `corrects`: among
    them was "no sorry". `harmless` holds the kind of harmless number that each word belongs to, or "".
    `before` is the word before it; `answer`: what was said after the cue is nothing but an answer.
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
        self._digits = [_loose_digits(piece) for piece in pieces]
        self._runs = self._run_lengths()
        texts = [text for piece in pieces for text in piece.texts]
        looks = [look(text) for text in texts]
        told = [i for i, seen in enumerate(looks) if not FILLERS.issuperset(seen.parts) or "dot" in seen.parts]
        self._email = bool(email_signs([texts[i] for i in told], [looks[i] for i in told]))
        signs = address_signs(texts, looks)
        self._address = any(looks[i].kind in ("digit", "one") for i in signs) or any(
            piece.cue == "address" and piece.strong and _is_place(piece) for piece in pieces
        )
        self._long = any(
            not piece.strong and count >= RUN_DIGITS and not _is_harmless(piece, count)
            for piece, count in zip(pieces, self._runs, strict=True)
        )

    def kind(self, i: int) -> str:
        piece = self._pieces[i]
        cue = piece.cue if piece.strong else ""
        if self._email and cue in ("", "email", "number") and not _is_plain_amount(piece):
            return "email"
        if self._address and cue in ("", "address") and not _is_plain_amount(piece):
            return "address"
        if cue:
            return cue if self._is_value(i, cue) else ""
        count = self._runs[i]
        if not count or _is_harmless(piece, count):
            return ""
        if count >= RUN_DIGITS or (piece.cue and count >= WEAK_DIGITS) or self._long:
            found = kind_of_digits(self._run_digits(i))
            return found or (piece.cue if piece.cue not in ("email", "address") else "") or "number"
        return ""

    def _is_value(self, i: int, cue: str) -> bool:
        """Whether an announced piece is what was announced."""
        piece = self._pieces[i]
        if cue in DATE_KINDS:
            return bool(self._digits[i]) or says_date(piece.texts) or _sounds(piece)
        if set(piece.harmless) == {"calendar"}:
            return False
        if self._digits[i] or _sounds(piece):
            return True
        if cue in ("email", "address"):
            return piece.answer
        looks = [look(text) for text in piece.texts]
        letters = any(is_letter(seen, text) for seen, text in zip(looks, piece.texts, strict=True))
        return cue in _WORD_KINDS and (letters or piece.direct)

    def _run_lengths(self) -> list[int]:
        """For each piece the digits of the run that it belongs to: pieces with fillers alone between them."""
        lengths = [len(digits) for digits in self._digits]
        i = 0
        while i < len(self._pieces):
            after = i + 1
            while self._digits[i] and after < len(self._pieces) and self._follows(after):
                after += 1
            total = sum(lengths[i:after])
            lengths[i:after] = [total] * (after - i)
            i = after
        return lengths

    def _follows(self, i: int) -> bool:
        return self._pieces[i].linked and bool(self._digits[i])

    def _run_digits(self, i: int) -> str:
        first, after = i, i + 1
        while first and self._follows(first) and self._digits[first - 1]:
            first -= 1
        while after < len(self._pieces) and self._follows(after):
            after += 1
        return "".join(self._digits[first:after])


def _loose_digits(piece: Piece) -> str:
    return digits_of(piece.texts)


def _sounds(piece: Piece) -> bool:
    """Whether a piece of what was announced is a digit by its sound: "oh", "double"; "to" beside others."""
    sounds = any(look(text).kind == "homophone" for text in piece.texts)
    return sounds and (not only_weak(piece.texts) or piece.linked or piece.answer)


def _is_place(piece: Piece) -> bool:
    looks = [look(text) for text in piece.texts]
    if any(seen.kind in ("digit", "one") for seen in looks):
        return True
    return any(is_state(text, seen) for text, seen in zip(piece.texts, looks, strict=True))


def _is_plain_amount(piece: Piece) -> bool:
    """Whether all of its words say an amount, a time or a count."""
    return all(kind and kind not in ("ordinal", "bare time", "count") for kind in piece.harmless)


def _is_harmless(piece: Piece, count: int) -> bool:
    """Whether digits that nobody announced are clearly no secret."""
    looks = [look(text) for text in piece.texts]
    digits = [i for i, seen in enumerate(looks) if seen.kind in ("digit", "one")]
    said = digits_of(piece.texts)
    kinds = {piece.harmless[i] for i in digits}
    if digits and "" not in kinds and (count < RUN_DIGITS or kinds.isdisjoint(WEAK_KINDS)):
        return True
    if len(said) != count:
        return False
    if len(said) == 4 and said[:2] in ("19", "20") and normal(piece.before) in _YEAR_BEFORE:
        return True
    parts = [part for i in digits for part in looks[i].parts]
    return len(said) >= RUN_DIGITS and bool(SCALE_WORDS.intersection(parts)) and _is_one_number(parts)


def _is_one_number(parts: Sequence[str]) -> bool:
    """Whether words say one quantity: "two thousand five hundred"."""
    return parts[-1] in SCALE_WORDS


def value_of(kind: str, pieces: Sequence[Piece]) -> str:
    """The value that pieces of one secret say together, the last version of what was corrected midway."""
    texts = [text for piece in pieces for text in piece.texts]
    if kind == "email":
        return email_of(texts)
    if kind in ("address", "birth_date"):
        return " ".join(texts)
    digits = ""
    for piece in pieces:
        said = digits_of(piece.texts)
        digits = digits[: -len(said)] + said if piece.corrects and said else digits + said
    return digits or " ".join(normal(text) for text in texts)
