"""JSON that is posted: how long it may be, and what is said of one that is not as it should be."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import HTTPException, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from fastapi.routing import APIRoute
from starlette.types import Message, Receive

LONGEST_BODY = 16_000_000


class BoundedRoute(APIRoute):
    """A route that answers 413 to a body of more than `LONGEST_BODY` bytes, without holding it."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The handler, which reads so much at most."""
        handle = super().get_route_handler()

        async def bounded(request: Request) -> Response:
            return await handle(Request(request.scope, _bounded(request.receive)))

        return bounded


def one_line(_: Request, error: Exception) -> Response:
    """422 with the first fault, in one line and without the value."""
    assert isinstance(error, RequestValidationError)
    first = error.errors()[0]
    where = ".".join(str(part) for part in first["loc"] if part != "body")
    said = " ".join(str(first["msg"]).removeprefix("Value error, ").split())
    return JSONResponse({"detail": f"{where}: {said}" if where else said}, 422)


def _bounded(receive: Receive) -> Receive:
    left = LONGEST_BODY

    async def counted() -> Message:
        nonlocal left
        message = await receive()
        left -= len(message.get("body", b""))
        if left < 0:
            raise HTTPException(413, f"expected up to {LONGEST_BODY} bytes")
        return message

    return counted
