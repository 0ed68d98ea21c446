"""An edit: its class on the ladder, and the changes that led to it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias, get_args

LADDER_VERSION = "ladder@2"
"""Changes whenever some pair of texts would be classed otherwise; stored beside every class."""

EditClass: TypeAlias = Literal[
    "exact", "normalized", "cosmetic", "minor", "material", "rewritten", "discarded"
]
EDIT_CLASSES: tuple[EditClass, ...] = get_args(EditClass)
"""In the order of the ladder, the least edit first."""

ChangeKind: TypeAlias = Literal[
    "number",
    "money",
    "date",
    "time",
    "tail",
    "name",
    "negation",
    "modality",
    "actor",
    "disposition",
    "added",
    "removed",
    "word",
]
"""`tail`: last digits of an account or phone. `added`, `removed`: a sentence. `word`: nothing critical."""


@dataclass(frozen=True, slots=True)
class Change:
    """What stood in the draft and what stands in the final; "" where nothing did. Of one section."""

    kind: ChangeKind
    before: str
    after: str
    section: str = ""


@dataclass(frozen=True, slots=True)
class Edit:
    """A draft's edit. `decided_by` is the change that decided the class; None where none did.

    `sections` has a class for each section that draft or final has; `ter` is the translation edit rate and
    `kept` the share of the draft's tokens that the final keeps, both None where they were not needed.
    """

    edit_class: EditClass
    decided_by: Change | None = None
    changes: tuple[Change, ...] = ()
    sections: Mapping[str, EditClass] = field(default_factory=dict)
    ter: float | None = None
    kept: float | None = None
