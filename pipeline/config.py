"""The configuration: `wrapup.toml` in the working folder, then `WRAPUP_*` variables, then options."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from models.errors import ConfigError
from pipeline.core.endpointing import EndpointSettings

CONFIG_FILE = Path("wrapup.toml")

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
    """Quiet kept around an utterance."""
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
        env_prefix="WRAPUP_",
        env_nested_delimiter="__",
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
    roles: tuple[CallRole, ...] | None = None
    """Roles by channel, or by first heard on mono calls."""
    endpoint: Endpointing = Endpointing()
    """Endpointing."""

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

    Raises `ConfigError` that names the key and what was expected.
    """
    try:
        return Config(**{name: value for name, value in options.items() if value is not None})
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{CONFIG_FILE}: not TOML ({error})") from error
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(str(part) for part in first["loc"])
        raise ConfigError(f"configuration key {key!r}: {first['msg']}") from error


def parse_roles(text: str | None) -> tuple[str, ...] | None:
    """`agent,customer` as a tuple; None stays None."""
    return None if text is None else tuple(part.strip() for part in text.split(","))
