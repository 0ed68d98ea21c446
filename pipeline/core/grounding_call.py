"""What was said on a call, as its note is checked against it: who voiced what, and what belongs together."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from models.text.facts import Fact, find_values
from models.text.facts_clauses import Clause, answers, split_clauses
from models.text.facts_names import MASK, find_names, plain, without_masks
from models.text.facts_words import STOP, stem
from models.text.strands import Strand, strand_of
from models.text.tokens import Found, normal, spoken_tokens
from models.types import Line, Role

SAME_TURN = 3
"""So many lines before and after a line, by the same speaker without a break, are near it."""
NEXT_TURN = 2
"""So are so many lines of the turn before and of the turn after: questions and answers."""
CANDIDATES = 6
"""Lines that are looked at when the cited ones do not hold a fact."""

_WORD = re.compile(r"[^\W_]+(?:['.][^\W_]+)*")


@dataclass(frozen=True, slots=True)
class Voiced:
    """A clause that a role said, or took up by answering (`taken`); `line` is the line that says it."""

    clause: Clause
    role: Role
    line: int
    taken: bool = False


def words_in(text: str) -> list[str]:
    """Words in normal form, without what stands between them."""
    return _WORD.findall(normal(text))


class CallText:
    """The lines of one call. What is read out of a line is read when it is first asked for."""

    def __init__(self, lines: Sequence[Line]) -> None:
        self.lines = tuple(lines)
        self.places = {line.id: place for place, line in enumerate(self.lines)}
        self.words: list[list[str]] = [words_in(line.text) for line in self.lines]
        self.stems = [frozenset(stem(word) for word in row if _carries(word)) for row in self.words]
        counts = Counter(one for row in self.stems for one in row)
        self._weights = {one: math.log(1 + len(self.lines) / n) for one, n in counts.items()}
        self._rarest = math.log(1 + len(self.lines))
        self._where: dict[str, list[int]] = {}
        for place, row in enumerate(self.stems):
            for one in row:
                self._where.setdefault(one, []).append(place)
        labels = (word for line in self.lines for word in words_in(line.speaker))
        self.vocabulary = frozenset(plain(word) for row in self.words for word in row) | frozenset(labels)
        self.masks = frozenset(mask for line in self.lines for mask in MASK.findall(line.text))
        self._clauses: dict[int, list[Clause]] = {}
        self._values: dict[int, list[Fact]] = {}
        self._strands: dict[int, Strand] = {}
        self._names: dict[int, list[Found[tuple[str, ...]]]] = {}

    def strand(self, place: int) -> Strand:
        """The words of a line, to be laid beside a note's."""
        if place not in self._strands:
            self._strands[place] = strand_of(self.lines[place].text)
        return self._strands[place]

    def names(self, place: int) -> list[Found[tuple[str, ...]]]:
        """The names of a line."""
        if place not in self._names:
            self._names[place] = find_names(spoken_tokens(without_masks(self.lines[place].text)))
        return self._names[place]

    def values(self, place: int) -> list[Fact]:
        """Amounts, dates, times and numbers of a line, those that count nothing included.

        A number after an "@" is the name of an account.
        """
        if place not in self._values:
            text = self.lines[place].text
            found = find_values(text, strict=False)
            self._values[place] = [one for one in found if text[one.start - 1 : one.start] != "@"]
        return self._values[place]

    def clauses(self, place: int) -> list[Clause]:
        """The clauses of a line."""
        if place not in self._clauses:
            self._clauses[place] = split_clauses(self.lines[place].text)
        return self._clauses[place]

    def weight(self, stems: Iterable[str]) -> float:
        """How much words tell: rare ones on this call more, those that it lacks the most."""
        return sum(self._weights.get(one, self._rarest) for one in stems)

    def near(self, places: Iterable[int]) -> list[int]:
        """These lines and those near them, in order of time."""
        found: set[int] = set()
        for place in places:
            found.update(self._around(place))
        return sorted(found)

    def best(
        self, stems: frozenset[str], passed: Iterable[int] = (), role: Role | None = None
    ) -> list[tuple[int, float]]:
        """Lines, of one role if given, that share most with these stems, best first: (line, share)."""
        whole = self.weight(stems)
        scores: dict[int, float] = {}
        for one in stems & self._weights.keys():
            for place in self._where[one]:
                if role not in (None, self.lines[place].role):
                    continue
                scores[place] = scores.get(place, 0.0) + self._weights[one]
        for place in passed:
            scores.pop(place, None)
        ranked = sorted(scores.items(), key=lambda row: (-row[1], row[0]))[:CANDIDATES]
        return [(place, score / whole) for place, score in ranked]

    def voiced(self, places: Iterable[int]) -> list[Voiced]:
        """What was said on these lines, and what their speakers took up by answering the line before."""
        found = []
        for place in places:
            role = self.lines[place].role
            found += [Voiced(clause, role, place) for clause in self.clauses(place)]
            found += [Voiced(clause, role, place, True) for clause in self._taken_up(place)]
        return found

    def _taken_up(self, place: int) -> list[Clause]:
        """What the speaker of a line makes their own by answering the last line of the other side.

        A yes takes all of a question up, also what it asks to be done; a no denies it; any other answer
        leaves its subject alone. "Okay" from the agent is no yes.
        """
        if not place or self.lines[place - 1].speaker == self.lines[place].speaker:
            return []
        answer = answers(self.lines[place].text)
        before = self.clauses(place - 1)
        asked = [replace(clause, asks=False, binds=False) for clause in before if clause.asks]
        if answer == "no":
            return [_denied(clause) for clause in asked[-1:]]
        weak = self.lines[place].role != "agent" and answer == "agrees"
        if answer == "yes" or weak:
            told = [] if self.lines[place].role == "agent" else before
            return [*asked[-1:], *(clause for clause in told if not clause.asks)]
        return [replace(clause, acts=frozenset(), denied_acts=frozenset()) for clause in asked]

    def _around(self, place: int) -> range:
        """The lines near one: of its turn, and of the turns before and after where these are close."""
        first = self._reach(place, -1)
        last = self._reach(place, 1)
        return range(first, last + 1)

    def _reach(self, place: int, step: int) -> int:
        at, own, other = place, SAME_TURN, NEXT_TURN
        while 0 <= at + step < len(self.lines):
            mine = self.lines[at + step].speaker == self.lines[place].speaker
            if mine and (other < NEXT_TURN or not own):
                break
            if not mine and not other:
                break
            own, other = (own - 1, other) if mine else (own, other - 1)
            at += step
        return at


def _denied(clause: Clause) -> Clause:
    """A question with a no."""
    return replace(
        clause,
        denied=clause.stems,
        denies=True,
        acts=frozenset(),
        denied_acts=clause.acts | clause.denied_acts,
    )


def _carries(word: str) -> bool:
    return len(word) > 1 and word not in STOP and not word[0].isdigit()
