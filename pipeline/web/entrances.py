"""Where clients of each protocol come in: from their opening request to a connection, or an HTTP answer."""

from __future__ import annotations

import time
from datetime import UTC, datetime

from fastapi import HTTPException, Response, WebSocket
from fastapi.responses import JSONResponse

from pipeline.doors.messages import Denial, Gate, Upgrade
from pipeline.web.callers import HOST, check_caller
from pipeline.web.keys import ApiKey, KeyRing
from pipeline.web.sockets import Connection, SocketShell

SIGNED = ApiKey(name="signature", sha256="0" * 64, scopes=("send",), made_at=datetime(1970, 1, 1, tzinfo=UTC))
"""Who comes with a signature that is right."""


class Entrance:
    """The route of one gate."""

    def __init__(self, gate: Gate, shell: SocketShell, keys: KeyRing, public_url: str | None) -> None:
        """`public_url`: how clients reach this server, where that is not what their requests say."""
        self._gate = gate
        self._shell = shell
        self._keys = keys
        self._public_url = public_url

    async def let_in(self, socket: WebSocket) -> None:
        """Serve a client from its opening request to its end."""
        if self._public_url is None and HOST.fullmatch(socket.headers.get("host", "")) is None:
            await _deny(socket, self._gate.deny(400, "the header Host names no host"))
            return
        upgrade = self._upgrade(socket)
        key = self._key(socket, upgrade)
        if isinstance(key, Denial):
            await _deny(socket, key)
            return
        site = key.sites[0] if len(key.sites) == 1 else None
        opened = self._gate.open(self._upgrade(socket, site))
        if isinstance(opened, Denial):
            self._shell.switchboard.count_refusal("policy")
            await _deny(socket, opened)
            return
        if not self._gate.waits and await self._is_full(socket, opened.call_id):
            return
        headers = [(name.encode(), value.encode()) for name, value in opened.headers.items()]
        await socket.accept(opened.subprotocol, headers)
        await Connection(socket, opened.door, self._shell, key).serve(opened.greeting)

    def _upgrade(self, socket: WebSocket, site: str | None = None) -> Upgrade:
        # As it came: what was decoded on the way is no more what the client signed.
        path, query = (
            socket.scope["raw_path"].decode("latin-1"),
            socket.scope["query_string"].decode("latin-1"),
        )
        target = f"{path}?{query}" if query else path
        origin = self._public_url or f"{socket.url.scheme}://{socket.headers.get('host', '')}"
        return Upgrade(origin + target, dict(socket.headers), time.time(), site)

    def _key(self, socket: WebSocket, upgrade: Upgrade) -> ApiKey | Denial:
        """Whose calls the client may send."""
        presented = self._gate.present(upgrade)
        if isinstance(presented, Denial):
            return presented
        if presented.signed:
            return SIGNED
        if not len(self._keys):
            # Without keys whoever gets through to this machine may do everything, and pages must not.
            try:
                check_caller(socket, self._keys)
            except HTTPException as error:
                return self._gate.deny(error.status_code, error.detail)
            if presented.needs_key:
                return self._gate.deny(401, "this needs an API key, or a signature at the other address")
        # A key is shown by the client itself, never by a browser unasked: it may be on any page.
        key = self._keys.find(presented.key, "send")
        return key or self._gate.deny(401, "this needs an API key that may send")

    async def _is_full(self, socket: WebSocket, call_id: str | None) -> bool:
        """Whether there is no room, which the client is then told; a call in progress has its own."""
        refusal = self._shell.switchboard.refusal(call_id)
        if refusal is None:
            return False
        self._shell.switchboard.count_refusal("load")
        denial = self._gate.deny(503, refusal.reason)
        await _deny(socket, denial, {"Retry-After": str(refusal.retry_s)})
        return True


async def _deny(socket: WebSocket, denial: Denial, headers: dict[str, str] | None = None) -> None:
    answer: Response = JSONResponse(dict(denial.body), denial.status, {**denial.headers, **(headers or {})})
    await socket.send_denial_response(answer)
