"""The ladder: golden pairs that people classed, and edits that the worlds planted."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from eval.edits.edit import EDIT_CLASSES
from eval.edits.ladder import classify_class
from eval.worlds.plan import DISCARDED
from eval.worlds.planting import DICE, FACES, plant
from eval.worlds.proof.claims import Part, Row
from eval.worlds.world import calendar_day
from models.errors import InputError

GOLDEN = Path("tests/eval/edits/golden.jsonl")
LEAST_GOLDEN = 300


@dataclass(frozen=True, slots=True)
class Pair:
    """A draft, its final, whether the draft was used, its class, and whether it is there to mislead."""

    draft: str
    final: str | None
    edit: str
    used: bool = True
    adversarial: bool = False


def read_pairs(path: Path) -> list[Pair]:
    """Golden pairs, a JSON object a line. Raises `InputError` for a line that is none."""
    pairs = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        try:
            row = json.loads(line)
            edit, misleads = str(row["class"]), bool(row.get("adversarial", False))
            pairs.append(Pair(row["draft"], row["final"], edit, row.get("used", True), misleads))
        except (ValueError, KeyError, AttributeError, TypeError) as error:
            raise InputError(f"{path}, line {number}: not a golden pair") from error
    return pairs


def edits(pairs: Sequence[Pair], planted: int, seed: int = 1) -> Part:
    """How many golden pairs, and how many planted edits of each class, the ladder classes right."""
    rows = []
    for name, some, least in (
        ("golden", pairs, LEAST_GOLDEN),
        ("golden, adversarial", [pair for pair in pairs if pair.adversarial], 1),
    ):
        right = sum(classify_class(pair.draft, pair.final, pair.used) == pair.edit for pair in some)
        rows.append(Row((name, f"{len(some):,}", f"{right:,}"), right == len(some) >= least))
    for place, edit in enumerate(EDIT_CLASSES):
        right = _planted_right(place, planted, seed)
        rows.append(Row((f"planted, {edit}", f"{planted:,}", f"{right:,}"), right == planted))
    return Part(
        "The edit ladder",
        "Golden pairs were classed by hand; planted edits are those of the simulated worlds.",
        f"holds where all are classed right; of golden pairs there must be {LEAST_GOLDEN}",
        ("pairs", "given", "classed right"),
        tuple(rows),
    )


def _planted_right(place: int, count: int, seed: int) -> int:
    generator = np.random.default_rng([seed, place])
    right = 0
    for number in range(count):
        texts = plant(place, generator.integers(0, FACES, DICE).tolist(), calendar_day(number % 90))
        found = classify_class(texts.draft, texts.corrected, place != DISCARDED)
        right += found == EDIT_CLASSES[place]
    return right
