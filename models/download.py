"""Fetching weights: from the hub, from a mirror on the web, or from a folder.

The hub goes through `huggingface_hub`, which resumes, sends the token to the hub and to nobody else, and
knows the hub's storage; it compares sizes only, so the sums are checked here. A mirror is what any static
web server makes of a weights folder: `<engine>/<variant>/SHA256SUMS` (the format of sha256sum) beside the
files. Every pull writes that list, so one machine's weights folder is the mirror of the next. An address
without such a list is taken as an endpoint that speaks the hub's protocol.

No file is kept without a sum to check it by. Files are gathered in a folder of their own, which takes its
final name when all are there; after an interruption the next pull goes on where the last one stopped.
"""

from __future__ import annotations

import errno
import hashlib
import os
import shutil
from collections.abc import Mapping
from pathlib import Path

from filelock import FileLock, Timeout

from models.catalogue import Weights
from models.sources import SUMS_FILE, DownloadError, Progress, Shelf, Sum, open_shelf
from models.weights import is_complete, own_folder, weights_folder

SPARE_BYTES = 64 << 20
"""Room left on the disk beside the weights."""


def pull(weights: Weights, where: str | None = None, progress: Progress = lambda *_: None) -> Path:
    """Fetch `weights` unless they are in the weights folder, and give their folder there.

    `where`: None for the hub, else an http(s) address or a folder. Raises `DownloadError`.
    """
    target = own_folder(weights)
    if is_complete(target, weights.files):
        return target
    shelf = open_shelf(weights, where)
    work = weights_folder() / ".partial" / weights.folder
    try:
        work.mkdir(parents=True, exist_ok=True)
        with FileLock(work.with_name(work.name + ".lock"), timeout=0):
            _gather(weights, shelf, work, progress)
            _install(weights, work, target)
    except Timeout as error:
        raise DownloadError(f"another pull of {weights.name} is running; wait for it to end") from error
    except OSError as error:
        raise _disk_error(error) from error
    return target


def _gather(weights: Weights, shelf: Shelf, work: Path, progress: Progress) -> None:
    sums = _expected(weights, shelf.sums)
    _check_room(weights, work)
    for name in weights.files:
        path = work / name
        if path.is_file() and sums[name].matches(path):
            continue
        for _ in range(2):
            path.unlink(missing_ok=True)
            shelf.fetch(name, work, progress)
            if sums[name].matches(path):
                break
        else:
            path.unlink()
            raise DownloadError(
                f"{name} of {weights.name} came twice with a wrong checksum and was deleted: "
                "try again later, or use another source (--from)"
            )


def _expected(weights: Weights, stated: Mapping[str, Sum]) -> Mapping[str, Sum]:
    for name, digest in weights.sha256.items():
        other = stated.get(name)
        if other and not other.git and other.digest != digest:
            raise DownloadError(
                f"{name} there is not the one of {weights.name}: its SHA-256 is not that of Wrapup's "
                "catalogue; use another source (--from)"
            )
    sums = {**stated, **{name: Sum(digest) for name, digest in weights.sha256.items()}}
    unknown = [name for name in weights.files if name not in sums]
    if unknown:
        raise DownloadError(
            f"{weights.name} has no checksum there for {', '.join(unknown)}: "
            f"a list {SUMS_FILE} (made by sha256sum) belongs beside the files"
        )
    return sums


def _check_room(weights: Weights, work: Path) -> None:
    have_bytes = sum(path.stat().st_size for path in work.rglob("*") if path.is_file())
    need_bytes = max(0, weights.size_bytes - have_bytes) + SPARE_BYTES
    free_bytes = shutil.disk_usage(work).free
    if free_bytes < need_bytes:
        raise DownloadError(
            f"{weights.name} needs {need_bytes / 1e6:.0f} MB in {weights_folder()} and "
            f"{free_bytes / 1e6:.0f} MB are free: make room, or set WRAPUP_WEIGHTS to a larger disk"
        )


def _install(weights: Weights, work: Path, target: Path) -> None:
    lines = [f"# {weights.name} {weights.repository}@{weights.revision} {weights.licence}"]
    for name in weights.files:
        with (work / name).open("rb") as file:
            lines.append(f"{hashlib.file_digest(file, 'sha256').hexdigest()}  {name}")
    shutil.rmtree(work / ".cache", ignore_errors=True)
    (work / SUMS_FILE).write_text("\n".join(lines) + "\n", encoding="utf-8")
    if target.exists():
        shutil.rmtree(target)
    target.parent.mkdir(parents=True, exist_ok=True)
    os.replace(work, target)


def _disk_error(error: OSError) -> DownloadError:
    where = f"the weights folder {weights_folder()}"
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return DownloadError(
            f"no room left in {where}: make room, or set WRAPUP_WEIGHTS to a larger disk, and pull again"
        )
    reason = error.strerror or type(error).__name__
    return DownloadError(f"cannot write to {where} ({reason}): set WRAPUP_WEIGHTS to a folder of yours")
