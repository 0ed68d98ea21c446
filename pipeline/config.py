"""The configuration: `wrapup.toml` in the working folder, then `WRAPUP_*` variables, then options."""

from __future__ import annotations

import json
import os
import tomllib
from difflib import get_close_matches
from pathlib import Path
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator
from pydantic_settings import (
    BaseSettings,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    SettingsError,
    TomlConfigSettingsSource,
)

from models.errors import ConfigError
from models.weights import FOLDER_VARIABLE
from pipeline.core.endpointing import EndpointSettings
from pipeline.sections import (
    DoorsSection,
    KafkaSection,
    LiveSection,
    NoteSection,
    ServerSection,
    StoreSection,
)

CONFIG_FILE = Path("wrapup.toml")

PREFIX = "WRAPUP_"
DELIMITER = "__"

OTHER_VARIABLES = frozenset({FOLDER_VARIABLE, "WRAPUP_KEY", "WRAPUP_NOTE_KEY", "WRAPUP_REAL_AUDIO"})
"""Variables of ours that are no settings: the folder of weights, a client's key, that of a language model at
a URL, the tests' recordings.
"""

TABLES = (".fields", ".sites")
"""How the names of settings end that are tables of names which a site makes up."""

_DEFAULTS = EndpointSettings()

CallRole = Literal["agent", "customer"]


class Endpointing(BaseModel):
    """Where utterances begin and end; see `EndpointSettings`. Scores in [0, 1], times in milliseconds."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

    enter: float = Field(default=_DEFAULTS.enter, gt=0, lt=1)
    """Voice score at which speech begins."""
    leave: float = Field(default=_DEFAULTS.leave, gt=0, lt=1)
    """Voice score under which a window counts as silence."""
    hang_ms: int = Field(default=_DEFAULTS.hang_ms, ge=32, le=5_000)
    """Silence that ends an utterance."""
    pad_ms: int = Field(default=_DEFAULTS.pad_ms, ge=0, le=1_000)
    """Quiet kept before an utterance."""
    tail_ms: int = Field(default=_DEFAULTS.tail_ms, ge=0, le=1_000)
    """Quiet kept after an utterance."""
    min_speech_ms: int = Field(default=_DEFAULTS.min_speech_ms, ge=32, le=1_000)
    """Speech shorter than this is a click."""
    max_utterance_ms: int = Field(default=_DEFAULTS.max_utterance_ms, ge=2_000, le=28_000)
    """Longest utterance; longer speech is split."""

    def settings(self) -> EndpointSettings:
        """As the core wants it."""
        return EndpointSettings(**self.model_dump())


class Config(BaseSettings):
    """All that can be configured. Engines without a name are chosen by what is on the machine."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        env_nested_delimiter=DELIMITER,
        extra="forbid",
        frozen=True,
        use_attribute_docstrings=True,
    )

    asr: str | None = None
    """Transcriber, as `wrapup doctor` lists them."""
    diarizer: str | None = None
    """Diarizer for mono calls."""
    summarizer: str = "extractive"
    """Summarizer."""
    note: NoteSection = NoteSection()
    """How notes are written."""
    roles: Annotated[tuple[CallRole, ...] | None, NoDecode] = None
    """Roles by channel, or by first heard on mono calls; in a variable with commas between them."""
    endpoint: Endpointing = Endpointing()
    """Endpointing."""
    hotwords: Path | None = None
    """File with the site's words, one a line."""
    server: ServerSection = ServerSection()
    """Where a live server listens, and to whom."""
    doors: DoorsSection = DoorsSection()
    """The protocols in which calls come."""
    store: StoreSection = StoreSection()
    """Where calls are kept."""
    kafka: KafkaSection = KafkaSection()
    """Where calls of several machines meet."""
    live: LiveSection = LiveSection()
    """What live calls are promised, and what they may cost."""

    @field_validator("roles", mode="before")
    @classmethod
    def _split_roles(cls, value: Any) -> Any:
        return parse_roles(value) if isinstance(value, str) else value

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Options beat variables, variables beat the file."""
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls, CONFIG_FILE)


def load_config(**options: Any) -> Config:
    """The configuration with these options on top; options that are None count as not given.

    Raises `ConfigError` that names the key and what was expected, or a variable that is no setting's.
    """
    _refuse_unknown_variables()
    try:
        return Config(**{name: value for name, value in options.items() if value is not None})
    except SettingsError as error:
        raise ConfigError(_unreadable_variable()) from error
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{CONFIG_FILE}: not TOML ({error})") from error
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(str(part) for part in first["loc"])
        raise ConfigError(f"configuration key {key!r}: {first['msg']}") from error


def _unreadable_variable() -> str:
    """Which variable of a table is no JSON, as its setting is to be told."""
    given = {name.upper(): value for name, value in os.environ.items()}
    tables = (setting for setting in setting_names() if setting.endswith(TABLES))
    wrong = (setting for setting in tables if not _is_json(given.get(variable_of(setting), "{}")))
    setting = next(wrong, "doors")
    return f"configuration key {setting!r}: expected a JSON object in {variable_of(setting)}"


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except ValueError:
        return False
    return True


def setting_names(model: type[BaseModel] = Config) -> list[str]:
    """All settings by their dotted names, as in `wrapup.toml`: "asr", "endpoint.hang_ms"."""
    names: list[str] = []
    for name, field in model.model_fields.items():
        section = _section(field.annotation)
        names += [name] if section is None else [f"{name}.{inner}" for inner in setting_names(section)]
    return names


def variable_of(setting: str) -> str:
    """The variable of a setting: `WRAPUP_ENDPOINT__HANG_MS` of "endpoint.hang_ms"."""
    return PREFIX + setting.replace(".", DELIMITER).upper()


def _section(annotation: Any) -> type[BaseModel] | None:
    """The model behind a section's type, which may be optional; None for a single value."""
    kinds = get_args(annotation) if get_origin(annotation) in (Union, UnionType) else (annotation,)
    return next((kind for kind in kinds if isinstance(kind, type) and issubclass(kind, BaseModel)), None)


def _refuse_unknown_variables() -> None:
    known = {variable_of(setting) for setting in setting_names()} | OTHER_VARIABLES
    for given in sorted(os.environ):
        name = given.upper()
        if name.startswith(PREFIX) and name not in known:
            near = get_close_matches(name, sorted(known), n=3, cutoff=0.0)
            raise ConfigError(f"variable {given}: no such setting; the nearest are {', '.join(near)}")


def parse_roles(text: str | None) -> tuple[str, ...] | None:
    """`agent,customer` as a tuple; None stays None."""
    return None if text is None else tuple(part.strip() for part in text.split(","))
