"""How to reach Kafka: settings checked before anything connects, and faults in one line."""

from __future__ import annotations

import logging
import ssl
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeVar

from kafka import errors as faults

from models.errors import ConfigError, EngineBusyError, WrapupError

Mechanism = Literal["SCRAM-SHA-512", "SCRAM-SHA-256", "PLAIN"]
ClientT = TypeVar("ClientT")

CONNECT_S = 10.0
"""How long a client looks for a broker before it gives up."""


class KafkaError(WrapupError):
    """Kafka does not take us, or what we ask: another try would fail again."""


class KafkaAwayError(EngineBusyError):
    """No broker answers now."""


@dataclass(frozen=True, slots=True)
class Connection:
    """Where the brokers are and who we are to them.

    `tls`: with a certificate that `ca_file` (PEM; else the system's authorities) vouches for. `user` with the
    password in `password_file`; `mechanism` says how it is proven. Raises `ConfigError` for what cannot be.
    """

    brokers: tuple[str, ...]
    tls: bool = False
    ca_file: Path | None = None
    cert_file: Path | None = None
    key_file: Path | None = None
    user: str | None = None
    password_file: Path | None = None
    mechanism: Mechanism = "SCRAM-SHA-512"

    def __post_init__(self) -> None:
        """Check all of it: kafka-python does not."""
        if not self.brokers or not all(map(_is_address, self.brokers)):
            raise ConfigError("kafka.brokers: expected HOST:PORT, one or several with commas between them")
        if not self.tls and (self.ca_file or self.cert_file or self.key_file):
            raise ConfigError("kafka.tls: files of TLS are given, but it is off")
        if (self.cert_file is None) != (self.key_file is None):
            raise ConfigError("kafka.cert_file and kafka.key_file go together")
        if (self.user is None) != (self.password_file is None):
            raise ConfigError("kafka.user and kafka.password_file go together")
        if self.user is not None and self.mechanism == "PLAIN" and not self.tls:
            raise ConfigError("kafka.mechanism: PLAIN shows the password to the network; turn kafka.tls on")
        for name in ("ca_file", "cert_file", "key_file"):
            path = getattr(self, name)
            if path is not None and not path.is_file():
                raise ConfigError(f"kafka.{name}: {path} is no file")

    def settings(self) -> dict[str, Any]:
        """As kafka-python's clients take them. Raises `ConfigError`."""
        found: dict[str, Any] = {
            "bootstrap_servers": list(self.brokers),
            "bootstrap_timeout_ms": int(CONNECT_S * 1000),
            "security_protocol": self._protocol(),
        }
        if self.tls:
            files = {"ssl_cafile": self.ca_file, "ssl_certfile": self.cert_file, "ssl_keyfile": self.key_file}
            found |= {name: str(path) for name, path in files.items() if path is not None}
        if self.user is not None and self.password_file is not None:
            found |= {
                "sasl_mechanism": self.mechanism,
                "sasl_plain_username": self.user,
                "sasl_plain_password": _password(self.password_file),
            }
        return found

    def open(self, client: Callable[..., ClientT], **settings: Any) -> ClientT:
        """One of kafka-python's clients, connected within `CONNECT_S`. Raises `WrapupError`."""
        found = self.settings()
        with _hearing_faults() as heard:
            return self.tried(lambda: client(**found, **settings), heard)

    def tried(self, ask: Callable[[], ClientT], heard: Sequence[Exception] = ()) -> ClientT:
        """What a client answers. Raises `KafkaError`, or `KafkaAwayError` where nobody answers.

        `heard`: why it did not connect, where what it raises says only that it did not.
        """
        try:
            return ask()
        except (faults.KafkaError, OSError) as error:
            raise self._told([*heard, error]) from error

    def _told(self, errors: Sequence[Exception]) -> WrapupError:
        where = ",".join(self.brokers)
        for error in errors:
            if isinstance(error, _REFUSALS):
                return KafkaError(f"Kafka at {where} refuses {_who(self.user)}: {_line(error)}")
            if _is_untrusted(error):
                return KafkaError(
                    f"Kafka at {where} shows a certificate that kafka.ca_file does not vouch for"
                )
        cause = errors[0]
        if self.user is not None and "socket disconnected" in str(cause):
            # A broker says why before it hangs up, and kafka-python does not always read that in time.
            return KafkaAwayError(
                f"Kafka at {where} hangs up on {_who(self.user)}: unless it is going down, see kafka.user,"
                " kafka.password_file and kafka.mechanism"
            )
        away = isinstance(cause, OSError | faults.KafkaConnectionError) or getattr(cause, "retriable", False)
        return (KafkaAwayError if away else KafkaError)(f"Kafka at {where}: {_line(cause)}")

    def _protocol(self) -> str:
        if self.user is None:
            return "SSL" if self.tls else "PLAINTEXT"
        return "SASL_SSL" if self.tls else "SASL_PLAINTEXT"


_REFUSALS = (
    faults.AuthorizationError,
    faults.SaslAuthenticationFailedError,
    faults.UnsupportedSaslMechanismError,
)


class _Faults(logging.Handler):
    """Keeps the errors that kafka-python only logs: it goes on trying, and then says that time is over."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.heard: list[Exception] = []

    def emit(self, record: logging.LogRecord) -> None:
        """See `logging.Handler`."""
        args = record.args if isinstance(record.args, tuple) else ()
        self.heard += [arg for arg in args if isinstance(arg, Exception)]


@contextmanager
def _hearing_faults() -> Iterator[list[Exception]]:
    logger, whole, handler = logging.getLogger("kafka.net"), logging.getLogger("kafka"), _Faults()
    logger.addHandler(handler)
    # What keeps us out is told in one line, and not once more with each try.
    whole.propagate = False
    try:
        yield handler.heard
    finally:
        whole.propagate = True
        logger.removeHandler(handler)


def _is_untrusted(error: BaseException) -> bool:
    chain = (error, error.__cause__, error.__context__)
    return any(isinstance(one, ssl.SSLCertVerificationError) for one in chain) or (
        "CERTIFICATE_VERIFY_FAILED" in str(error)
    )


def _is_address(broker: str) -> bool:
    host, _, port = broker.rpartition(":")
    return bool(host) and port.isdecimal() and 0 < int(port) < 65_536


def _password(path: Path) -> str:
    try:
        password = path.read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"kafka.password_file: {path} cannot be read") from error
    if not password:
        raise ConfigError(f"kafka.password_file: {path} is empty")
    return password


def _who(user: str | None) -> str:
    return "a client without a name" if user is None else f"user {user}"


def _line(error: BaseException) -> str:
    """The first line of what a client says, without its state."""
    return (str(error).splitlines() or [type(error).__name__])[0][:200]
