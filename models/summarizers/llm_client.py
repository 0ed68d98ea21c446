"""How language models elsewhere are reached: one event loop on a thread, and connections that bound an
answer.

The loop is the process's own, of a daemon thread: notes of several calls wait side by side without a thread
each.
"""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import AsyncIterator, Callable, Coroutine
from concurrent.futures import CancelledError
from functools import lru_cache
from typing import Any, TypeVar

import httpx2

from models.errors import DecodingCancelled, EngineLateError
from models.ports import NoteLimits
from models.summarizers.deadline import Deadline

T = TypeVar("T")

LOOK_S = 0.05
"""How often whoever waits asks whether the answer is still wanted."""

CONNECT_S = 10.0

MOST_BYTES = 16_000_000
"""Of one response as it comes over the wire, where each word of an answer has its own envelope."""

CHATTY = (
    "openai",
    "anthropic",
    "google",
    "google_genai",
    "botocore",
    "boto3",
    "urllib3",
    "httpx2",
    "httpcore2",
)
"""Libraries whose logs at low levels hold requests: words of calls, headers, keys."""


class TooLongError(Exception):
    """A response is longer than any answer may be, or packed so that nobody can tell."""


@lru_cache(maxsize=1)
def _loop() -> asyncio.AbstractEventLoop:
    loop = asyncio.new_event_loop()
    threading.Thread(target=loop.run_forever, name="models-elsewhere", daemon=True).start()
    return loop


def wait_for(ask: Callable[[], Coroutine[Any, Any, T]], limits: NoteLimits, deadline: Deadline) -> T:
    """What `ask` gives, run on the loop; it is cancelled when nobody wants it any more, or its time is over.

    Raises `DecodingCancelled`, `EngineLateError`, and what `ask` raises.
    """
    answer = asyncio.run_coroutine_threadsafe(ask(), _loop())
    try:
        while True:
            try:
                return answer.result(LOOK_S)
            except TimeoutError:
                if answer.done():
                    raise
            if not limits.go_on():
                raise DecodingCancelled("the note is no longer wanted")
            if deadline.passed():
                raise EngineLateError("the language model took longer than it had")
    except CancelledError as error:
        raise DecodingCancelled("the note is no longer wanted") from error
    finally:
        answer.cancel()


def client(local: bool, most_bytes: int = MOST_BYTES) -> httpx2.AsyncClient:
    """Connections to one service. Proxies of the environment count, but not for this machine; nothing is
    redirected, no connection outlives its request, and no response is longer than `most_bytes`."""

    async def bound(response: httpx2.Response) -> None:
        if response.headers.get("content-encoding", "identity") != "identity":
            raise TooLongError
        assert isinstance(response.stream, httpx2.AsyncByteStream)
        response.stream = _Bounded(response.stream, most_bytes)

    return httpx2.AsyncClient(
        trust_env=not local,
        follow_redirects=False,
        limits=httpx2.Limits(max_keepalive_connections=0),
        headers={"accept-encoding": "identity"},
        timeout=httpx2.Timeout(None, connect=CONNECT_S),
        event_hooks={"response": [bound]},
    )


def hush() -> None:
    """Keep the libraries' logs out: at low levels they hold what a call said, and headers."""
    for name in CHATTY:
        # Loggers below it that are made later have its level.
        logging.getLogger(name).setLevel(logging.CRITICAL + 1)
    for name in list(logging.root.manager.loggerDict):
        if name.partition(".")[0] in CHATTY:
            logging.getLogger(name).disabled = True


class _Bounded(httpx2.AsyncByteStream):
    def __init__(self, inner: httpx2.AsyncByteStream, most_bytes: int) -> None:
        self._inner = inner
        self._left = most_bytes

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for part in self._inner:
            self._left -= len(part)
            if self._left < 0:
                raise TooLongError
            yield part

    async def aclose(self) -> None:
        await self._inner.aclose()
