"""The seal on all text that is kept: AES-256-GCM with a key per call.

Each owner, a call or a segment of the spool, has a random data key. It is kept wrapped by the master key, so
that deleting the wrapped key makes the owner's text unreadable for good. A seal names its owner and its place
(table, column, row); sealed text that was moved to another row does not open.

With encryption off the same bytes carry a mark that says so, and nothing is hidden.
"""

from __future__ import annotations

import json
import os
import stat
import tempfile
from dataclasses import dataclass
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from models.errors import ConfigError
from pipeline.store.errors import UnreadableError

KEY_BYTES = 32
NONCE_BYTES = 12

_PLAIN = b"\x00"
_SEALED = b"\x01"


@dataclass(frozen=True, slots=True, repr=False)
class Sealed:
    """Content as it is stored: a mark, then a nonce and what AES-GCM made of the content, or the content."""

    data: bytes


class Cipher:
    """Seals and opens what belongs to one owner."""

    def __init__(self, owner: str, key: bytes | None) -> None:
        self._owner = owner
        self._key = None if key is None else AESGCM(key)

    def seal(self, content: bytes, place: str) -> Sealed:
        """The content, bound to its owner and its place."""
        if self._key is None:
            return Sealed(_PLAIN + content)
        nonce = os.urandom(NONCE_BYTES)
        return Sealed(_SEALED + nonce + self._key.encrypt(nonce, content, self._bound_to(place)))

    def open(self, sealed: Sealed, place: str) -> bytes:
        """What was sealed. Raises `UnreadableError`."""
        mark, body = sealed.data[:1], sealed.data[1:]
        if self._key is None and mark == _PLAIN:
            return body
        if self._key is None or mark != _SEALED:
            raise UnreadableError(f"{self._owner}: {place} is not sealed as this store seals")
        try:
            return self._key.decrypt(body[:NONCE_BYTES], body[NONCE_BYTES:], self._bound_to(place))
        except (InvalidTag, ValueError) as error:
            raise UnreadableError(f"{self._owner}: {place} does not open with this key") from error

    def _bound_to(self, place: str) -> bytes:
        return json.dumps([self._owner, place]).encode()


class Vault:
    """The master key, or none where encryption is off."""

    def __init__(self, master: bytes | None) -> None:
        self._master = None if master is None else Cipher("master", master)

    @property
    def encrypts(self) -> bool:
        """Whether what is sealed is hidden."""
        return self._master is not None

    def new_key(self, owner: str) -> bytes:
        """A fresh data key, wrapped; empty where encryption is off."""
        return b"" if self._master is None else self._master.seal(os.urandom(KEY_BYTES), f"key/{owner}").data

    def cipher(self, owner: str, wrapped: bytes) -> Cipher:
        """The cipher of an owner by its wrapped key. Raises `UnreadableError`."""
        if self._master is None:
            return Cipher(owner, None)
        return Cipher(owner, self._master.open(Sealed(wrapped), f"key/{owner}"))

    def proof(self) -> bytes:
        """Bytes by which `knows` tells this master key again."""
        return b"" if self._master is None else self._master.seal(b"", "proof").data

    def knows(self, proof: bytes) -> bool:
        """Whether `proof` was given by a vault with this master key."""
        if self._master is None:
            return proof == b""
        try:
            return self._master.open(Sealed(proof), "proof") == b""
        except UnreadableError:
            return False


def open_vault(key_file: Path, encrypt: bool = True) -> Vault:
    """The vault whose master key is in a file, 64 hexadecimal digits; it is created where there is none.

    Raises `ConfigError` for a file that others can read, or that holds no key.
    """
    return Vault(key_in(key_file) if encrypt else None)


def key_in(key_file: Path) -> bytes:
    """The key in a file, 64 hexadecimal digits; it is created where there is none.

    Raises `ConfigError` for a file that others can read, or that holds no key.
    """
    try:
        if not key_file.exists():
            _create(key_file)
        return _read(key_file)
    except OSError as error:
        raise ConfigError(f"key file {key_file}: cannot be used ({error.strerror})") from error


def _read(key_file: Path) -> bytes:
    with key_file.open("rb") as file:
        if stat.S_IMODE(os.fstat(file.fileno()).st_mode) & 0o077:
            raise ConfigError(f"key file {key_file}: others can read it; run: chmod 600 {key_file}")
        text = file.read(1_000)
    try:
        key = bytes.fromhex(text.decode("ascii"))
    except ValueError:
        key = b""
    if len(key) != KEY_BYTES:
        raise ConfigError(f"key file {key_file}: expected {2 * KEY_BYTES} hexadecimal digits")
    return key


def _create(key_file: Path) -> None:
    """Whole or not at all, readable by its owner alone; the first of several processes wins."""
    key_file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=key_file.parent, prefix=".key-")
    temporary = Path(name)
    try:
        with os.fdopen(handle, "w", encoding="ascii") as file:
            file.write(os.urandom(KEY_BYTES).hex() + "\n")
            file.flush()
            os.fsync(file.fileno())
        os.link(temporary, key_file)
    except FileExistsError:
        return
    finally:
        temporary.unlink()
