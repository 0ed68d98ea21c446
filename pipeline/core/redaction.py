"""The conservative mask of secrets: what leaves the core has no digits that could be one.

Everything that reads as a digit is masked where three or more stand together, where a cue ("card", "code",
"PIN") was said in the last seconds, where masked digits were, or where an utterance has nothing but digits.
Amounts, dates, times, durations and counts stay readable when the utterance itself makes them so. In doubt
a number is masked; a later step may reveal it.

Pure: the same words and state give the same mask, however the other channels went.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from models.text.cues import is_cue, is_governed, is_link, said_values
from models.text.digits import (
    ACKNOWLEDGEMENTS,
    HESITATIONS,
    WEAK_HOMOPHONES,
    Look,
    count_digits,
    has_number,
    look,
)
from models.text.harmless import WEAK_KINDS, Harmless, find_harmless
from models.text.tokens import listed
from models.types import RATE_HZ, Word

REDACTION_VERSION = "mask@2"
"""What is masked, and how: part of the version of every note."""
WINDOW_SAMPLES = 15 * RATE_HZ
"""How long a cue or masked digits make short groups of digits on their channel suspect."""
CONTINUES_SAMPLES = 5 * RATE_HZ
"""The longest pause inside a number that is said in pieces; then even an amount may be a piece of it."""
RUN_DIGITS = 3
"""Digits that are masked without a cue: as many as a card's security code has."""
MAX_FILLERS = 6
MAX_STRANGERS = 2
"""How many fillers, or misheard words, may stand between two groups of one number."""

_PRONOUN_BEFORE = frozenset(
    listed("new this that which the another other any every each good old only same right wrong last first")
)
_STOPS = re.compile(r"[.,!?;:…]+$")


@dataclass(frozen=True, slots=True)
class MaskState:
    """What the mask of one channel remembers; times are on the call's clock.

    `issued` tokens of this channel so far; `cue_samples` and `run_samples` are the ends of the last cue and
    of the last masked digits; `run_open` says that nothing but fillers came after those.
    """

    channel: int = 0
    channels: int = 1
    issued: int = 0
    cue_samples: int | None = None
    run_samples: int | None = None
    run_open: bool = False


@dataclass(frozen=True, slots=True)
class MaskedSpan:
    """A stretch of the call that a token stands for: [start_samples, end_samples) of its words."""

    kind: str
    token: str
    start_samples: int
    end_samples: int


def mask(
    words: Sequence[Word], state: MaskState
) -> tuple[tuple[Word, ...], tuple[MaskedSpan, ...], MaskState]:
    """Words of one utterance with secrets as tokens, the stretches masked, and the state for the next one.

    `words` are one channel's, times on the call's clock. Each masked stretch becomes one word, "[NUMBER_3]"
    with the punctuation that ended it; the k-th token of channel c of C is number k * C + c + 1. Masked
    text comes back as it is.
    """
    out, spans, after = _mask_once(words, state)
    more = spans
    while more:
        # A token is a stronger sign of a secret than the digits that it took the place of, so what is beside
        # it is looked at again until nothing changes: then masking what is masked changes nothing either.
        out, more, again = _mask_once(out, replace(state, issued=after.issued))
        spans += more
        after = replace(max(after, again, key=_run_end), issued=again.issued)
    return out, tuple(sorted(spans, key=lambda span: span.start_samples)), after


def _run_end(state: MaskState) -> int:
    return -1 if state.run_samples is None else state.run_samples


def _mask_once(
    words: Sequence[Word], state: MaskState
) -> tuple[tuple[Word, ...], tuple[MaskedSpan, ...], MaskState]:
    if not words:
        return (), (), state
    scan = _Scan(words, state)
    hidden = scan.hidden()
    out: list[Word] = []
    spans: list[MaskedSpan] = []
    at = 0
    for first, after in _stretches(scan.looks, hidden, scan.readable):
        number = (state.issued + len(spans)) * state.channels + state.channel + 1
        word = _token(words[first:after], f"[NUMBER_{number}]")
        out += [*words[at:first], word]
        spans.append(MaskedSpan("number", f"[NUMBER_{number}]", word.start_samples, word.end_samples))
        at = after
    out += words[at:]
    return tuple(out), tuple(spans), scan.state_after(hidden, len(spans))


def hide_digits(words: Sequence[Word]) -> tuple[Word, ...]:
    """Words of a partial with every digit and number word as "[NUMBER]", one for each row of them.

    What follows "password is" goes too. Amounts are not spared: the next partial may read them otherwise.
    """
    looks = [look(word.text) for word in words]
    hidden = {i for i, seen in enumerate(looks) if has_number(seen)}
    hidden |= _misheard(looks, hidden) | said_values([word.text for word in words], looks)
    out: list[Word] = []
    at = 0
    for first, after in _rows(sorted(hidden)):
        out += [*words[at:first], _token(words[first:after], "[NUMBER]")]
        at = after
    return (*out, *words[at:])


class _Scan:
    """One utterance under the mask."""

    def __init__(self, words: Sequence[Word], state: MaskState) -> None:
        self.words = words
        self.state = state
        self.texts = [word.text for word in words]
        self.looks = [look(text) for text in self.texts]
        self.cues = [i for i, seen in enumerate(self.looks) if is_cue(seen)]
        self.bare_utterance = self._is_bare()
        self.readable = self._readable()

    def hidden(self) -> set[int]:
        """Indices of the words to mask."""
        digits = {i for i, seen in enumerate(self.looks) if seen.kind == "digit" and not self.readable[i]}
        digits |= {i for i, seen in enumerate(self.looks) if seen.kind == "one" and self._is_digit_one(i)}
        digits |= _misheard(self.looks, digits)
        digits |= self._loose()
        digits = {i for i in digits if not self.readable[i]}
        hidden: set[int] = set()
        run_end = self.state.run_samples
        for group in self._groups(sorted(digits)):
            if self._is_secret(group, run_end):
                hidden.update(group)
                run_end = self.words[group[-1]].end_samples
        hidden |= said_values(self.texts, self.looks)
        return hidden | self._letters_beside(hidden)

    def state_after(self, hidden: set[int], issued: int) -> MaskState:
        """The state for the next utterance."""
        last = max(hidden, default=-1)
        quiet = all(seen.kind in _BETWEEN for seen in self.looks[last + 1 :])
        return replace(
            self.state,
            issued=self.state.issued + issued,
            cue_samples=self.words[self.cues[-1]].end_samples if self.cues else self.state.cue_samples,
            run_samples=self.words[last].end_samples if hidden else self.state.run_samples,
            run_open=quiet and (bool(hidden) or self.state.run_open),
        )

    def _is_bare(self) -> bool:
        """Whether the utterance has nothing but digits and fillers, or what may be digits in a run."""
        kinds = {seen.kind for seen in self.looks}
        if not kinds <= {"digit", "one", *_BETWEEN}:
            return False
        if kinds & {"digit", "one"}:
            return True
        sounds = {part for seen in self.looks if seen.kind == "homophone" for part in seen.parts}
        if _is_plain_oh(sounds, self.looks):
            return self._continues(0)
        recent = (self.state.run_samples, self.state.cue_samples)
        return bool(sounds) and any(_near(then, self.words[0]) for then in recent)

    def _loose(self) -> set[int]:
        """Homophones that fillers or a pause have cut off from their digits."""
        sounds = {i for i, seen in enumerate(self.looks) if seen.kind == "homophone"}
        digits = [i for i, seen in enumerate(self.looks) if seen.kind in _DIGITS]
        if self.bare_utterance and (not digits or any(map(self._is_open_digit, digits))):
            return sounds
        return {
            i
            for first, after in _rows(sorted(sounds))
            if self._is_loose(first, after)
            for i in range(first, after)
        }

    def _is_loose(self, first: int, after: int) -> bool:
        if after < len(self.looks) and self.looks[after].kind != "filler":
            return False
        before, behind = self._neighbour(first, -1), self._neighbour(after - 1, 1)
        leads = behind is not None and self._is_open_digit(behind)
        sounds = {part for seen in self.looks[first:after] for part in seen.parts}
        if _is_plain_oh(sounds, self.looks[after : after + 1]) and not leads:
            return False
        follows = self._continues(first) if before is None else self._is_open_digit(before)
        cued = bool(self.cues) or _near(self.state.cue_samples, self.words[first])
        announced = cued and first > 0 and is_link(self.texts[first - 1], self.looks[first - 1])
        return follows or (announced and (leads or behind is None))

    def _is_open_digit(self, i: int) -> bool:
        return 0 <= i < len(self.looks) and self.looks[i].kind in _DIGITS and not self.readable[i]

    def _continues(self, i: int) -> bool:
        """Whether word `i` may go on with a number that the last utterance of the channel left open."""
        lead = all(seen.kind in ("digit", "one", *_BETWEEN) for seen in self.looks[:i])
        return (
            lead and self.state.run_open and _near(self.state.run_samples, self.words[i], CONTINUES_SAMPLES)
        )

    def _readable(self) -> list[bool]:
        """For each word, whether it belongs to a number that is clearly no secret."""
        spans = find_harmless(self.texts)
        kept = [span for span in spans if not self._is_suspect(span)]
        while True:
            readable = [False] * len(self.words)
            for span in kept:
                readable[span.first : span.after] = [True] * (span.after - span.first)
            apart = [span for span in kept if not self._touches_digits(span, readable)]
            if len(apart) == len(kept):
                return readable
            kept = apart

    def _is_suspect(self, span: Harmless) -> bool:
        """Whether a cue governs the span, or digits run into it from the utterance before."""
        if self._continues(span.first) or (self.bare_utterance and span.kind in WEAK_KINDS):
            return True
        return is_governed(self.texts, self.looks, span.first, expires=span.kind == "date")

    def _touches_digits(self, span: Harmless, readable: Sequence[bool]) -> bool:
        """Whether digits that are not readable stand right beside those of the span."""
        for inside, beside in ((span.first, span.first - 1), (span.after - 1, span.after)):
            if not 0 <= beside < len(self.words) or readable[beside]:
                continue
            alike = self.looks[inside].kind in _DIGITS and self.looks[beside].kind in _DIGITS
            if alike and not self._is_pronoun(beside) and (beside < inside or span.kind != "money"):
                return True
        return False

    def _is_pronoun(self, i: int) -> bool:
        return self.looks[i].kind == "one" and i > 0 and self.words[i - 1].text.casefold() in _PRONOUN_BEFORE

    def _is_digit_one(self, i: int) -> bool:
        """Whether "one" counts: beside a digit, in a run, after a cue, or alone; else it is a pronoun."""
        if self.readable[i]:
            return False
        if self.bare_utterance or any(self._is_open_digit(k) for k in (i - 1, i + 1)):
            return True
        if self._is_pronoun(i):
            return False
        beside = [self._neighbour(i, step) for step in (-1, 1)]
        if any(k is not None and self._is_open_digit(k) for k in beside):
            return True
        governed = beside[0] is not None and beside[0] in self.cues
        return governed or self._continues(i) or _near(self.state.run_samples, self.words[i])

    def _neighbour(self, i: int, step: int) -> int | None:
        """The nearest word on one side that is more than a filler."""
        i += step
        while 0 <= i < len(self.looks):
            if self.looks[i].kind not in ("filler", "homophone"):
                return i
            i += step
        return None

    def _groups(self, digits: Sequence[int]) -> Iterator[list[int]]:
        """Rows of digits that may be one number, with little between them."""
        group: list[int] = []
        for i in digits:
            if group and not self._bridges(group[-1] + 1, i):
                yield group
                group = []
            group.append(i)
        if group:
            yield group

    def _bridges(self, first: int, after: int) -> bool:
        kinds = [seen.kind for seen in self.looks[first:after]]
        if "mask" in kinds or any(self.readable[first:after]):
            return False
        strangers = sum(kind not in _BETWEEN for kind in kinds)
        return len(kinds) <= MAX_STRANGERS or (strangers == 0 and len(kinds) <= MAX_FILLERS)

    def _is_secret(self, group: Sequence[int], run_end: int | None) -> bool:
        looks = [self.looks[i] for i in group]
        if self.bare_utterance or any(seen.code for seen in looks) or count_digits(looks) >= RUN_DIGITS:
            return True
        word = self.words[group[0]]
        cued = any(_near(self.words[cue].end_samples, word) for cue in self.cues)
        return cued or _near(self.state.cue_samples, word) or _near(run_end, word)

    def _letters_beside(self, hidden: set[int]) -> set[int]:
        """Single letters that stand right beside masked words: a part of an identifier."""
        letters: set[int] = set()
        for i in hidden:
            for step in (-1, 1):
                k = i + step
                while 0 <= k < len(self.looks) and self.looks[k].kind == "letter":
                    letters.add(k)
                    k += step
        return letters


_DIGITS = ("digit", "one")
_BETWEEN = ("filler", "homophone", "letter")


def _near(then: int | None, word: Word, window: int = WINDOW_SAMPLES) -> bool:
    return then is not None and abs(word.start_samples - then) <= window


def _is_plain_oh(sounds: set[str], after: Sequence[Look]) -> bool:
    """Whether "oh" is no zero: "oh okay"."""
    return sounds <= {"oh", "o"} and any(ACKNOWLEDGEMENTS.intersection(seen.parts) for seen in after)


def _misheard(looks: Sequence[Look], digits: set[int]) -> set[int]:
    """Homophones in a row with digits, and rows of three that hold more than "to" and "for"."""
    found: set[int] = set()
    sounds = {i for i, seen in enumerate(looks) if seen.kind == "homophone"}
    pauses = {i for i, seen in enumerate(looks) if seen.parts and HESITATIONS.issuperset(seen.parts)}
    for first, after in _rows(sorted(sounds | digits | pauses)):
        row = range(first, after)
        heard = sounds.intersection(row)
        said = {part for i in heard for part in looks[i].parts}
        if not digits.isdisjoint(row) or (len(heard) >= RUN_DIGITS and not said <= WEAK_HOMOPHONES):
            found |= heard
    return found


def _rows(indices: Sequence[int]) -> list[tuple[int, int]]:
    """Indices in order as half-open ranges of consecutive ones."""
    rows: list[tuple[int, int]] = []
    for i in indices:
        if rows and rows[-1][1] == i:
            rows[-1] = (rows[-1][0], i + 1)
        else:
            rows.append((i, i + 1))
    return rows


def _stretches(
    looks: Sequence[Look], hidden: set[int], readable: Sequence[bool]
) -> Iterator[tuple[int, int]]:
    """Ranges of words that one token stands for: masked rows, joined over a few fillers."""
    rows = _rows(sorted(hidden))
    while rows:
        first, after = rows.pop(0)
        while rows and rows[0][0] - after <= MAX_FILLERS and _fillers(looks, readable, after, rows[0][0]):
            after = rows.pop(0)[1]
        yield first, after


def _fillers(looks: Sequence[Look], readable: Sequence[bool], first: int, after: int) -> bool:
    return not any(readable[first:after]) and all(seen.kind in _BETWEEN for seen in looks[first:after])


def _token(words: Sequence[Word], token: str) -> Word:
    stops = _STOPS.search(words[-1].text)
    return Word(
        token + (stops[0] if stops else ""),
        words[0].start_samples,
        max(word.end_samples for word in words),
        None,
        any(word.estimated for word in words),
    )
