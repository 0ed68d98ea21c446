"""A loopback server with weights: a static mirror with ranges, and an endpoint with the hub's protocol."""

from __future__ import annotations

import hashlib
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

from models.catalogue import Weights

CONTENT = MappingProxyType(
    {
        "config.json": b'{"a": 1}',
        "model.bin": bytes(range(256)) * 2000,
        "deep/plda.npz": b"plda" * 100,
    }
)
REVISION = "c" * 40
SECRET = "hf_thisMustNotShow"


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def weights(**changes: Any) -> Weights:
    """Small weights whose files are `CONTENT`."""
    values: dict[str, Any] = {
        "name": "faster-whisper:test",
        "kind": "asr",
        "repository": "someone/test",
        "revision": REVISION,
        "licence": "MIT",
        "languages": ("en",),
        "size_bytes": sum(map(len, CONTENT.values())),
        "files": tuple(CONTENT),
    }
    return Weights(**values | changes)


def sums_text(content: dict[str, bytes]) -> str:
    return "".join(f"{sha256(data)}  {name}\n" for name, data in content.items())


@dataclass
class Behaviour:
    """What the server does; tests change it. `cut` is how many more answers for a file stop in the
    middle, after a stall."""

    files: dict[str, bytes] = field(default_factory=dict)
    ranges: bool = True
    cut: dict[str, int] = field(default_factory=dict)
    status: dict[str, int] = field(default_factory=dict)
    pause_s: float = 0.0
    stall_s: float = 0.0
    hub_sums: dict[str, str] = field(default_factory=dict)
    info: bytes | None = None
    requests: list[tuple[str, str, str | None, str | None]] = field(default_factory=list)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    behaviour: Behaviour

    def do_HEAD(self) -> None:
        self._answer(with_body=False)

    def do_GET(self) -> None:
        self._answer(with_body=True)

    def log_message(self, *_: object) -> None:
        pass

    def _answer(self, with_body: bool) -> None:
        does, path = self.behaviour, self.path.partition("?")[0]
        does.requests.append(
            (self.command, path, self.headers.get("Range"), self.headers.get("Authorization"))
        )
        time.sleep(does.pause_s)
        if path.startswith("/api/models/"):
            self._repository(path)
            return
        name = path.removeprefix(f"/someone/test/resolve/{REVISION}/").removeprefix("/")
        status = does.status.get(name, 404 if name not in does.files else 200)
        if status != 200:
            codes = {401: "GatedRepo", 403: "GatedRepo", 404: "EntryNotFound"}
            self._send(status, b"no", {"X-Error-Code": codes[status]} if status in codes else {})
            return
        self._file(name, does.files[name], with_body)

    def _repository(self, path: str) -> None:
        does = self.behaviour
        if path != f"/api/models/someone/test/revision/{REVISION}":
            self._send(404, b"{}", {"X-Error-Code": "RepoNotFound"})
            return
        if does.info is not None:
            self._send(200, does.info, {"Content-Type": "text/html"})
            return
        siblings = []
        for name, data in does.files.items():
            sibling: dict[str, Any] = {"rfilename": name, "size": len(data)}
            if name.endswith(".bin"):
                digest = does.hub_sums.get(name, sha256(data))
                sibling["lfs"] = {"size": len(data), "sha256": digest, "pointerSize": 1}
            git = hashlib.sha1(b"blob %d\0" % len(data) + data, usedforsecurity=False).hexdigest()
            siblings.append(sibling | {"blobId": git})
        info = {"id": "someone/test", "sha": REVISION, "siblings": siblings, "tags": [], "downloads": 0}
        info |= {"private": False, "likes": 0}
        self._send(200, json.dumps(info).encode(), {"Content-Type": "application/json"})

    def _file(self, name: str, data: bytes, with_body: bool) -> None:
        does, start, status = self.behaviour, 0, 200
        asked = self.headers.get("Range")
        headers = {"ETag": f'"{sha256(data)}"', "X-Repo-Commit": REVISION, "Accept-Ranges": "bytes"}
        if asked and does.ranges:
            start, status = int(asked.removeprefix("bytes=").partition("-")[0]), 206
            if start >= len(data):
                self._send(416, b"", {"Content-Range": f"bytes */{len(data)}"})
                return
            headers["Content-Range"] = f"bytes {start}-{len(data) - 1}/{len(data)}"
        body = data[start:]
        if with_body and does.cut.get(name, 0) > 0:
            does.cut[name] -= 1
            self._send(status, body, headers, sent=len(body) // 2)
            time.sleep(does.stall_s)
            self.close_connection = True
            return
        self._send(status, body, headers, sent=len(body) if with_body else 0)

    def _send(self, status: int, body: bytes, headers: dict[str, str], sent: int | None = None) -> None:
        self.send_response(status)
        for key, value in headers.items():
            self.send_header(key, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body if sent is None else body[:sent])


@contextmanager
def serve(behaviour: Behaviour) -> Iterator[str]:
    """Serve on a free port of the loopback; gives the address."""
    handler = type("Handler", (_Handler,), {"behaviour": behaviour})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


class Place(NamedTuple):
    """A running server, what it does, and its address as `--from` takes it."""

    does: Behaviour
    address: str


def on_disk(path: Path) -> dict[str, bytes]:
    """The contents of pulled weights."""
    return {name: (path / name).read_bytes() for name in CONTENT}


def asked(place: Place, name: str) -> list[str | None]:
    """The range of each request for a file, None where all of it was asked for."""
    return [wanted for command, path, wanted, _ in place.does.requests if command == "GET" and name in path]


def write_folder(root: Path, **changes: bytes) -> Path:
    """A folder with the weights and their sums; `changes` are other contents by a file's stem."""
    for name, data in CONTENT.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(changes.get(Path(name).stem, data))
    (root / "SHA256SUMS").write_text("# made for a test\n" + sums_text(dict(CONTENT)))
    return root
