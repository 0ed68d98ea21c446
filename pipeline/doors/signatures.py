"""HTTP message signatures by a shared secret, as AudioHook's clients put them on their opening request.

The form is that of draft 11 of what became RFC 9421, with HMAC-SHA256. The signed text has one line for each
component that `Signature-Input` lists, `"name": value`, and a last line with what follows the label there.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from models.errors import ConfigError
from pipeline.doors.messages import Upgrade

REQUIRED = (
    "@request-target",
    "@authority",
    "audiohook-organization-id",
    "audiohook-session-id",
    "audiohook-correlation-id",
    "x-api-key",
)
"""Components that a signature must cover."""

ALGORITHM = "hmac-sha256"

EARLY_S = 3.0
"""A client's clock may be ahead of ours by this."""

OLD_S = 10.0
"""An older signature is no longer good."""

SHORTEST_NONCE = 22
LONGEST_NONCE = 200

MOST_NONCES = 65_536
"""Right signatures within the time that one is good for; what is beyond them is refused."""

_LABELLED = re.compile(r"(?P<label>[a-z*][a-z0-9_.*-]{0,63})=(?P<rest>.*)", re.DOTALL)
_INPUT = re.compile(r'\((?P<names>"[^"\\]*"(?: "[^"\\]*")*)\)(?P<terms>(?:; ?[^;]*)*)')
_TERM = re.compile(r'; ?(?P<name>[a-z*][a-z0-9_.*-]*)=(?:"(?P<text>[^"\\;]*)"|(?P<number>[0-9]{1,15}))')
_VALUE = re.compile(r":(?P<base64>[A-Za-z0-9+/=]{1,200}):")


def client_secret(text: bytes) -> bytes:
    """The key that the base64 text of a client secret, padded or not, stands for. Raises `ConfigError`."""
    try:
        key = base64.b64decode(text + b"=" * (-len(text) % 4), validate=True)
    except binascii.Error as error:
        raise ConfigError("the client secret is not base64") from error
    if not key:
        raise ConfigError("the client secret is empty")
    return key


@dataclass(frozen=True, slots=True)
class _Signature:
    """`covered`: what follows the label, exactly as it came."""

    components: tuple[str, ...]
    terms: Mapping[str, str]
    covered: str
    value: bytes


class Signatures:
    """Checks signatures by one secret, and takes none of them twice."""

    def __init__(self, key: bytes) -> None:
        self._key = key
        self._nonces: set[str] = set()
        self._known_until_s: deque[tuple[float, str]] = deque()

    def flaw(self, upgrade: Upgrade) -> str | None:
        """Why the signature of an opening request is not good; None where it is."""
        signature = _read(upgrade.headers)
        if signature is None:
            return "this needs the headers Signature-Input and Signature, with one signature"
        if not set(REQUIRED) <= set(signature.components):
            return f"a signature must cover {', '.join(REQUIRED)}"
        try:
            target = upgrade.target
        except ValueError:
            # A host that is none: what was signed cannot be known.
            return "the request has no readable address"
        text = base_string(signature.components, signature.covered, target, upgrade.headers)
        if text is None or not hmac.compare_digest(digest(self._key, text), signature.value):
            return "the signature is wrong"
        return self._term_flaw(signature.terms, upgrade)

    def _term_flaw(self, terms: Mapping[str, str], upgrade: Upgrade) -> str | None:
        """Why a signature that is right is not good here and now."""
        key = upgrade.headers.get("x-api-key", "")
        if not hmac.compare_digest(_bytes(terms.get("keyid", "")), _bytes(key)):
            return "keyid and X-API-KEY are not the same"
        if terms.get("alg", ALGORITHM) != ALGORITHM:
            return f"the algorithm must be {ALGORITHM}"
        created, expires = _time(terms, "created"), _time(terms, "expires")
        if created is None or created - upgrade.at_s > EARLY_S:
            return f"a signature must say when it was created, at most {EARLY_S:.0f} s ahead of this clock"
        if upgrade.at_s - created > OLD_S or (expires is not None and upgrade.at_s >= expires):
            return "the signature has expired"
        return self._nonce_flaw(terms.get("nonce", ""), upgrade.at_s)

    def _nonce_flaw(self, nonce: str, now_s: float) -> str | None:
        """Only signatures that are right come this far, so that nobody else can fill the memory."""
        if not SHORTEST_NONCE <= len(nonce) <= LONGEST_NONCE:
            return f"a nonce has {SHORTEST_NONCE} to {LONGEST_NONCE} characters"
        while self._known_until_s and self._known_until_s[0][0] < now_s:
            self._nonces.discard(self._known_until_s.popleft()[1])
        if nonce in self._nonces:
            return "the signature was used before"
        if len(self._nonces) >= MOST_NONCES:
            return "too many signatures at a time"
        # No signature is good for longer: one that was created as far ahead as may be is old by then.
        self._known_until_s.append((now_s + EARLY_S + OLD_S, nonce))
        self._nonces.add(nonce)
        return None


def signed(
    key: bytes, target: str, headers: Mapping[str, str], terms: Mapping[str, str | int]
) -> dict[str, str]:
    """The two headers by which a client signs its opening request; names of `headers` are lower case.

    `terms`: keyid, nonce, created and expires, as the client wants them.
    """
    names = " ".join(f'"{name}"' for name in REQUIRED)
    said = "".join(f";{name}={_written(value)}" for name, value in terms.items())
    covered = f"({names}){said}"
    text = base_string(REQUIRED, covered, target, headers)
    if text is None:
        raise ValueError("a header that is to be signed is missing")
    value = base64.b64encode(digest(key, text)).decode()
    return {"Signature-Input": f"sig1={covered}", "Signature": f"sig1=:{value}:"}


def base_string(
    components: tuple[str, ...], covered: str, target: str, headers: Mapping[str, str]
) -> str | None:
    """The text that is signed; None where a component is not there, or is none that is known."""
    lines = []
    for name in components:
        value = _component(name, target, headers)
        if value is None:
            return None
        lines.append(f'"{name}": {value}')
    return "\n".join([*lines, f'"@signature-params": {covered}'])


def digest(key: bytes, text: str) -> bytes:
    """HMAC-SHA256 of a text."""
    return hmac.digest(key, _bytes(text), hashlib.sha256)


def host_of(origin: str) -> str:
    """The Host header of a client of `origin` ("ws://host:port"): without the port that is usual."""
    parts = urlsplit(origin)
    usual = {"ws": 80, "wss": 443}.get(parts.scheme)
    return parts.netloc.removesuffix(f":{usual}")


def _component(name: str, target: str, headers: Mapping[str, str]) -> str | None:
    if name == "@request-target":
        return target
    value = headers.get("host" if name == "@authority" else name)
    return None if value is None else value.strip()


def _read(headers: Mapping[str, str]) -> _Signature | None:
    """The request's signature; None where there is none, or more than one."""
    said = _LABELLED.fullmatch(headers.get("signature-input", "").strip())
    made = _LABELLED.fullmatch(headers.get("signature", "").strip())
    if said is None or made is None or said["label"] != made["label"]:
        return None
    read, value = _INPUT.fullmatch(said["rest"]), _VALUE.fullmatch(made["rest"])
    if read is None or value is None:
        return None
    terms = _terms(read["terms"])
    components = tuple(read["names"][1:-1].split('" "'))
    try:
        raw = base64.b64decode(value["base64"], validate=True)
    except binascii.Error:
        return None
    if terms is None or len(set(components)) != len(components):
        return None
    return _Signature(components, terms, said["rest"], raw)


def _terms(text: str) -> dict[str, str] | None:
    """Parameters by name; None where they cannot be read, or one comes twice."""
    found: dict[str, str] = {}
    at = 0
    while at < len(text):
        term = _TERM.match(text, at)
        if term is None or term["name"] in found:
            return None
        found[term["name"]] = term["number"] or term["text"] or ""
        at = term.end()
    return found


def _time(terms: Mapping[str, str], name: str) -> int | None:
    value = terms.get(name, "")
    return int(value) if value.isascii() and value.isdigit() and len(value) <= 15 else None


def _written(value: str | int) -> str:
    return str(value) if isinstance(value, int) else f'"{value}"'


def _bytes(text: str) -> bytes:
    """What came on the wire; headers are read as Latin-1."""
    return text.encode("latin-1", "replace")
