"""The places that weights are fetched from. `models.download` says which is used when."""

from __future__ import annotations

import hashlib
import http.client
import os
import re
import shutil
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from models.catalogue import Weights
from models.errors import WrapupError

SUMS_FILE = "SHA256SUMS"
CHUNK_BYTES = 1 << 20
SUMS_LIMIT_BYTES = 1 << 20
TIMEOUT_S = 30.0
"""How long a mirror may say nothing."""

TRIES = 5
"""Tries in a row that bring no new byte, before a mirror is given up."""

Progress = Callable[[str, int, int | None], None]
"""Called with a file's name, the bytes of it that are here, and its size where that is known."""

_SUM_LINE = re.compile(r"([0-9a-fA-F]{64}) [ *](.+)")


class DownloadError(WrapupError):
    """Weights could not be fetched; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class Sum:
    """What a file must hash to: its SHA-256, or with `git` the SHA-1 by which git names its content."""

    digest: str
    git: bool = False

    def matches(self, path: Path) -> bool:
        """Whether the file's content has this sum."""
        hasher = hashlib.sha1(usedforsecurity=False) if self.git else hashlib.sha256()
        if self.git:
            hasher.update(b"blob %d\0" % path.stat().st_size)
        with path.open("rb") as file:
            while chunk := file.read(CHUNK_BYTES):
                hasher.update(chunk)
        return hasher.hexdigest() == self.digest


class Shelf(Protocol):
    """One set of weights at a place."""

    @property
    def sums(self) -> Mapping[str, Sum]:
        """The sums that the place states, by file; it may lack some and may state others."""
        ...

    def fetch(self, name: str, folder: Path, progress: Progress) -> None:
        """Put the file `name` below `folder`, going on with what an earlier call left there.

        Raises `DownloadError`; an `OSError` is the local disk's.
        """
        ...


def open_shelf(weights: Weights, where: str | None) -> Shelf:
    """The shelf of `weights` at `where`: None for the hub, else an http(s) address or a folder.

    Raises `DownloadError`.
    """
    if where is None:
        return open_hub(weights)
    if where.startswith(("http://", "https://")):
        return open_mirror(weights, where)
    root = Path(where).expanduser()
    if not root.is_dir():
        raise DownloadError(f"{where} is neither an http(s) address nor a folder")
    return open_folder(weights, root)


def read_sums(text: str, where: str) -> dict[str, Sum]:
    """Sums from a list as sha256sum writes it; "#" starts a comment. Raises `DownloadError` with the line."""
    sums = {}
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip() or line.startswith("#"):
            continue
        match = _SUM_LINE.fullmatch(line.rstrip())
        if match is None:
            raise DownloadError(f"{where}, line {number}: expected a SHA-256, two spaces and a file name")
        sums[match[2].removeprefix("./")] = Sum(match[1].lower())
    return sums


@dataclass(frozen=True, slots=True)
class FolderShelf:
    """Files in a folder."""

    root: Path
    sums: Mapping[str, Sum]

    def fetch(self, name: str, folder: Path, progress: Progress) -> None:
        """Copy the file."""
        path = self.root / name
        try:
            source = path.open("rb")
        except OSError as error:
            raise DownloadError(f"cannot read {path} ({error.strerror})") from error
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        with source, target.open("wb") as copy:
            shutil.copyfileobj(source, copy, CHUNK_BYTES)
        progress(name, target.stat().st_size, target.stat().st_size)


def open_folder(weights: Weights, root: Path) -> FolderShelf:
    """A weights folder (of another machine, say), or the folder of these weights alone."""
    nested = root / weights.folder
    base = nested if nested.is_dir() else root
    path = base / SUMS_FILE
    try:
        text = path.read_text(encoding="utf-8") if path.exists() else ""
    except (OSError, UnicodeDecodeError) as error:
        raise DownloadError(f"cannot read {path}") from error
    return FolderShelf(base, read_sums(text, str(path)))


class _Interrupted(Exception):
    """The mirror could not be reached or stopped in the middle; another try may pass."""


@dataclass(frozen=True, slots=True)
class MirrorShelf:
    """Files on a web server, fetched by ranges."""

    url: str
    sums: Mapping[str, Sum]
    timeout_s: float = TIMEOUT_S
    pause_s: float = 1.0

    def fetch(self, name: str, folder: Path, progress: Progress) -> None:
        """Download the file on top of what `<name>.part` holds; a server without ranges starts again."""
        target = folder / name
        part = target.with_name(target.name + ".part")
        target.parent.mkdir(parents=True, exist_ok=True)
        tries = TRIES
        while True:
            before_bytes = _size_bytes(part)
            try:
                if self._append(name, part, progress):
                    os.replace(part, target)
                    return
                reason = "the answer was cut short"
            except _Interrupted as error:
                reason = str(error)
            tries = TRIES if _size_bytes(part) > before_bytes else tries - 1
            if tries == 0:
                raise _unreachable(self.url, reason)
            time.sleep(self.pause_s)

    def _append(self, name: str, part: Path, progress: Progress) -> bool:
        """One request. Whether the part is the whole file now."""
        start = _size_bytes(part)
        headers = {"Range": f"bytes={start}-"} if start else {}
        address = f"{self.url}/{urllib.parse.quote(name)}"
        request = urllib.request.Request(address, headers=headers)
        try:
            response = _request(request, self.timeout_s)
        except urllib.error.HTTPError as error:
            error.close()
            if error.code == 416:
                part.unlink()
                return False
            raise _refused(error.code, address) from None
        with response:
            start = start if response.status == 206 else 0
            total_bytes = None if response.length is None else start + response.length
            with part.open("ab" if start else "wb") as file:
                while chunk := _read(response):
                    file.write(chunk)
                    progress(name, file.tell(), total_bytes)
                return total_bytes is None or file.tell() == total_bytes


def open_mirror(
    weights: Weights, url: str, *, timeout_s: float = TIMEOUT_S, pause_s: float = 1.0
) -> MirrorShelf | HubShelf:
    """A web server with a weights folder; without a list of sums, an endpoint with the hub's protocol."""
    root = url.rstrip("/")
    base = f"{root}/{urllib.parse.quote(weights.folder)}"
    address = f"{base}/{SUMS_FILE}"
    try:
        with _request(urllib.request.Request(address), timeout_s) as response:
            text = response.read(SUMS_LIMIT_BYTES).decode("utf-8", errors="replace")
    except urllib.error.HTTPError as error:
        error.close()
        if error.code != 404:
            raise _refused(error.code, address) from None
    except (_Interrupted, OSError, http.client.HTTPException) as error:
        raise _unreachable(root, str(error)) from error
    else:
        return MirrorShelf(base, read_sums(text, address), timeout_s, pause_s)
    try:
        # Only a token that was set for this run goes to an address that the user named; the one that a
        # login left on the disk was meant for the hub.
        return open_hub(weights, endpoint=root, token=os.environ.get("HF_TOKEN") or False)
    except DownloadError as error:
        raise DownloadError(f"{root} has no {weights.folder}/{SUMS_FILE}, and as a hub: {error}") from error


@dataclass(frozen=True, slots=True)
class HubShelf:
    """A repository of the hub, or of an endpoint that speaks its protocol."""

    weights: Weights
    endpoint: str | None
    token: str | bool | None
    sums: Mapping[str, Sum]

    def fetch(self, name: str, folder: Path, progress: Progress) -> None:
        """Download the file; the hub's library resumes it and draws its own progress on a terminal."""
        from huggingface_hub import hf_hub_download

        with _hub_errors(self.weights, self.endpoint, self.token):
            hf_hub_download(
                self.weights.repository,
                name,
                revision=self.weights.revision,
                local_dir=folder,
                endpoint=self.endpoint,
                token=self.token,
            )


def open_hub(weights: Weights, endpoint: str | None = None, token: str | bool | None = None) -> HubShelf:
    """The repository of `weights`, with the hub's sums: SHA-256 of large files, git's SHA-1 of small ones.

    `token` None is the library's rule: `HF_TOKEN`, else what a login stored.
    """
    from huggingface_hub import HfApi

    with _hub_errors(weights, endpoint, token):
        repository = HfApi(endpoint=endpoint, token=token).model_info(
            weights.repository, revision=weights.revision, files_metadata=True, timeout=TIMEOUT_S
        )
    sums = {}
    for file in repository.siblings or []:
        if file.lfs:
            sums[file.rfilename] = Sum(file.lfs.sha256)
        elif file.blob_id:
            sums[file.rfilename] = Sum(file.blob_id, git=True)
    return HubShelf(weights, endpoint, token, sums)


@contextmanager
def _hub_errors(weights: Weights, endpoint: str | None, token: str | bool | None) -> Iterator[None]:
    from huggingface_hub import constants
    from huggingface_hub.errors import HfHubHTTPError, OfflineModeIsEnabled

    # The bases of the library's own error are the errors of the HTTP client that it stands on, which
    # differs between its versions.
    foreign: tuple[type[Exception], ...] = (
        OSError,
        RuntimeError,
        ValueError,
        KeyError,
        *HfHubHTTPError.__bases__,
    )
    try:
        yield
    except OfflineModeIsEnabled as error:
        raise DownloadError("HF_HUB_OFFLINE is set: unset it, or use a folder (--from)") from error
    except foreign as error:
        if isinstance(error, OSError) and error.errno is not None and not isinstance(error, ConnectionError):
            raise
        hub = endpoint or constants.ENDPOINT
        code = error.response.status_code if isinstance(error, HfHubHTTPError) else None
        if weights.gated and code in (401, 403):
            raise _gated(weights, hub, token) from error
        if code is not None:
            raise _refused(code, f"{hub}/{weights.repository} at {weights.revision[:12]}") from error
        raise _unreachable(hub, type(error).__name__) from error


def _gated(weights: Weights, hub: str, token: str | bool | None) -> DownloadError:
    from huggingface_hub import constants, get_token

    sent = token if token is not None else get_token()
    finding = "the token that was sent is not let in" if sent else "no token was found"
    return DownloadError(
        f"{weights.name} is gated and {finding}: accept the conditions at {hub}/{weights.repository} with "
        f"your account, then set HF_TOKEN to a token of that account that may read (or keep it in "
        f"{constants.HF_TOKEN_PATH}) and pull again"
    )


def _refused(code: int, what: str) -> DownloadError:
    if code == 404:
        return DownloadError(f"{what} is not there (404): check the address, or use another source (--from)")
    if code in (401, 403):
        return DownloadError(f"{what} may not be read ({code}): check the address and your access to it")
    return DownloadError(f"{what} was answered with {code}: try again later, or use another source (--from)")


def _unreachable(where: str, reason: str) -> DownloadError:
    return DownloadError(
        f"cannot reach {where} ({reason}): check the network and try again (what has come is kept), "
        "or use a mirror or a folder (--from)"
    )


def _request(request: urllib.request.Request, timeout_s: float) -> Any:
    try:
        return urllib.request.urlopen(request, timeout=timeout_s)
    except urllib.error.HTTPError as error:
        if error.code >= 500:
            error.close()
            raise _Interrupted(f"answered with {error.code}") from None
        raise
    except (OSError, http.client.HTTPException) as error:
        reason = getattr(error, "reason", error)
        raise _Interrupted(type(reason).__name__) from error


def _read(response: Any) -> bytes:
    try:
        chunk: bytes = response.read1(CHUNK_BYTES)
    except (OSError, http.client.HTTPException) as error:
        raise _Interrupted(type(error).__name__) from error
    return chunk


def _size_bytes(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0
