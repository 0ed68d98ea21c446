"""A server on the loopback that speaks OpenAI's chat protocol and does what a script says: typed answers and
faults.

    with LanguageServer(lambda seen: Said(note(("reason", "Customer called.", [1])))) as server:
        engine = registry.engine("summarizer", f"openai:tiny@{server.url}")

A script is asked once a request, in order of arrival, from the server's thread.
"""

from __future__ import annotations

import asyncio
import json
import re
import socket
import threading
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Self, TypeAlias

import uvicorn
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, Response, StreamingResponse

PIECE = 12
"""Characters of an answer in one event of a stream."""

_LINE = re.compile(r"^(\d+) ([\w.-]+): (.*)$", re.MULTILINE)
_CALL = re.compile(r"^BEGIN CALL (\w+)$\n(.*)^END CALL \1$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Seen:
    """A request as the server got it."""

    headers: dict[str, str]
    body: dict[str, Any]

    @property
    def system(self) -> str:
        """What the model is told for every call."""
        return "\n".join(m["content"] for m in self.body["messages"] if m["role"] in ("system", "developer"))

    @property
    def user(self) -> str:
        """The last message of the user."""
        return str([m["content"] for m in self.body["messages"] if m["role"] == "user"][-1])

    @property
    def prompt(self) -> str:
        """The first message of the user, which has the call."""
        return str(next(m["content"] for m in self.body["messages"] if m["role"] == "user"))

    @property
    def call(self) -> str:
        """What stands between the marks."""
        found = _CALL.search(self.prompt)
        assert found is not None
        return found[2]

    @property
    def lines(self) -> list[tuple[int, str, str]]:
        """Numbered lines of the call: number, speaker, words."""
        return [(int(number), who, words) for number, who, words in _LINE.findall(self.call)]


@dataclass(frozen=True)
class Said:
    """An answer with this text, `pieces` characters an event; not `counted`: no tokens are told."""

    text: str
    pieces: int = PIECE
    counted: bool = True


@dataclass(frozen=True)
class Refused:
    """An HTTP status with a body that repeats what was sent, as careless servers do."""

    status: int
    headers: dict[str, str] = field(default_factory=dict)
    code: str = "server_error"


@dataclass(frozen=True)
class Hangs:
    """Nothing comes for so many seconds, after `text`."""

    seconds: float
    text: str = ""


@dataclass(frozen=True)
class Cut:
    """The connection breaks after this text of a stream."""

    text: str


@dataclass(frozen=True)
class Raw:
    """These bytes as the whole body."""

    body: bytes
    media_type: str = "application/json"
    headers: dict[str, str] = field(default_factory=dict)


Reply: TypeAlias = Said | Refused | Hangs | Cut | Raw
Script: TypeAlias = Callable[[Seen], Reply]


def note(*statements: tuple[str, str, Sequence[int]], **fields: object) -> str:
    """A typed answer: (section, text, numbers of lines) each, and the site's fields."""
    rows = [{"section": s, "text": t, "evidence": list(e)} for s, t, e in statements]
    return json.dumps({"statements": rows} | ({"fields": fields} if fields else {}))


def quoting(seen: Seen) -> Reply:
    """The words of the first line as the reason of the call."""
    number, _, words = seen.lines[0]
    return Said(note(("reason", words, [number])))


def in_turn(*replies: Reply) -> Script:
    """One reply after the other; the last one for ever."""
    left = list(replies)
    return lambda _: left.pop(0) if len(left) > 1 else left[0]


class LanguageServer:
    """See the module. A context manager; `seen` are all requests, `gone` counts clients that left early."""

    def __init__(self, script: Script = quoting, latency_s: float = 0.0) -> None:
        self.script = script
        self.seen: list[Seen] = []
        self.gone = 0
        self.at_once = 0
        self.most_at_once = 0
        self._latency_s = latency_s
        app = FastAPI()
        app.post("/v1/chat/completions")(self._complete)
        self._server = uvicorn.Server(
            uvicorn.Config(
                app, log_config=None, log_level="critical", lifespan="off", timeout_graceful_shutdown=1
            )
        )
        self._socket = socket.socket()
        self._socket.bind(("127.0.0.1", 0))
        self._thread = threading.Thread(target=self._server.run, args=([self._socket],), daemon=True)

    @property
    def url(self) -> str:
        """Where the protocol begins."""
        return f"http://127.0.0.1:{self._socket.getsockname()[1]}/v1"

    def __enter__(self) -> Self:
        self._socket.listen(128)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.should_exit = True
        self._thread.join(10)
        self._socket.close()

    async def _complete(self, request: Request) -> Response:
        seen = Seen(dict(request.headers), await request.json())
        self.seen.append(seen)
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        try:
            await asyncio.sleep(self._latency_s)
            return await self._answer(request, seen, self.script(seen))
        finally:
            self.at_once -= 1

    async def _answer(self, request: Request, seen: Seen, reply: Reply) -> Response:
        if isinstance(reply, Raw):
            return Response(reply.body, media_type=reply.media_type, headers=reply.headers)
        if isinstance(reply, Refused):
            told = {
                "message": f"you sent {seen.headers} and {seen.body}",
                "code": reply.code,
                "type": reply.code,
            }
            return JSONResponse({"error": told}, reply.status, reply.headers)
        if seen.body.get("stream"):
            return StreamingResponse(self._events(request, reply), media_type="text/event-stream")
        if isinstance(reply, Hangs):
            await self._hang(request, reply.seconds)
        text = "" if isinstance(reply, Hangs) else reply.text
        message = {"role": "assistant", "content": text}
        choices = [{"index": 0, "message": message, "finish_reason": "stop"}]
        return JSONResponse(_envelope("chat.completion") | {"choices": choices, "usage": _usage(text)})

    async def _events(self, request: Request, reply: Said | Hangs | Cut) -> AsyncIterator[str]:
        size = reply.pieces if isinstance(reply, Said) else PIECE
        for start in range(0, len(reply.text), size):
            yield _event({"content": reply.text[start : start + size], "role": "assistant"})
        if isinstance(reply, Hangs):
            await self._hang(request, reply.seconds)
        if isinstance(reply, Cut):
            raise ConnectionResetError("the script cuts the connection")
        yield _event({}, "stop")
        if not isinstance(reply, Said) or reply.counted:
            counted = _envelope("chat.completion.chunk") | {"choices": [], "usage": _usage(reply.text)}
            yield f"data: {json.dumps(counted)}\n\n"
        yield "data: [DONE]\n\n"

    async def _hang(self, request: Request, seconds: float) -> None:
        for _ in range(int(seconds / 0.02)):
            try:
                await asyncio.sleep(0.02)
                gone = await request.is_disconnected()
            except asyncio.CancelledError:
                self.gone += 1
                raise
            self.gone += gone
            if gone or self._server.should_exit:
                return


def _envelope(kind: str) -> dict[str, Any]:
    return {"id": "chatcmpl-1", "object": kind, "created": 1, "model": "tiny"}


def _event(delta: dict[str, str], finish: str | None = None) -> str:
    choices = [{"index": 0, "delta": delta, "finish_reason": finish}]
    return f"data: {json.dumps(_envelope('chat.completion.chunk') | {'choices': choices})}\n\n"


def _usage(text: str) -> dict[str, int]:
    return {"prompt_tokens": 100, "completion_tokens": len(text) // 4, "total_tokens": 100 + len(text) // 4}
