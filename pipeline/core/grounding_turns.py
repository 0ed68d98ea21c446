"""Whether a note turned what was said: a denial put in or left out, or one side's words given to the other.

Like `grounding_slots`, by laying the note and what was said beside each other; with few words in common
nothing is decided here.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from models.text.facts_promises import Owner
from models.text.facts_words import stem
from models.text.strands import END, Strand, ends_at, run_of, weight_of
from models.text.tokens import listed
from models.types import Role
from pipeline.core.grounding_call import CallText

SURE = 2.0
"""So much of the words around a denial, or after a subject, must agree (see `run_of`)."""
AHEAD = 1.0
"""And by so much more than with the opposite."""
VERB_ONLY = 1.0
"""Less than this decides nothing about a subject, however short the statement."""

_HELPING = frozenset(
    listed("will can could would should may might must to go want need lik try get ahead and")
)
_LEFT_TO = frozenset(listed("can could should may might must to"))
"""What the other side may tell somebody of themselves; "you have to" is a strand's "to"."""
_SUPPOSING = frozenset(map(stem, listed("if unless otherwise else maybe perhaps might would")))
_OTHER: dict[Role, Role] = {"agent": "customer", "customer": "agent", "unknown": "unknown"}


@dataclass(frozen=True, slots=True)
class Told:
    """How much of the words around one place of a note agrees with lines that deny there, and that do not."""

    denied: float = 0.0
    affirmed: float = 0.0


def told_at(strand: Strand, at: int, lines: Sequence[int], call: CallText) -> Told:
    """What the lines have where the note has the gap before its word `at`."""
    best = {True: 0.0, False: 0.0}
    for line in lines:
        told = call.strand(line)
        for there in range(len(told.words) + 1):
            if (there in told.asked) != (at in strand.asked):
                continue
            left = run_of(strand, at - 1, told, there - 1, -1)
            opens = ends_at(strand, at - 1) and ends_at(told, there - 1)
            right = run_of(strand, at, told, there, 1) if left or opens else 0.0
            closes = ends_at(strand, at) and ends_at(told, there)
            if (left and right) or (opens and right >= SURE) or (closes and left >= SURE):
                denies = there in told.denied
                best[denies] = max(best[denies], left + right)
    return Told(best[True], best[False])


def affirmed_at(strand: Strand, at: int, lines: Sequence[int], call: CallText) -> bool | None:
    """Whether the lines affirm what the note has here (True) or deny it (False); None where that is open."""
    told = told_at(strand, at, lines, call)
    if told.affirmed >= max(SURE, told.denied + AHEAD):
        return True
    return False if told.denied >= max(SURE, told.affirmed + AHEAD) else None


def denials_left_out(strand: Strand, cited: Sequence[int], lines: Sequence[int], call: CallText) -> list[int]:
    """Words of the note before which the cited lines have a denial that the note lacks."""
    found = []
    marks = {call.strand(line).words[at] for line in cited for at in _denied_words(call.strand(line))}
    for at, word in enumerate(strand.words):
        if word not in marks or at in strand.denied:
            continue
        told = told_at(strand, at, cited, call)
        if told.denied >= SURE:
            wider = told_at(strand, at, lines, call)
            if told.denied >= wider.affirmed + AHEAD:
                found.append(at)
    return found


def _denied_words(strand: Strand) -> list[int]:
    return [at for at in strand.denied if not ends_at(strand, at)]


@dataclass(frozen=True, slots=True)
class Actors:
    """How much of what a statement says of its subject the lines say of the same one and of the other side.

    `plain` is that in the same form and by whom it must be told: themselves, or the other side where it tells
    them what they may or must do. `enough` is what decides.
    """

    same: float = 0.0
    plain: float = 0.0
    other: float = 0.0
    enough: float = SURE

    @property
    def swapped(self) -> bool:
        """Whether the lines have it from the other side alone."""
        return self.other >= max(self.enough, self.same + min(AHEAD, self.enough))

    @property
    def kept(self) -> bool:
        """Whether the right side tells it, in the same form."""
        return self.plain >= max(self.enough, self.other)


def actors_of(strand: Strand, lines: Sequence[int], call: CallText) -> Actors:
    """Whose doing the lines make what the statement says of its subject, if that is one of the two sides."""
    owner = _subject_of(strand)
    found = Actors(enough=max(VERB_ONLY, min(SURE, _weight_after(strand))))
    if owner == "either":
        return found
    for line in lines:
        told = call.strand(line)
        for at, who in _subjects(told, call.lines[line].role):
            plain = run_of(strand, 1, told, at + 1, 1, slack=0)
            helped = run_of(strand, _past_helping(strand, 1), told, _past_helping(told, at + 1), 1, slack=0)
            run = max(plain, helped)
            if who in (owner, "unknown"):
                own = _states(told, at) and (told.people[at] == "first" or strand.words[1] in _LEFT_TO)
                found = replace(found, same=max(found.same, run), plain=max(found.plain, plain * own))
            else:
                found = replace(found, other=max(found.other, run))
    return found


def _subject_of(strand: Strand) -> Owner:
    """The side that a statement begins with, unless it reports what they said."""
    if len(strand.words) < 2 or strand.words[1] == END:
        return "either"
    who = strand.people[0]
    return who if who in ("agent", "customer") else "either"


def _weight_after(strand: Strand) -> float:
    """The weight of what a statement says of its subject."""
    after = strand.words[1:]
    return sum(weight_of(word) for word in after[: after.index(END) if END in after else len(after)])


def _subjects(told: Strand, role: Role) -> Iterator[tuple[int, Role]]:
    """Where one of the two sides stands as a subject in a line, and which."""
    for at, who in enumerate(told.people):
        if who == "first":
            yield at, role
        elif who == "second":
            yield at, _OTHER[role]
        elif who in ("agent", "customer"):
            yield at, who


def _states(told: Strand, at: int) -> bool:
    """Whether the sentence around a word neither asks nor supposes."""
    first = max((i for i in range(at) if told.words[i] == END), default=-1)
    after = next((i for i in range(at, len(told.words)) if told.words[i] == END), len(told.words))
    return at not in told.asked and not _SUPPOSING & set(told.words[first + 1 : after])


def _past_helping(strand: Strand, at: int) -> int:
    while at < len(strand.words) and strand.words[at] in _HELPING:
        at += 1
    return at
