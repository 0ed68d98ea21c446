"""What the store cannot take: refused records, each sealed in a file of its own, and damaged files, whole."""

from __future__ import annotations

import shutil
from pathlib import Path

from pipeline.store.errors import SpoolFullError
from pipeline.store.segments import SUFFIX, Segment
from pipeline.store.vault import Vault

REJECTED = "rejected"
"""The folder, inside that of the spool."""


class Rejects:
    """A bounded folder. One thread."""

    def __init__(self, spool: Path, limit_bytes: int, vault: Vault) -> None:
        self._folder = spool / REJECTED
        self._limit_bytes = limit_bytes
        self._vault = vault
        found = list(self._folder.glob("*"))
        # One that somebody looked at and deleted must not lead to the number of one that is there.
        self._number = max((int(path.stem) for path in found if path.stem.isdecimal()), default=0)
        self._bytes = sum(path.stat().st_size for path in self._folder.rglob(f"*{SUFFIX}"))

    def keep(self, content: bytes) -> bool:
        """Keep a packed record; False where the folder is full. Raises `SpoolFullError` for a full disk."""
        if self._bytes + len(content) > self._limit_bytes:
            return False
        self._number += 1
        try:
            self._folder.mkdir(mode=0o700, exist_ok=True)
            segment = Segment.create(self._folder / f"{self._number:012d}{SUFFIX}", self._vault)
            try:
                segment.append(segment.seal(content), 0)
            finally:
                segment.finish()
        except OSError as error:
            raise SpoolFullError(f"spool {self._folder}: cannot be written ({error.strerror})") from error
        self._bytes += segment.size
        return True

    def keep_file(self, path: Path) -> bool:
        """Keep a copy of a damaged file, in a folder of its own, since the seal on it knows its name.

        False where there is no room. Raises OSError.
        """
        size = path.stat().st_size
        if self._bytes + size > self._limit_bytes:
            return False
        self._number += 1
        folder = self._folder / f"{self._number:012d}"
        folder.mkdir(mode=0o700, parents=True)
        shutil.copyfile(path, folder / path.name)
        self._bytes += size
        return True
