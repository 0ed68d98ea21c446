"""AudioHook's gate: keys, signatures and the headers of the opening request."""

from __future__ import annotations

import base64
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.errors import ConfigError
from models.types import Role
from pipeline.doors import signatures
from pipeline.doors.audiohook import AudioHookDoor, AudioHookGate
from pipeline.doors.messages import Denial, Opened, Presented, Started, Upgrade
from pipeline.doors.metadata import DoorSettings
from pipeline.doors.signatures import Signatures, client_secret, host_of, signed
from tests.pipeline.doors.audiohook_client import CORRELATION, ORGANIZATION, SESSION, Client

SECRET = b"TXlTdXBlclNlY3JldEtleVRlbGxOby0xITJAMyM0JDU="
KEY = "SGVsbG8sIEkgYW0gdGhlIEFQSSBrZXkh"
CREATED = 1_641_013_200
TARGET = "/api/v1/voicebiometrics/ws"
COVERED = (
    '("@request-target" "@authority" "audiohook-organization-id" "audiohook-session-id" '
    '"audiohook-correlation-id" "x-api-key")'
)
PUBLISHED = Upgrade(
    f"wss://audiohook.example.com{TARGET}",
    {
        "host": "audiohook.example.com",
        "audiohook-organization-id": ORGANIZATION,
        "audiohook-session-id": SESSION,
        "audiohook-correlation-id": CORRELATION,
        "x-api-key": KEY,
        "signature": "sig1=:NZBwyBHRRyRoeLqy1IzOa9VYBuI8TgMFt2GRDkDuJh4=:",
        "signature-input": (
            f'sig1={COVERED};keyid="{KEY}";nonce="VGhpc0lzQVVuaXF1ZU5vbmNl";alg="hmac-sha256";'
            f"created={CREATED};expires=3282026430"
        ),
    },
    at_s=CREATED + 1.0,
)
"""The vector that Genesys published."""


def gate() -> AudioHookGate:
    return AudioHookGate(DoorSettings(secret=SECRET))


def with_headers(**headers: str) -> Upgrade:
    changed = {name.replace("_", "-"): value for name, value in headers.items()}
    return replace(PUBLISHED, headers={**PUBLISHED.headers, **changed})


def signing(at_s: float = CREATED, target: str = TARGET, **terms: str | int | None) -> Upgrade:
    """The published request, signed rightly with other terms; None leaves one out."""
    usual: dict[str, str | int | None] = {
        "keyid": KEY,
        "nonce": "VGhpc0lzQVVuaXF1ZU5vbmNl",
        "alg": "hmac-sha256",
        "created": CREATED,
        "expires": CREATED + 60,
    }
    given_ = {name: value for name, value in {**usual, **terms}.items() if value is not None}
    made = signed(client_secret(SECRET), target, PUBLISHED.headers, given_)
    headers = {**PUBLISHED.headers, **{name.lower(): value for name, value in made.items()}}
    return Upgrade(f"wss://audiohook.example.com{target}", headers, at_s)


def reason(denied: Presented | Denial) -> str:
    assert isinstance(denied, Denial)
    assert denied.status == 401
    return str(denied.body["detail"])


def test_the_published_signature_is_right_and_the_key_is_what_it_presents() -> None:
    assert gate().present(PUBLISHED) == Presented(key=KEY)


@pytest.mark.parametrize(
    "headers",
    [
        {"host": "audiohook.example.org"},
        {"audiohook_organization_id": SESSION},
        {"audiohook_session_id": ORGANIZATION},
        {"audiohook_correlation_id": SESSION},
        {"x_api_key": "SGVsbG8sIEkgYW0gdGhlIEFQSSBrZXki"},
        {"signature": "sig1=:NZBwyBHRRyRoeLqy1IzOa9VYBuI8TgMFt2GRDkDuKh4=:"},
        {"signature": "sig1=:AAAA:"},
        {"signature_input": PUBLISHED.headers["signature-input"].replace("3282026430", "3282026431")},
        {"signature_input": PUBLISHED.headers["signature-input"].replace(";alg", "; alg")},
    ],
)
def test_what_was_tampered_with_is_wrong(headers: dict[str, str]) -> None:
    assert reason(gate().present(with_headers(**headers))) == "the signature is wrong"


@pytest.mark.parametrize(
    "target", ["/api/v1/voicebiometrics/w", f"{TARGET}?a=1", "/api/v1%2Fvoicebiometrics/ws"]
)
def test_another_target_is_wrong(target: str) -> None:
    moved = replace(PUBLISHED, url=f"wss://audiohook.example.com{target}")
    assert reason(gate().present(moved)) == "the signature is wrong"


def test_another_secret_is_wrong() -> None:
    other = AudioHookGate(DoorSettings(secret=base64.b64encode(b"another secret")))
    assert reason(other.present(PUBLISHED)) == "the signature is wrong"


def test_the_query_is_part_of_what_is_signed() -> None:
    target = "/v1/audiohook?tenant=a%20b&x="
    assert gate().present(signing(target=target)) == Presented(key=KEY)


def test_white_space_around_a_header_is_no_part_of_what_is_signed() -> None:
    assert gate().present(with_headers(audiohook_session_id=f" {SESSION}\t")) == Presented(key=KEY)


@pytest.mark.parametrize("at_s", [CREATED - 3.0, CREATED, CREATED + 10.0])
def test_clocks_may_differ_a_little(at_s: float) -> None:
    assert gate().present(signing(at_s)) == Presented(key=KEY)


@pytest.mark.parametrize(
    ("upgrade", "why"),
    [
        (signing(CREATED - 3.1), "a signature must say when it was created"),
        (signing(created=None), "a signature must say when it was created"),
        (signing(created="1641013200x"), "a signature must say when it was created"),
        (signing(CREATED + 10.1), "the signature has expired"),
        (signing(CREATED + 5, expires=CREATED + 5), "the signature has expired"),
        (signing(keyid="another-key"), "keyid and X-API-KEY are not the same"),
        (signing(keyid=None), "keyid and X-API-KEY are not the same"),
        (signing(nonce="a" * 21), "a nonce has 22 to 200 characters"),
        (signing(nonce=None), "a nonce has 22 to 200 characters"),
        (signing(nonce="a" * 201), "a nonce has 22 to 200 characters"),
        (signing(alg="hmac-sha512"), "the algorithm must be hmac-sha256"),
    ],
)
def test_a_right_signature_may_not_be_good(upgrade: Upgrade, why: str) -> None:
    assert reason(gate().present(upgrade)).startswith(why)


def test_expires_may_be_left_out() -> None:
    assert gate().present(signing(expires=None)) == Presented(key=KEY)


@pytest.mark.parametrize("left_out", range(6))
def test_all_components_must_be_signed(left_out: int) -> None:
    names = COVERED[1:-1].split(" ")
    fewer = "(" + " ".join(name for at, name in enumerate(names) if at != left_out) + ")"
    headers = {"signature_input": PUBLISHED.headers["signature-input"].replace(COVERED, fewer)}
    assert reason(gate().present(with_headers(**headers))).startswith(
        "a signature must cover @request-target,"
    )


def test_more_may_be_signed_in_any_order() -> None:
    names = [*signatures.REQUIRED[::-1], "user-agent"]
    covered = (
        "("
        + " ".join(f'"{name}"' for name in names)
        + f');created={CREATED};keyid="{KEY}";nonce="{"n" * 22}"'
    )
    headers = {**PUBLISHED.headers, "user-agent": "GenesysCloud-AudioHook-Client"}
    text = signatures.base_string(tuple(names), covered, TARGET, headers)
    assert text is not None
    value = base64.b64encode(signatures.digest(client_secret(SECRET), text)).decode()
    headers |= {"signature-input": f"one={covered}", "signature": f"one=:{value}:"}
    assert gate().present(replace(PUBLISHED, headers=headers)) == Presented(key=KEY)
    del headers["user-agent"]
    assert reason(gate().present(replace(PUBLISHED, headers=headers))) == "the signature is wrong"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("signature", None),
        ("signature-input", None),
        ("signature", "sig2=:NZBwyBHRRyRoeLqy1IzOa9VYBuI8TgMFt2GRDkDuJh4=:"),
        ("signature", "sig1=NZBwyBHRRyRoeLqy1IzOa9VYBuI8TgMFt2GRDkDuJh4="),
        ("signature", "sig1=:NZBwyBHRR:"),
        ("signature", f"{PUBLISHED.headers['signature']}, sig2=:AAAA:"),
        ("signature-input", "sig1"),
        ("signature-input", "sig1=()"),
        ("signature-input", f"sig1={COVERED};created=1;created=2"),
        ("signature-input", f"sig1={COVERED};created"),
        ("signature-input", f'sig1={COVERED[:-1]} "x-api-key");created=1'),
        ("signature-input", PUBLISHED.headers["signature-input"].replace('"x-api-key"', '"x-api-key";sf')),
    ],
)
def test_what_is_no_signature_is_named_as_that(name: str, value: str | None) -> None:
    headers = {**PUBLISHED.headers, name: value or ""}
    if value is None:
        del headers[name]
    why = reason(gate().present(replace(PUBLISHED, headers=headers)))
    assert why == "this needs the headers Signature-Input and Signature, with one signature"


def test_a_signature_is_good_once() -> None:
    one = gate()
    assert isinstance(one.present(signing()), Presented)
    assert reason(one.present(signing(CREATED + 9.0))) == "the signature was used before"
    assert isinstance(one.present(signing(nonce="b" * 22)), Presented)
    # Nobody can use up a nonce without the secret, nor with a signature that is not good.
    assert isinstance(gate().present(signing()), Presented)


def test_a_nonce_that_was_wrongly_signed_is_still_new() -> None:
    one = gate()
    reason(one.present(with_headers(host="audiohook.example.org")))
    reason(one.present(signing(CREATED + 11.0)))
    assert isinstance(one.present(PUBLISHED), Presented)


def test_nonces_are_forgotten_once_they_are_too_old(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(signatures, "MOST_NONCES", 2)
    one = gate()
    for nonce in ("a" * 22, "b" * 22):
        assert isinstance(one.present(signing(nonce=nonce)), Presented)
    assert reason(one.present(signing(nonce="c" * 22))) == "too many signatures at a time"
    later = CREATED + 14
    assert isinstance(one.present(signing(later, nonce="c" * 22, created=later, expires=None)), Presented)
    assert isinstance(one.present(signing(later, nonce="a" * 22, created=later, expires=None)), Presented)


def test_a_signature_from_ahead_is_remembered_as_long_as_it_is_good() -> None:
    one = gate()
    assert isinstance(one.present(signing(CREATED - 3.0)), Presented)
    assert reason(one.present(signing(CREATED + 10.0))) == "the signature was used before"


@pytest.mark.parametrize("key", ["SGVsbG8", None])
def test_without_a_secret_the_key_is_enough(key: str | None) -> None:
    headers = {} if key is None else {"x-api-key": key}
    assert AudioHookGate(DoorSettings()).present(Upgrade("ws://h/v1/audiohook", headers, 0)) == Presented(
        key=key
    )


def test_a_host_that_is_none_is_no_crash() -> None:
    broken = replace(PUBLISHED, url=f"wss://[{TARGET}")
    assert reason(gate().present(broken)) == "the request has no readable address"


@pytest.mark.parametrize("name", ["audiohook-organization-id", "audiohook-session-id"])
@pytest.mark.parametrize(
    "value", [None, "", "1", SESSION[:-1], f"{SESSION}0", SESSION.replace("-", "_"), "é"]
)
def test_without_its_ids_a_request_is_none(name: str, value: str | None) -> None:
    headers = dict(PUBLISHED.headers)
    del headers[name]
    if value is not None:
        headers[name] = value
    denied = gate().open(replace(PUBLISHED, headers=headers))
    assert isinstance(denied, Denial)
    assert denied.status == 400
    assert "must be UUIDs" in denied.body["detail"]


def test_a_full_server_says_so_on_the_open_socket() -> None:
    assert AudioHookGate.waits
    assert gate().deny(403, "no") == Denial(403, {"detail": "no"})


@pytest.mark.parametrize(("site", "role"), [(None, "customer"), ("north", "agent"), ("south", "customer")])
def test_a_site_may_name_another_channel(site: str | None, role: Role) -> None:
    settings = DoorSettings(sites={"north": DoorSettings(agent="external")})
    opened = AudioHookGate(settings).open(replace(PUBLISHED, site=site))
    assert isinstance(opened, Opened)
    (started, _) = opened.door.receive(Client().open())
    assert isinstance(started, Started)
    assert started.info.roles[0] == role


@pytest.mark.parametrize(
    "settings",
    [
        DoorSettings(agent="left"),
        DoorSettings(sites={"north": DoorSettings(agent="left")}),
        DoorSettings(secret=b"not base64!"),
        DoorSettings(secret=b""),
    ],
)
def test_settings_that_cannot_be_are_refused(settings: DoorSettings) -> None:
    with pytest.raises(ConfigError):
        AudioHookGate(settings)


def test_a_secret_may_come_without_its_padding() -> None:
    assert client_secret(SECRET.rstrip(b"=")) == client_secret(SECRET)


def test_a_request_without_all_headers_cannot_be_signed() -> None:
    with pytest.raises(ValueError, match="missing"):
        signed(client_secret(SECRET), TARGET, {"host": "h"}, {"keyid": KEY})


def test_the_host_of_an_origin_is_as_clients_say_it() -> None:
    origins = ["ws://h:80", "wss://h:443", "ws://h:8080", "wss://h:80", "wss://h", "ws://[::1]:80"]
    assert [host_of(one) for one in origins] == ["h", "h", "h:8080", "h:80", "h", "[::1]"]


names = st.sampled_from(list(PUBLISHED.headers))
values = st.text(st.characters(max_codepoint=255)) | st.sampled_from(list(PUBLISHED.headers.values()))
numbers = st.integers() | st.floats(allow_nan=False)


@given(st.dictionaries(names, values | st.none()), numbers, st.text())
def test_any_request_is_presented_or_denied(headers: dict[str, Any], at_s: float, target: str) -> None:
    given_ = {**PUBLISHED.headers, **headers}
    found = {name: value for name, value in given_.items() if value is not None}
    upgrade = Upgrade(f"wss://{found.get('host', '')}/{target}", found, at_s)
    one = gate()
    assert isinstance(one.present(upgrade), Presented | Denial)
    opened = one.open(upgrade)
    assert isinstance(opened, Denial) or isinstance(opened.door, AudioHookDoor)


inputs = st.text(st.sampled_from('sig1=("@authority" );:keyid="\\,created=1'), max_size=60)


@given(inputs, st.text(st.sampled_from("sig1=:QUJD+/")))
def test_any_signature_header_has_a_flaw(said: str, made: str) -> None:
    assert Signatures(b"k").flaw(with_headers(signature_input=said, signature=made)) is not None
