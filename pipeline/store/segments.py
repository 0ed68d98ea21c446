"""One file of the spool: a header with the file's own key, wrapped, then sealed records.

    "WRAPUP1\\n"  u16 length of the key  key                    and for each record
    u32 length   u32 CRC-32 of what follows   u64 seq or 0      sealed record

Numbers are big-endian; the length is that of the sealed record. A record is there whole, or it is the torn
end of a file whose writer died.
"""

from __future__ import annotations

import os
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from pipeline.store.errors import StoreError, UnreadableError
from pipeline.store.vault import Cipher, Sealed, Vault

SUFFIX = ".spool"

_MAGIC = b"WRAPUP1\n"
_KEY = struct.Struct(">H")
_FRAME = struct.Struct(">II")
_SEQ = struct.Struct(">Q")
_PLACE = "record"


@dataclass(frozen=True, slots=True)
class Entry:
    """A record in a file: what it says, its seq (0 where it has none), and where the next one begins."""

    content: bytes
    seq: int
    end: int


class Segment:
    """A file of the spool: one thread writes it, others may read what is written.

    `is_damaged`: what follows the last whole record is not the torn end of a writer that died.
    """

    def __init__(self, path: Path, cipher: Cipher, start: int) -> None:
        """Use `create` or `reopen`. Records lie in [start, size) of the file."""
        self.path = path
        self.start = start
        self.size = start
        self.records = 0
        self.last_seq = 0
        self.is_damaged = False
        self._cipher = cipher
        self._file: int | None = None

    @classmethod
    def create(cls, path: Path, vault: Vault) -> Segment:
        """A new file. Raises OSError."""
        key = vault.new_key(path.name)
        header = _MAGIC + _KEY.pack(len(key)) + key
        segment = cls(path, vault.cipher(path.name, key), 0)
        segment._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND, 0o600)
        try:
            segment._write(header)
        except OSError:
            segment.finish()
            path.unlink(missing_ok=True)
            raise
        segment.start = segment.size
        return segment

    @classmethod
    def reopen(cls, path: Path, vault: Vault) -> Segment:
        """A file that another process left, up to what is not whole. Raises OSError, `StoreError`.

        A file whose header is torn holds no record: it comes back empty.
        """
        data = path.read_bytes()
        if not data.startswith(_MAGIC[: len(data)]):
            raise StoreError(f"{path}: not a file of the spool; move it away")
        head = len(_MAGIC) + _KEY.size
        start = head + _KEY.unpack_from(data, len(_MAGIC))[0] if len(data) >= head else head
        if len(data) < start:
            return cls(path, Cipher(path.name, None), len(data))
        if (start > head) != vault.encrypts:
            setting = "true" if start > head else "false"
            raise StoreError(f"{path}: expected store.encrypt = {setting}, as when it was written")
        segment = cls(path, vault.cipher(path.name, data[head:start]), start)
        for seq, _, end in _frames(data, start):
            segment._count(seq, end)
        segment.is_damaged = _is_damaged(data, segment.size)
        return segment

    def cut(self) -> None:
        """Forget what is not whole at the end. Raises OSError."""
        if self.path.stat().st_size > self.size:
            os.truncate(self.path, self.size)

    def seal(self, content: bytes) -> bytes:
        """A record as it lies in this file."""
        return self._cipher.seal(content, _PLACE).data

    def append(self, sealed: bytes, seq: int) -> None:
        """Write a record whole, or raise OSError and leave nothing of it."""
        body = _SEQ.pack(seq) + sealed
        self._write(_FRAME.pack(len(sealed), zlib.crc32(body)) + body)
        self._count(seq, self.size)

    def read(self, offset: int, count: int, after_seq: int = -1, up_to_damage: bool = False) -> list[Entry]:
        """The first `count` records from an offset on with a seq over `after_seq`.

        Raises OSError, and `UnreadableError` where the key of this file does not open one; with
        `up_to_damage` it gives those before that one.
        """
        with self.path.open("rb") as file:
            file.seek(offset)
            data = file.read(self.size - offset)
        found: list[Entry] = []
        for seq, start, end in _frames(data, 0):
            if len(found) == count:
                break
            if seq > after_seq:
                try:
                    content = self._cipher.open(Sealed(data[start:end]), _PLACE)
                except UnreadableError:
                    if up_to_damage:
                        break
                    raise
                found.append(Entry(content, seq, offset + end))
        return found

    def finish(self) -> None:
        """Nothing more will be written."""
        if self._file is not None:
            os.close(self._file)
            self._file = None

    def _count(self, seq: int, end: int) -> None:
        self.records += 1
        self.last_seq = max(self.last_seq, seq)
        self.size = end

    def _write(self, data: bytes) -> None:
        assert self._file is not None
        written = 0
        try:
            while written < len(data):
                written += os.write(self._file, data[written:])
        except OSError:
            # Half a record would hide all that is written behind it.
            os.ftruncate(self._file, self.size)
            raise
        self.size += len(data)


def bytes_taken(sealed: bytes) -> int:
    """What a sealed record takes in a file."""
    return _FRAME.size + _SEQ.size + len(sealed)


def _is_damaged(data: bytes, offset: int) -> bool:
    """Whether a whole record stands at an offset that its checksum does not fit."""
    if offset + _FRAME.size + _SEQ.size > len(data):
        return False
    length, _ = _FRAME.unpack_from(data, offset)
    return bool(offset + _FRAME.size + _SEQ.size + length <= len(data))


def _frames(data: bytes, offset: int) -> Iterator[tuple[int, int, int]]:
    """Seq, and start and end of the sealed records from an offset on, up to the first that is not whole."""
    while offset + _FRAME.size + _SEQ.size <= len(data):
        length, check = _FRAME.unpack_from(data, offset)
        body = offset + _FRAME.size
        end = body + _SEQ.size + length
        if end > len(data) or zlib.crc32(memoryview(data)[body:end]) != check:
            return
        yield _SEQ.unpack_from(data, body)[0], body + _SEQ.size, end
        offset = end
