"""Sections of the configuration that only a live server reads."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator
from pydantic_settings import NoDecode

from models.errors import ConfigError
from pipeline.core.state import NoteSettings
from pipeline.doors.metadata import DoorSettings, FieldName
from pipeline.limits import Limits, SocketLimits


def _secret(path: Path | None) -> bytes | None:
    if path is None:
        return None
    try:
        secret = path.read_bytes().strip()
    except OSError as error:
        raise ConfigError(f"{path}: the door's secret cannot be read ({error.strerror})") from error
    if not secret:
        raise ConfigError(f"{path}: the door's secret is empty")
    return secret


RestorableKind = Literal["account", "routing", "phone", "email", "birth_date", "address"]

_NOTE = NoteSettings()
_LIMITS = Limits()
_SOCKET = SocketLimits()


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)


class ServerSection(_Section):
    """Where the server listens, and to whom."""

    host: str = "127.0.0.1"
    """Address to listen on; anything but this machine alone needs a key."""
    port: int = Field(default=8_080, ge=0, le=65_535)
    """Port; 0 for any free one."""
    keys_file: Path = Path("wrapup-data/keys.json")
    """API keys, as `wrapup keys` writes them."""
    tls_cert: Path | None = None
    """Certificate chain, PEM."""
    tls_key: Path | None = None
    """Its private key, PEM."""
    max_message_bytes: int = Field(default=1_000_000, ge=1_000)
    """Longest WebSocket message; a longer one closes its socket with 1009."""
    hello_s: float = Field(default=_SOCKET.hello_s, gt=0)
    """How long a new socket may say nothing."""
    drain_s: float = Field(default=30.0, ge=0)
    """How long calls may go on after the signal to stop."""

    def socket_limits(self) -> SocketLimits:
        """As the sockets want them."""
        return SocketLimits(hello_s=self.hello_s)


class SiteDoorSection(_Section):
    """What is different in one protocol at one site."""

    agent: str | None = None
    """As of the door."""
    fields: dict[FieldName, str] = Field(default_factory=dict)
    """As of the door, instead of those of the same names there."""


class DoorSection(SiteDoorSection):
    """How one protocol is read."""

    agent: str | None = None
    """The protocol's own name of the track or channel that the associate speaks on."""
    fields: dict[FieldName, str] = Field(default_factory=dict)
    """Where the opening message has associate, queue, direction, language and site."""
    secret_file: Path | None = None
    """File with the secret that clients sign with."""
    sites: dict[str, SiteDoorSection] = Field(default_factory=dict)
    """What differs at a site, by its name."""

    def settings(self) -> DoorSettings:
        """As the door wants them. Raises `ConfigError` for a secret that cannot be read."""
        sites = {name: DoorSettings(site.agent, site.fields) for name, site in self.sites.items()}
        return DoorSettings(self.agent, self.fields, _secret(self.secret_file), sites)


class DoorsSection(_Section):
    """The protocols in which calls come."""

    public_url: str | None = None
    """How clients reach this server, as in wss://calls.example.org; what they sign has it in it."""
    audiohook: DoorSection = DoorSection()
    """Genesys AudioHook."""
    twilio: DoorSection = DoorSection()
    """Twilio Media Streams and its kin."""
    deepgram: DoorSection = DoorSection()
    """What Deepgram's clients speak."""
    openai: DoorSection = DoorSection()
    """What OpenAI's clients speak."""


class StoreSection(_Section):
    """Where calls are kept."""

    url: str = "sqlite:///wrapup-data/wrapup.db"
    """Database: SQLite, or PostgreSQL as postgresql+psycopg://user@host/name."""
    key_file: Path = Path("wrapup-data/store.key")
    """Master key of the text in it; made where there is none."""
    encrypt: bool = True
    """Whether text is sealed under that key."""
    spool: Path = Path("wrapup-data/spool")
    """Folder of what waits for the database."""
    spool_mb: int = Field(default=500, ge=1)
    """How much may wait there, in megabytes."""
    patience_s: float = Field(default=10.0, gt=0)
    """How long start and stop wait for the database."""


class KafkaSection(_Section):
    """Where Kafka is, who we are there, and how topics are made that are not there yet."""

    brokers: Annotated[tuple[str, ...], NoDecode] = ("localhost:9092",)
    """Brokers to ask first, HOST:PORT, with commas between them."""
    tls: bool = False
    """Whether connections are encrypted."""
    ca_file: Path | None = None
    """Authorities that brokers' certificates are vouched for by, PEM; else the system's."""
    cert_file: Path | None = None
    """Our own certificate, PEM, where brokers ask for one."""
    key_file: Path | None = None
    """Its private key, PEM."""
    user: str | None = None
    """Who we are."""
    password_file: Path | None = None
    """File with the password."""
    mechanism: Literal["SCRAM-SHA-512", "SCRAM-SHA-256", "PLAIN"] = "SCRAM-SHA-512"
    """How the password is proven."""
    keeps_s: float = Field(default=30.0, gt=0, le=600)
    """Audio of a call that a gateway keeps while Kafka is away; what comes after it is a gap."""
    partitions: int = Field(default=12, ge=1, le=1_000)
    """Partitions of a new topic: so many workers can share the calls."""
    copies: int = Field(default=1, ge=1, le=10)
    """Copies of each record, on as many brokers."""
    audio_minutes: int = Field(default=30, ge=5, le=24 * 60)
    """How long sealed audio lies on its topic."""
    days: int = Field(default=14, ge=1)
    """How long events lie on theirs."""

    @field_validator("brokers", mode="before")
    @classmethod
    def _split(cls, value: Any) -> Any:
        if not isinstance(value, str):
            return value
        return tuple(part.strip() for part in value.split(",") if part.strip())


class NoteSection(_Section):
    """How notes are written, by whom, and what they may cost."""

    prompt: str = "wrapup"
    """Prompt of language models, as models/prompts/ names them."""
    fields_file: Path | None = None
    """JSON Schema of the site's own fields, such as a disposition out of a fixed list."""
    key_file: Path | None = None
    """File with the key of the language model's service; else its usual variable counts."""
    seconds: float = Field(default=120.0, gt=0)
    """How long language models may take for one call, all its notes together."""
    tokens: int = Field(default=300_000, gt=0)
    """Tokens, both ways, that all notes of one call may take."""
    due_s: float = Field(default=_NOTE.due_s, gt=0)
    """After hang-up, how long a live call waits for the note before the embedded summarizer's stands in."""
    give_up_s: float = Field(default=_NOTE.give_up_s, gt=0)
    """After hang-up, how long the late note may still come and be offered."""
    chunk_words: int = Field(default=400, ge=0)
    """Words of a live call after which a chunk of it is noted; 0 for not before hang-up."""
    chunk_pause_ms: int = Field(default=_NOTE.chunk_pause_ms, ge=0)
    """Silence of all sides at which a chunk of half as many words ends."""
    unsupported: Literal["flag", "drop"] = "flag"
    """What becomes of a statement that the call does not support."""
    restore: Annotated[tuple[RestorableKind, ...], NoDecode] = ()
    """Secrets that the draft names in clear, in a variable with commas between them; cards, codes and PINs
    never are."""

    @field_validator("restore", mode="before")
    @classmethod
    def _split(cls, value: Any) -> Any:
        return (
            tuple(part.strip() for part in value.split(",") if part.strip())
            if isinstance(value, str)
            else value
        )


class LiveSection(_Section):
    """What live calls are promised, and what they may cost."""

    partial_ms: int = Field(default=500, ge=0, le=10_000)
    """Cadence of partials while the load allows; 0 for none."""
    label_ms: int = Field(default=2_000, ge=0, le=60_000)
    """On calls with one mixed channel, audio between two looks at who spoke; 0 for none before hang-up."""
    promise_ms: int = Field(default=1_000, ge=50)
    """95th percentile of the time from an utterance's end to its text; past it new calls are refused."""
    max_calls: int | None = Field(default=None, ge=1)
    """Calls at once; as many as the machine carries without it."""
    idle_s: float = Field(default=_LIMITS.idle_s, gt=0)
    """A call without any audio, and not on hold, ends after this."""
    resume_s: float = Field(default=_LIMITS.resume_s, gt=0)
    """How long a call waits for a client whose connection was lost."""
    longest_s: float = Field(default=_LIMITS.longest_s, gt=0)
    """Longest call."""

    def limits(self) -> Limits:
        """As the calls want them."""
        return Limits(idle_s=self.idle_s, resume_s=self.resume_s, longest_s=self.longest_s)
