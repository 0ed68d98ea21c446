"""One utterance under the mask: which of its words are hidden at first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from models.text.cues import is_cue, is_governed, is_link, said_values
from models.text.digits import ACKNOWLEDGEMENTS, HESITATIONS, WEAK_HOMOPHONES, Look, look
from models.text.harmless import WEAK_KINDS, Harmless, find_harmless
from models.text.secrets import find_cues
from models.text.secrets_reach import cue_words, named_words
from models.text.secrets_words import is_answer, is_ordinal
from models.text.tokens import listed
from models.types import RATE_HZ, Word

WINDOW_SAMPLES = 15 * RATE_HZ
"""How long a cue or masked digits make short groups of digits on their channel suspect."""
CONTINUES_SAMPLES = 5 * RATE_HZ
"""The longest pause inside a number that is said in pieces; then even an amount may be a piece of it."""
RUN_DIGITS = 3
"""Misheard digits in a row that are taken for a number."""

_PRONOUN_BEFORE = frozenset(
    listed("new this that which the another other any every each good old only same right wrong last first")
)


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


class Scan:
    """One utterance under the mask."""

    def __init__(self, words: Sequence[Word], state: MaskState) -> None:
        self.words = words
        self.state = state
        self.texts = [word.text for word in words]
        self.looks = [look(text) for text in self.texts]
        self.cues = [i for i, seen in enumerate(self.looks) if is_cue(seen)]
        self.harmless = find_harmless(self.texts)
        self.dates = [span for span in self.harmless if span.kind == "calendar"]
        self.bare_utterance = self._is_bare()
        self.readable = self._readable()

    def hidden(self) -> set[int]:
        """Indices of the words to mask."""
        digits = {i for i, seen in enumerate(self.looks) if seen.kind == "digit" and not self.readable[i]}
        ones = [i for i, seen in enumerate(self.looks) if seen.kind == "one" and not self.readable[i]]
        digits |= {i for i in ones if self._is_digit_one(i)}
        digits |= misheard(self.looks, digits)
        digits |= self._loose() | self._sounds_near(digits) | self._sounds_named()
        digits |= {i for i in ones if digits and not self._is_pronoun(i)}
        digits = {i for i in digits if not self.readable[i]}
        hidden = digits | said_values(self.texts, self.looks) | named_words(self.texts, self.looks)
        for span in self.dates:
            hidden.update(range(span.first, span.after))
        if self.dates:
            hidden.update(i for i, seen in enumerate(self.looks) if is_ordinal(seen))
        hidden |= self._letters_beside(hidden)
        masks = {i for i, seen in enumerate(self.looks) if seen.kind == "mask"}
        return hidden - cue_words(self.texts) - masks

    def _sounds_near(self, digits: set[int]) -> set[int]:
        """Homophones, and "one", in an utterance that tells a value or after a cue: "sure it's oh"."""
        cued = [cue.after for cue in find_cues(self.texts) if cue.strong]
        if not cued and not is_answer(self.texts, self.looks, numbers=True):
            return set()
        first = cued[0] if cued else 0
        ones = {
            i
            for i, seen in enumerate(self.looks)
            if i >= first and seen.kind == "one" and not self._is_pronoun(i)
        }
        sounds = [i for i, seen in enumerate(self.looks) if i >= first and seen.kind == "homophone"]
        odd = {i for i in sounds if not WEAK_HOMOPHONES.issuperset(self.looks[i].parts)}
        if not digits and not ones:
            odd = {i for i in odd if not _is_plain_oh(set(self.looks[i].parts), self.looks[i + 1 : i + 2])}
        weak = set(sounds) - {i for i in sounds if not WEAK_HOMOPHONES.issuperset(self.looks[i].parts)}
        told = digits or odd or ones or self._tells_sounds(first, len(weak))
        return ones | odd | (weak if told else set())

    def _sounds_named(self) -> set[int]:
        """Homophones in a row of two or more that a cue after them may name: "to for, that's the code"."""
        cue = next((cue for cue in find_cues(self.texts) if cue.strong), None)
        if cue is None or not is_answer(self.texts[: cue.first], self.looks[: cue.first], numbers=True):
            return set()
        sounds = [i for i in range(cue.first) if self.looks[i].kind in ("digit", "one", "homophone")]
        return {i for first, after in rows(sounds) if after - first > 1 for i in range(first, after)}

    def _tells_sounds(self, first: int, count: int) -> bool:
        """Whether words from `first` on that have nothing but "to" and "for" may be digits: "it's for"."""
        rest = self.looks[first:]
        if not all(seen.kind in BETWEEN or seen.kind == "mask" for seen in rest):
            return False
        linked = (
            not first
            or (bool(rest) and is_link(self.texts[first], rest[0]))
            or "is" in self.looks[first - 1].parts
        )
        only = all(seen.kind == "homophone" or HESITATIONS.issuperset(seen.parts) for seen in rest)
        return linked and (only or count < RUN_DIGITS)

    def _is_moment(self, i: int) -> bool:
        """Whether "one second" is a wish to wait."""
        return i + 1 < len(self.looks) and bool({"second", "sec", "moment"} & set(self.looks[i + 1].parts))

    def state_after(self, hidden: set[int], issued: int) -> MaskState:
        """The state for the next utterance."""
        last = max(hidden, default=-1)
        quiet = all(seen.kind in BETWEEN for seen in self.looks[last + 1 :])
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
        if not kinds <= {"digit", "one", *BETWEEN}:
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
            for first, after in rows(sorted(sounds))
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
        lead = all(seen.kind in ("digit", "one", *BETWEEN) for seen in self.looks[:i])
        return (
            lead and self.state.run_open and _near(self.state.run_samples, self.words[i], CONTINUES_SAMPLES)
        )

    def _readable(self) -> list[bool]:
        """For each word, whether it belongs to a number that is clearly no secret."""
        kept = [span for span in self.harmless if span.kind != "calendar" and not self._is_suspect(span)]
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
        if self.looks[i].kind != "one" or self._is_moment(i):
            return self._is_moment(i)
        at = i + 1 + (i + 1 < len(self.looks) and self.looks[i + 1].parts in (("slash",), ("dash",)))
        goes_on = at < len(self.looks) and self._is_spoken_digit(at)
        return not goes_on and i > 0 and self.words[i - 1].text.casefold() in _PRONOUN_BEFORE

    def _is_spoken_digit(self, i: int) -> bool:
        odd = self.looks[i].kind == "homophone" and not WEAK_HOMOPHONES.issuperset(self.looks[i].parts)
        return odd or (
            self.looks[i].kind in _DIGITS and not any(h.first <= i < h.after for h in self.harmless)
        )

    def _is_digit_one(self, i: int) -> bool:
        """Whether "one" counts: beside a digit, in a run, after a cue, or alone; else it is a pronoun."""
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

    def _letters_beside(self, hidden: set[int]) -> set[int]:
        """Single letters that stand right beside masked words: a part of an identifier, "unit five a"."""
        letters: set[int] = set()
        for i in hidden:
            for step in (-1, 1):
                k = i + step
                while 0 <= k < len(self.looks) and self.looks[k].kind == "letter":
                    letters.add(k)
                    k += step
        last = len(self.looks) - 1
        if last - 1 in hidden | letters and self.looks[last].parts == ("a",):
            letters.add(last)
        return letters


_DIGITS = ("digit", "one")
BETWEEN = ("filler", "homophone", "letter")


def _near(then: int | None, word: Word, window: int = WINDOW_SAMPLES) -> bool:
    return then is not None and abs(word.start_samples - then) <= window


def _is_plain_oh(sounds: set[str], after: Sequence[Look]) -> bool:
    """Whether "oh" is no zero: "oh okay"."""
    return sounds <= {"oh", "o"} and any(ACKNOWLEDGEMENTS.intersection(seen.parts) for seen in after)


def misheard(looks: Sequence[Look], digits: set[int]) -> set[int]:
    """Homophones in a row with digits, and rows of three, with "one", that hold more than "to" and "for"."""
    found: set[int] = set()
    sounds = {i for i, seen in enumerate(looks) if seen.kind == "homophone"}
    ones = {i for i, seen in enumerate(looks) if seen.kind == "one"}
    pauses = {i for i, seen in enumerate(looks) if seen.parts and HESITATIONS.issuperset(seen.parts)}
    for first, after in rows(sorted(sounds | ones | digits | pauses)):
        row = range(first, after)
        heard = sounds.intersection(row)
        said = {part for i in heard for part in looks[i].parts}
        if not digits.isdisjoint(row):
            found |= heard
        elif len(heard | ones.intersection(row)) >= RUN_DIGITS and not said <= WEAK_HOMOPHONES:
            found |= heard | ones.intersection(row)
    return found


def rows(indices: Sequence[int]) -> list[tuple[int, int]]:
    """Indices in order as half-open ranges of consecutive ones."""
    found: list[tuple[int, int]] = []
    for i in indices:
        if found and found[-1][1] == i:
            found[-1] = (found[-1][0], i + 1)
        else:
            found.append((i, i + 1))
    return found
