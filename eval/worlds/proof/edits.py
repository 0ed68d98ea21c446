"""The ladder: golden pairs that people classed, and edits that the worlds planted."""

from __future__ import annotations

import tomllib
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

GOLDEN = Path("tests/eval/edits/golden")
NEAR_MISSES = "near"
LEAST_GOLDEN, LEAST_NEAR = 300, 60


@dataclass(frozen=True, slots=True)
class Pair:
    """A draft, its final, the class of the edit, and whether it is a near miss, there to mislead."""

    draft: str
    final: str
    edit: str
    near_miss: bool = False


def read_pairs(folder: Path) -> list[Pair]:
    """Golden pairs, each once: `pairs` of the folder's TOML files, rows of draft, final, class and more.

    Near misses are those of near.toml. Raises `InputError` for a file that is none of such rows.
    """
    pairs: dict[tuple[str, str], Pair] = {}
    for path in sorted(folder.glob("*.toml")):
        try:
            for draft, final, edit, *_ in tomllib.loads(path.read_text(encoding="utf-8"))["pairs"]:
                pairs[draft, final] = Pair(draft, final, edit, path.stem == NEAR_MISSES)
        except (ValueError, KeyError, TypeError) as error:
            raise InputError(f"{path}: expected pairs = [[draft, final, class, ...], ...]") from error
    return list(pairs.values())


def edits(pairs: Sequence[Pair], planted: int, seed: int = 1) -> Part:
    """How many golden pairs, and how many planted edits of each class, the ladder classes right."""
    rows = []
    for name, some, least in (
        ("golden", pairs, LEAST_GOLDEN),
        ("golden, near misses", [pair for pair in pairs if pair.near_miss], LEAST_NEAR),
    ):
        right = sum(classify_class(pair.draft, pair.final) == pair.edit for pair in some)
        rows.append(Row((name, f"{len(some):,}", f"{right:,}"), right == len(some) >= least))
    for place, edit in enumerate(EDIT_CLASSES):
        right = _planted_right(place, planted, seed)
        rows.append(Row((f"planted, {edit}", f"{planted:,}", f"{right:,}"), right == planted))
    return Part(
        "The edit ladder",
        "Golden pairs were classed by hand; planted edits are those of the simulated worlds.",
        f"holds where all are classed right; there must be {LEAST_GOLDEN} golden pairs, {LEAST_NEAR} of them"
        " near misses",
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
