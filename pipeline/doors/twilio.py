"""Twilio Media Streams, and the vendors that speak alike: Telnyx, Plivo, SignalWire, Talkdesk, Exotel.

The vendor is the client: it sends JSON with a start, base64 audio of one or two tracks, and a stop, and waits
for nothing. "inbound" is what the party on the streamed leg says, "outbound" what it hears; which of them is
the associate is a setting. See `media_streams` for the messages, `media_clock` for their order.
"""

from __future__ import annotations

import base64
import hmac
from collections.abc import Mapping
from urllib.parse import unquote

from models.errors import ConfigError
from models.types import RATE_HZ, Role
from pipeline.core.events import Event
from pipeline.doors.media_clock import Placed, Stamp, TrackClock
from pipeline.doors.media_streams import (
    BOTH,
    POLICY,
    UNSUPPORTED,
    Media,
    Start,
    Track,
    Unreadable,
    decode,
    read,
    track_named,
)
from pipeline.doors.messages import (
    Answer,
    Chunk,
    Closing,
    Denial,
    DoorOutput,
    Ended,
    Opened,
    Presented,
    Started,
    Upgrade,
    Welcome,
)
from pipeline.doors.metadata import FIELD_NAMES, DoorSettings, FieldName, call_info, name_at

SIGNED = "/v1/twilio"
KEYED = "/v1/twilio/{key}"
"""For vendors that have no place for a secret but the address."""

NORMAL = 1000
UNAUTHORIZED = 401

SIGNATURE = "x-twilio-signature"
SIGNATURE_SETTINGS = "x-twilio-webhooks-signature-settings"
ALGORITHMS = {"HMAC_SHA1": "sha1", "HMAC_SHA256": "sha256"}

ROLES: tuple[Role, ...] = ("agent", "customer")
AGENT: Track = "outbound"

PLAIN = DoorSettings()


class TwilioGate:
    """See `Gate`. One object for each of the two addresses.

    If the account's auth token is known, the signature over the address is what lets a client in at `SIGNED`;
    else a key does: in the address, as a bearer token, or as the password of Basic authentication.
    """

    waits = True
    """Which call a stream is of is in its start: one of a call in progress is never turned away."""

    def __init__(self, settings: DoorSettings = PLAIN, path: str = SIGNED) -> None:
        """Raises `ConfigError` for a track that there is none of."""
        self.path = path
        self._settings = settings
        for one in (settings, *settings.sites.values()):
            if one.agent is not None and track_named(one.agent) is None:
                raise ConfigError("doors.twilio: agent: expected inbound or outbound")

    def present(self, upgrade: Upgrade) -> Presented | Denial:
        """See `Gate`."""
        if self.path == KEYED:
            key = unquote(upgrade.url.partition("?")[0].rpartition("/")[2])
            # Who has a secret wants nobody in who has neither.
            return Presented(key=key, needs_key=self._settings.secret is not None)
        if self._settings.secret is None:
            return Presented(key=_key(upgrade))
        if not is_signed(upgrade, self._settings.secret):
            return self.deny(403, "the signature is not the one of this address")
        return Presented(signed=True)

    def open(self, upgrade: Upgrade) -> Opened:
        """See `Gate`."""
        return Opened(TwilioDoor(self._settings, upgrade.site))

    def deny(self, status: int, reason: str) -> Denial:
        """See `Gate`."""
        if status != UNAUTHORIZED:
            return Denial(status, {"detail": reason})
        detail = f"this needs an API key that may send: {KEYED}, a bearer token or a Basic password"
        return Denial(status, {"detail": detail}, {"WWW-Authenticate": 'Basic realm="calls", Bearer'})


class TwilioDoor:
    """One connection. See `Door`."""

    listens = False
    """The vendors want to hear nothing of a call."""

    def __init__(self, settings: DoorSettings = PLAIN, site: str | None = None) -> None:
        """`site`: that of the client's key; without one the start may name it."""
        self._settings = settings
        self._site = site
        self._start: Start | None = None
        self._channels: Mapping[Track, int] = {}
        self._clocks: Mapping[Track, TrackClock] = {}
        self._epoch_ms: int | None = None
        self._over = False

    def event(self, _: Event) -> list[Answer]:
        """See `Door`."""
        return []

    def receive(self, message: str | bytes) -> list[DoorOutput]:
        """See `Door`. After an error or the stop nothing is read any more."""
        if self._over:
            return []
        try:
            return self._take(message)
        except Unreadable as unreadable:
            return [*self.refuse(unreadable.code, unreadable.reason)]

    def welcome(self, welcome: Welcome) -> list[Answer]:
        """See `Door`. Timestamps count from the start of the stream, which is here on the call's clock.

        The vendor waits for no answer: the audio that came meanwhile is received after this.
        """
        if self._start is not None:
            at = -(-min(welcome.from_samples) * self._start.rate_hz // RATE_HZ)
            for clock in self._clocks.values():
                clock.begin(at)
        return []

    def refuse(self, code: int, reason: str) -> list[Answer]:
        """See `Door`. The protocol has no words for it: the vendor shows close codes in its debugger."""
        self._over = True
        return [Closing(code, reason)]

    def closed(self, end_code: str) -> list[Answer]:
        """See `Door`."""
        self._over = True
        return [Closing(NORMAL, end_code)]

    def _take(self, message: str | bytes) -> list[DoorOutput]:
        if message == b"":
            return []
        if isinstance(message, bytes):
            raise Unreadable(UNSUPPORTED, "a binary message: expected JSON text")
        match read(message):
            case None:
                return []
            case Start() as start:
                return [self._begin(start)]
            case Media() as media:
                return [*self._hear(media)]
        return self._stop()

    def _begin(self, start: Start) -> Started:
        if self._start is not None:
            raise Unreadable(POLICY, "start: the stream has begun already")
        self._start = start
        fields = _fields(start, self._settings)
        site = self._site or name_at(start.message, fields["site"])
        settings = self._settings.at(site)
        agent = track_named(settings.agent or AGENT)
        self._channels = {track: ROLES.index("agent" if track == agent else "customer") for track in BOTH}
        self._clocks = {track: TrackClock(start.rate_hz, start.vendor.ordered) for track in start.tracks}
        info = call_info(start.call_id, ROLES, start.message, _fields(start, settings))
        carries = sorted(self._channels[track] for track in start.tracks)
        # Its chunks have places, but no vendor sends audio again: the stream is not one that is `placed`, or
        # a restored call would take what is said now for what it had not kept.
        return Started(
            info,
            tuple(carries),
            start.rate_hz,
            may_return=True,
            ends_with_socket=start.vendor.ends_with_socket,
        )

    def _hear(self, media: Media) -> list[Chunk]:
        if self._start is None:
            raise Unreadable(POLICY, "media before the start")
        track = media.track
        if track is None and len(self._clocks) == 1:
            (track,) = self._clocks
        if track is None:
            raise Unreadable(POLICY, "media.track: expected inbound or outbound")
        if track not in self._clocks:
            raise Unreadable(POLICY, "media.track: expected one that the start declares")
        samples = decode(media.payload, self._start.encoding)
        if not len(samples):
            return []
        return self._chunks(track, self._clocks[track].hear(self._since_start(media.stamp), samples))

    def _since_start(self, stamp: Stamp) -> Stamp:
        """Times of Unix begin with the first that comes, on whatever track."""
        if self._start is None or not self._start.vendor.epoch or stamp.ms is None:
            return stamp
        if self._epoch_ms is None:
            self._epoch_ms = stamp.ms
        return Stamp(stamp.sequence, stamp.chunk, max(0, stamp.ms - self._epoch_ms))

    def _stop(self) -> list[DoorOutput]:
        if self._start is None:
            raise Unreadable(POLICY, "stop before the start")
        self._over = True
        chunks = [
            chunk for track, clock in self._clocks.items() for chunk in self._chunks(track, clock.flush())
        ]
        return [*chunks, Ended()]

    def _chunks(self, track: Track, placed: list[Placed]) -> list[Chunk]:
        channels = (self._channels[track],)
        return [Chunk(channels, one.samples.reshape(1, -1), one.at) for one in placed]


def is_signed(upgrade: Upgrade, token: bytes) -> bool:
    """Whether the vendor signed this address with the account's token.

    base64(HMAC(token, address)), with SHA-1, or the algorithm that the settings header names. The vendor may
    have left out the port or put in the usual one, and knows no scheme but wss.
    """
    digest = ALGORITHMS.get(_algorithm(upgrade.headers.get(SIGNATURE_SETTINGS, "")))
    given = upgrade.headers.get(SIGNATURE)
    if digest is None or given is None:
        return False
    signature = given.encode("utf-8", "backslashreplace")
    expected = [sign(url, token, digest) for url in _candidates(upgrade.url)]
    return any(hmac.compare_digest(one, signature) for one in expected)


def sign(url: str, token: bytes, digest: str = "sha1") -> bytes:
    """The signature of an address."""
    return base64.b64encode(hmac.digest(token, url.encode("utf-8", "backslashreplace"), digest))


def _algorithm(settings: str) -> str:
    """Of "key=...,algorithm=HMAC_SHA256"; SHA-1 where none is named."""
    for part in settings.split(","):
        name, _, value = part.partition("=")
        if name.strip() == "algorithm" and value.strip():
            return value.strip().upper()
    return "HMAC_SHA1"


def _candidates(url: str) -> list[str]:
    scheme, _, rest = url.partition("://")
    authority, slash, target = rest.partition("/")
    host, colon, port = authority.rpartition(":")
    bare = host if colon and port.isdigit() else authority
    authorities = (authority, bare, f"{bare}:443")
    return [f"{one}://{where}{slash}{target}" for one in {scheme, "wss"} for where in authorities]


def _key(upgrade: Upgrade) -> str | None:
    scheme, token = upgrade.authorization
    if scheme == "bearer":
        return token
    if scheme != "basic":
        return None
    try:
        pair = base64.b64decode(token, validate=True).decode()
    except ValueError:
        return None
    _, colon, password = pair.partition(":")
    return password if colon else None


def _fields(start: Start, settings: DoorSettings) -> Mapping[FieldName, str]:
    """Where the start has what is known of the call, as the site says or by the same names as here."""
    usual = {name: f"{start.vendor.parameters}.{name}" for name in FIELD_NAMES}
    return {**usual, **settings.fields}
