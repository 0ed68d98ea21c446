"""A draft and what the associate made of it, with an edit of a class that is known.

The texts come from `bank`; an edit that corrects a fact changes one slot, the draft being the wrong one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from eval.worlds.bank import CHECKED, EXTRAS, NUMBER_WORDS, SAID, STATUSES, TOPICS
from eval.worlds.plan import COSMETIC, DISCARDED, EXACT, MATERIAL, MINOR, NORMALIZED, REWRITTEN

DICE = 12
"""Random numbers, each from 0 to `FACES` - 1, that a leg's texts are made with."""
FACES = 1 << 20

Slots = dict[str, str]


@dataclass(frozen=True, slots=True)
class Texts:
    """The draft, the text as the associate would have it, and the queue of the call."""

    draft: str
    corrected: str
    queue: str


def plant(edit: int, dice: Sequence[int], day: date) -> Texts:
    """A draft that needs an edit of this class (its place in `EDIT_CLASSES`), and its corrected text.

    `dice` are `DICE` random numbers; what is said of dates is near `day`.
    """
    topic = TOPICS[dice[0] % len(TOPICS)]
    slots = _slots(dice, day)
    draft = topic.note.format_map(slots)
    if edit == EXACT:
        return Texts(draft, draft + _ENDS[dice[10] % len(_ENDS)], topic.queue)
    if edit == NORMALIZED:
        return Texts(draft, _retouched(draft, dice), topic.queue)
    if edit in (REWRITTEN, DISCARDED):
        return Texts(draft, topic.anew.format_map(slots), topic.queue)
    changed = {COSMETIC: _respelt, MINOR: _reworded, MATERIAL: _corrected}[edit](slots, dice)
    return Texts(draft, topic.note.format_map(changed), topic.queue)


_ENDS = ("", "", "", "\n", " ", "\r\n")
"""What an editor may add at the end without a change of the text."""


def _slots(dice: Sequence[int], day: date) -> Slots:
    cents = 500 + dice[1] % 90_000
    return {
        "amount": _money(cents if dice[2] % 3 else cents // 100 * 100),
        "date": _spoken_date(day + timedelta(days=dice[3] % 21)),
        "tail": f"{dice[4] % 10_000:04d}",
        "count": str(2 + dice[5] % len(NUMBER_WORDS)),
        "said": SAID[dice[6] % len(SAID)],
        "checked": CHECKED[dice[7] % len(CHECKED)],
        "actor": "Agent",
        "has": "has",
        "will": "will",
        "status": STATUSES[dice[8] % len(STATUSES)],
        "extra": EXTRAS[dice[9] % len(EXTRAS)] if dice[9] % 3 == 0 else "",
    }


def _money(cents: int) -> str:
    return f"${cents // 100}" if cents % 100 == 0 else f"${cents // 100}.{cents % 100:02d}"


def _spoken_date(day: date) -> str:
    return f"{_MONTHS[day.month - 1]} {day.day}"


_MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip


def _retouched(draft: str, dice: Sequence[int]) -> str:
    """Another look, the same words."""
    kind = dice[10] % 4
    if kind == 0:
        return draft.removesuffix(".")
    if kind == 1:
        return draft.replace("Agent ", "agent ").replace("Customer ", "customer ")
    if kind == 2:
        return "\n".join(line if line.endswith(":") else f"- {line}" for line in draft.split("\n"))
    return draft.replace(". ", ".  ").replace(" the ", "  the ")


def _respelt(slots: Slots, dice: Sequence[int]) -> Slots:
    """The same number, in words."""
    del dice
    return {**slots, "count": NUMBER_WORDS[int(slots["count"]) - 2]}


def _reworded(slots: Slots, dice: Sequence[int]) -> Slots:
    """Another word for a word that decides nothing."""
    slot, words = (("said", SAID), ("checked", CHECKED))[dice[10] % 2]
    place = words.index(slots[slot]) + 1 + dice[11] % (len(words) - 1)
    return {**slots, slot: words[place % len(words)]}


def _corrected(slots: Slots, dice: Sequence[int]) -> Slots:
    """The fact as it was."""
    slot = _FACTS[dice[10] % len(_FACTS)]
    return {**slots, slot: _other(slot, slots[slot], dice[11])}


_FACTS = ("amount", "date", "tail", "count", "actor", "has", "will", "status", "extra")


def _other(slot: str, value: str, roll: int) -> str:
    """Another value of a slot."""
    if slot == "amount":
        return _money(round(float(value[1:]) * 100) + 100 * (1 + roll % 40))
    if slot == "date":
        month, number = value.split()
        return f"{month} {1 + (int(number) + roll % 26) % 28}"
    if slot == "tail":
        return f"{(int(value) + 1 + roll % 9_998) % 10_000:04d}"
    if slot == "count":
        return str(2 + (int(value) - 1 + roll % 7) % 8)
    if slot == "extra":
        return "" if value else EXTRAS[roll % len(EXTRAS)]
    others = [other for other in _CHOICES[slot] if other != value]
    return others[roll % len(others)]


_CHOICES = {
    "actor": ("Agent", "Customer"),
    "has": ("has", "has not"),
    "will": ("will", "may"),
    "status": STATUSES,
}
