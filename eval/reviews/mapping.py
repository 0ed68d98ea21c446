"""The mapping of an import: which column of a file holds which field of a review."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from eval.reviews.moments import ISO, MomentError, zone_of
from models.errors import ConfigError

MOMENTS = (
    "started_at",
    "first_assisted_at",
    "rollout_at",
    "released_at",
    "drafted_at",
    "opened_at",
    "first_key_at",
    "saved_at",
    "amended_at",
)
NEEDED = ("call_id", "associate", "started_at", "saved_at", "draft", "final")
FIELDS = (
    *NEEDED,
    "leg",
    *("team", "queue", "site", "language", "version", "zone"),
    *(name for name in MOMENTS if name not in NEEDED),
    *("mature", "used", "focus_s"),
    *("review_id", "amends", "amended"),
)
"""What a column can hold. The last three tell amendments: a row that `amends` a review, or is `amended`."""

Value = str | int | float | bool | datetime | date


class Mapping(BaseModel):
    """A mapping file. `columns` and `constants` are by field; `teams` is by associate as the files name them,
    `rollouts` by site and `releases` by version: where a file has no column for them.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    columns: dict[str, str]
    constants: dict[str, Value] = Field(default_factory=dict)
    zone: str = ""
    time_format: str = ISO
    time_formats: dict[str, str] = Field(default_factory=dict)
    delimiter: str = Field(default=",", min_length=1, max_length=1)
    already_pseudonymous: bool = False
    teams: dict[str, str] = Field(default_factory=dict)
    rollouts: dict[str, datetime | date | str] = Field(default_factory=dict)
    releases: dict[str, datetime | date | str] = Field(default_factory=dict)

    @field_validator("columns", "constants", "time_formats")
    @classmethod
    def _known_fields(cls, value: dict[str, Any]) -> dict[str, Any]:
        for name in value:
            if name not in FIELDS:
                raise ValueError(f"{name} is no field of a review; there are {', '.join(FIELDS)}")
        return value

    @field_validator("zone")
    @classmethod
    def _known_zone(cls, value: str) -> str:
        if value:
            try:
                zone_of(value)
            except MomentError as error:
                raise ValueError(str(error)) from error
        return value

    @model_validator(mode="after")
    def _all_needed(self) -> Mapping:
        missing = [name for name in NEEDED if name not in self.columns and name not in self.constants]
        if missing:
            raise ValueError(f"no column for {', '.join(missing)}")
        twice = sorted(set(self.columns) & set(self.constants))
        if twice:
            raise ValueError(f"{twice[0]} is both a column and a constant")
        return self

    def form_of(self, field: str) -> str:
        """The format of a moment: `iso`, `epoch_s`, `epoch_ms`, `epoch_us`, or one of strptime."""
        return self.time_formats.get(field, self.time_format)

    def has(self, field: str) -> bool:
        """Whether files, or a constant, tell this field."""
        return field in self.columns or field in self.constants


@dataclass(frozen=True, slots=True)
class MappingFile:
    """A mapping and the bytes that it was read from."""

    mapping: Mapping
    content: bytes


def read_mapping(path: Path) -> MappingFile:
    """The mapping of a TOML file. Raises `ConfigError` in one line."""
    try:
        content = path.read_bytes()
        return MappingFile(Mapping.model_validate(tomllib.loads(content.decode("utf-8"))), content)
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read ({error.strerror})") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: not TOML: {error}") from error
    except ValidationError as error:
        raise ConfigError(f"{path}: {first_fault(error)}") from error


def first_fault(error: ValidationError) -> str:
    """The first fault that pydantic found, in one line, without the value."""
    fault = error.errors(include_url=False, include_input=False)[0]
    where = ".".join(str(part) for part in fault["loc"])
    said = " ".join(fault["msg"].removeprefix("Value error, ").split())
    return f"{where}: {said}" if where else said
