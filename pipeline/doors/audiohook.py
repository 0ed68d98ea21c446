"""Genesys AudioHook, version 2: the client opens a stream, sends audio and closes; transcripts go back.

    open, ping, update, discarded, paused, resumed, close     as JSON from the client, numbered one by one
    opened, pong, updated, event, closed, disconnect          as JSON from here, numbered as well
    audio as binary messages of interleaved samples           PCMU or 16 bits, little endian

Only the client closes: `disconnect` asks it to. The clock of a stream counts the samples that came and those
that the client says it threw away.
"""

from __future__ import annotations

import json
import re
from typing import Any

import numpy as np

from models.errors import ConfigError
from models.types import RATE_HZ, Role, Samples
from pipeline.core.events import Event, Flushed, Partial, UtteranceFinal
from pipeline.doors import g711
from pipeline.doors.audiohook_messages import (
    VERSION,
    Envelope,
    Medium,
    Open,
    Skipped,
    Teller,
    choose,
    line,
    read_envelope,
    samples_of,
)
from pipeline.doors.messages import (
    Answer,
    Away,
    Back,
    Chunk,
    Denial,
    DoorOutput,
    Ended,
    Flush,
    Opened,
    Presented,
    Reply,
    Started,
    Upgrade,
    Welcome,
)
from pipeline.doors.metadata import DoorSettings, FieldName, call_info, name_at
from pipeline.doors.own import CALL_ID, NOT_AN_ID
from pipeline.doors.signatures import Signatures, client_secret

ORGANIZATION = "audiohook-organization-id"
SESSION = "audiohook-session-id"
API_KEY = "x-api-key"

AGENT = "internal"
"""The channel of the associate, where a site does not say otherwise."""

SIDES = ("external", "internal")

FIELDS: dict[FieldName, str] = {"language": "language"}
"""Where the parameters of `open` have what is known of a call; the rest is a site's own `customConfig`."""

COMPLETED = ("hangup", "truncated", "idle", "too_long")
"""End codes of calls that were heard as far as they went."""

CLOSED_WITHIN_S = 8.0
"""The client waits for `closed` for ten seconds."""

LONGEST_INFO = 500

UUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


class AudioHookGate:
    """See `Gate`. The header X-API-KEY has the key; with a client secret the request is signed as well."""

    path = "/v1/audiohook"
    waits = True

    def __init__(self, settings: DoorSettings, languages: tuple[str, ...] = ()) -> None:
        """`settings.secret`: the base64 text of the client secret. `languages`: what a client that asks is
        told that can be transcribed, as tags with a region ("en-US"); nothing where it is not known. Raises
        `ConfigError`.
        """
        for one in (settings, *settings.sites.values()):
            if one.agent not in (None, *SIDES):
                raise ConfigError("doors.audiohook.agent: expected external or internal")
        self._settings = settings
        self._languages = languages
        secret = settings.secret
        self._signatures = None if secret is None else Signatures(client_secret(secret))

    def present(self, upgrade: Upgrade) -> Presented | Denial:
        """See `Gate`. A signature says that the key may be believed; it is no key."""
        flaw = None if self._signatures is None else self._signatures.flaw(upgrade)
        if flaw is not None:
            return self.deny(401, flaw)
        return Presented(key=upgrade.headers.get(API_KEY))

    def open(self, upgrade: Upgrade) -> Opened | Denial:
        """See `Gate`."""
        organization, session = (upgrade.headers.get(name, "").strip() for name in (ORGANIZATION, SESSION))
        if UUID.fullmatch(organization) is None or UUID.fullmatch(session) is None:
            return self.deny(400, f"the headers {ORGANIZATION} and {SESSION} must be UUIDs")
        door = AudioHookDoor(organization, session, self._settings, self._languages, upgrade.site)
        return Opened(door)

    def deny(self, status: int, reason: str) -> Denial:
        """See `Gate`."""
        return Denial(status, {"detail": reason})


class AudioHookDoor:
    """One connection: a stream of one conversation, or a probe. See `Door`."""

    listens = True

    def __init__(
        self,
        organization: str,
        session: str,
        settings: DoorSettings,
        languages: tuple[str, ...] = (),
        site: str | None = None,
    ) -> None:
        """`site`: that of the client's key; without one the `open` may name it."""
        self._site = site
        self._organization = organization
        self._session = session
        self._settings = settings
        self._languages = languages
        self._told_languages = False
        self._server_seq = 0
        self._client_seq = 0
        self._opened = False
        self._medium: Medium | None = None
        self._teller: Teller | None = None
        self._welcomed = False
        self._in_call = False
        self._paused = False
        self._asked_to_close = False
        self._hung_up = False
        self._over = False
        self._clock = 0
        self._given = 0
        self._rest = b""

    def receive(self, message: str | bytes) -> list[DoorOutput]:
        """See `Door`. Once the client closes, or is to close, it is only answered that, and its pings."""
        if self._over:
            return []
        if isinstance(message, bytes):
            return self._hear(message)
        try:
            envelope = read_envelope(message)
            if envelope.id.lower() != self._session.lower():
                raise ValueError("id: expected that of the session")
            # What a client that is to close has counted does not matter any more.
            if envelope.seq != self._client_seq + 1 and not self._asked_to_close:
                raise ValueError("seq: expected one more than before")
            self._client_seq = envelope.seq
            return self._act(envelope)
        except ValueError as error:
            return [*self._disconnect("error", line(error))]

    def welcome(self, welcome: Welcome) -> list[Answer]:
        """See `Door`."""
        if self._medium is None or self._teller is None:
            return []
        start = min(welcome.from_samples)
        self._teller = Teller(self._teller.call_id, self._teller.carries, start)
        # The client never sends anything again: its first sample is the first that is wanted.
        self._clock += -(-start * self._medium.rate_hz // RATE_HZ)
        self._welcomed = True
        return [self._say_opened(self._medium)]

    def event(self, event: Event) -> list[Answer]:
        """See `Door`. Finals and partials are told."""
        if isinstance(event, Flushed) and self._hung_up and event.until_samples >= self._heard_samples():
            # Speakers and note are still to come, and nothing of them is for the client.
            return self._part()
        told = self._teller if self._welcomed and not self._over else None
        if told is None or not isinstance(event, UtteranceFinal | Partial):
            return []
        parameters = told.parameters(event)
        return [] if parameters is None else [self._say("event", parameters)]

    def _heard_samples(self) -> int:
        """What the call has heard of this stream at least: rates and places are rounded on the way."""
        return 0 if self._medium is None else self._given * RATE_HZ // self._medium.rate_hz - 2

    def refuse(self, code: int, reason: str) -> list[Answer]:
        """See `Door`."""
        self._in_call = False
        if self._hung_up:
            return self._part()
        if self._opened and self._medium is None:
            return self._disconnect("completed", "there is nothing to be heard")
        return self._disconnect("error", reason)

    def closed(self, end_code: str) -> list[Answer]:
        """See `Door`."""
        self._in_call = False
        if self._hung_up:
            return self._part()
        reason = "completed" if end_code in COMPLETED else "error"
        return self._disconnect(reason, f"the call is over: {end_code}")

    def _act(self, envelope: Envelope) -> list[DoorOutput]:
        """What follows from a message. Raises `ValueError`."""
        match envelope.type:
            case "ping":
                return [self._say("pong", {})]
            case "close":
                return self._close()
            case _ if self._hung_up or self._asked_to_close:
                return []
            case "open":
                return self._open(envelope.parameters)
            case "update":
                # What comes is another stretch, perhaps in another language.
                return [self._say("updated", {}), *self._flush()]
        return [] if self._medium is None else self._miss(envelope, self._medium)

    def _flush(self) -> list[DoorOutput]:
        return [Flush()] if self._in_call else []

    def _miss(self, envelope: Envelope, medium: Medium) -> list[DoorOutput]:
        """The client does not send all; what it threw away the clock goes on over. Raises `ValueError`."""
        was_paused = self._paused
        if envelope.type == "paused":
            self._paused = True
            # What was said before is not to wait for the end of the pause, nor to go on behind it.
            return [] if was_paused else [Flush(), Away("pause")]
        if envelope.type in ("discarded", "resumed"):
            skipped = Skipped.model_validate(envelope.parameters)
            self._clock += samples_of(skipped.discarded, medium.rate_hz)
            self._paused = was_paused and envelope.type != "resumed"
        return [Back()] if was_paused and not self._paused else []

    def _open(self, parameters: dict[str, Any]) -> list[DoorOutput]:
        if self._opened:
            raise ValueError("open: came before")
        opening = Open.model_validate(parameters)
        if opening.organization.lower() != self._organization.lower():
            return [
                *self._disconnect("unauthorized", "organizationId: expected that of the request's header")
            ]
        self._told_languages = opening.asks_languages is True
        medium = choose(opening.media)
        if opening.is_probe or medium is None:
            self._opened = True
            return [self._say_opened(medium)]
        if CALL_ID.fullmatch(opening.conversation) is None:
            raise ValueError(f"conversationId: {NOT_AN_ID}")
        self._opened = self._in_call = True
        self._medium = medium
        carries = tuple(range(len(medium.channels)))
        self._teller = Teller(opening.conversation, carries)
        named = {**FIELDS, **self._settings.fields}.get("site")
        site = self._site or (named and name_at(parameters, named))
        settings = self._settings.at(site)
        roles = _roles(medium, settings.agent or AGENT)
        info = call_info(opening.conversation, roles, parameters, {**FIELDS, **settings.fields})
        # A session before this one may have been cut off in a pause: a client that opens is in none.
        return [Started(info, carries, medium.rate_hz, placed=True, stands_still=True), Back()]

    def _close(self) -> list[DoorOutput]:
        if self._in_call:
            first, self._hung_up = not self._hung_up, True
            return [Ended(flush=True, within_s=CLOSED_WITHIN_S)] if first else []
        return [*self._part()]

    def _hear(self, data: bytes) -> list[DoorOutput]:
        medium = self._medium
        if medium is None or not self._in_call or self._hung_up or self._asked_to_close:
            return []
        data = self._rest + data
        whole = len(data) // medium.frame_bytes * medium.frame_bytes
        data, self._rest = data[:whole], data[whole:]
        at, self._clock = self._clock, self._clock + whole // medium.frame_bytes
        if self._paused or not data:
            # It should not have come: payment data may be in it.
            return []
        self._given = self._clock
        samples = _decoded(data, medium).reshape(-1, len(medium.channels)).T
        return [Chunk(tuple(range(len(medium.channels))), np.ascontiguousarray(samples), at)]

    def _disconnect(self, reason: str, info: str) -> list[Answer]:
        """Ask the client to close, once."""
        if self._asked_to_close or self._hung_up or self._over:
            return []
        self._asked_to_close = True
        return [self._say("disconnect", {"reason": reason, "info": info[:LONGEST_INFO]})]

    def _part(self) -> list[Answer]:
        """The last message; the client closes the socket."""
        if self._over:
            return []
        self._over = True
        return [self._say("closed", {})]

    def _say_opened(self, medium: Medium | None) -> Reply:
        parameters: dict[str, Any] = {"media": [] if medium is None else [medium.offered]}
        if self._told_languages and self._languages:
            parameters["supportedLanguages"] = list(self._languages)
        return self._say("opened", parameters)

    def _say(self, kind: str, parameters: dict[str, Any]) -> Reply:
        self._server_seq += 1
        message = {
            "version": VERSION,
            "id": self._session,
            "type": kind,
            "seq": self._server_seq,
            "clientseq": self._client_seq,
            "parameters": parameters,
        }
        return Reply(json.dumps(message))


def _roles(medium: Medium, agent: str) -> tuple[Role, ...]:
    return tuple("agent" if side == agent else "customer" for side in medium.channels)


def _decoded(data: bytes, medium: Medium) -> Samples:
    if medium.format == "PCMU":
        return g711.decode(data, "mulaw")
    return np.frombuffer(data, "<i2").astype(np.float32) / 32_768.0
