"""Who comes in at Twilio's gates: signatures of the vendor, and keys where it has a place for them."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.errors import ConfigError
from pipeline.doors.messages import Denial, Opened, Presented, Upgrade
from pipeline.doors.metadata import DoorSettings
from pipeline.doors.twilio import KEYED, SIGNED, TwilioDoor, TwilioGate

TOKEN = b"token-of-the-account"
HOST = "calls.example.org"
SETTINGS = "x-twilio-webhooks-signature-settings"

SHA1 = {
    f"wss://{HOST}/v1/twilio": "XYk+T7eaFKdAfl0oWH54MxzDS00=",
    f"wss://{HOST}:443/v1/twilio": "kuq8Hdmfx2O3/A95lX7iaompDLk=",
    f"wss://{HOST}:8443/v1/twilio": "jnwYKbIbkERETHgL2WziSCKVon8=",
    f"wss://{HOST}/v1/twilio/": "8AMKQosBPjZVnP1SSXLDahUMmQo=",
    f"https://{HOST}/v1/twilio": "y6sZQA07UxZyVxmWx6hTJ2DtgXg=",
    "wss://[2001:db8::1]/v1/twilio": "5vGPD6IAmnxgjptgRG7LdLpH7/Y=",
}
"""Address -> RequestValidator("token-of-the-account").compute_signature(address, {}) of the package twilio
9.13.0."""
SHA256 = "NAraMYssuDKyz3pEaTwAM5eSp0jMmQlnYeZf3w07JZU="
"""The same of the first address, with "HMAC_SHA256" as the third argument."""


def upgrade(url: str = f"wss://{HOST}/v1/twilio", **headers: str) -> Upgrade:
    return Upgrade(url, {name.replace("_", "-"): value for name, value in headers.items()}, 0.0)


def shown(url: str, signature: str, settings: str | None = None) -> Presented | Denial:
    headers = {"x-twilio-signature": signature}
    if settings is not None:
        headers[SETTINGS] = settings
    return TwilioGate(DoorSettings(secret=TOKEN)).present(Upgrade(url, headers, 0.0))


@pytest.mark.parametrize(
    ("url", "signed"),
    [
        (f"wss://{HOST}/v1/twilio", f"wss://{HOST}/v1/twilio"),
        (f"wss://{HOST}/v1/twilio", f"wss://{HOST}:443/v1/twilio"),
        (f"wss://{HOST}:443/v1/twilio", f"wss://{HOST}/v1/twilio"),
        (f"wss://{HOST}:8443/v1/twilio", f"wss://{HOST}:8443/v1/twilio"),
        (f"wss://{HOST}:8443/v1/twilio", f"wss://{HOST}/v1/twilio"),
        (f"ws://{HOST}/v1/twilio", f"wss://{HOST}/v1/twilio"),
        (f"wss://{HOST}/v1/twilio/", f"wss://{HOST}/v1/twilio/"),
        ("wss://[2001:db8::1]/v1/twilio", "wss://[2001:db8::1]/v1/twilio"),
        ("wss://[2001:db8::1]:9/v1/twilio", "wss://[2001:db8::1]/v1/twilio"),
    ],
)
def test_signatures_of_the_address_as_the_vendor_may_have_it(url: str, signed: str) -> None:
    assert shown(url, SHA1[signed]) == Presented(signed=True)


@pytest.mark.parametrize(
    ("url", "signed"),
    [
        (f"wss://{HOST}/v1/twilio", f"wss://{HOST}/v1/twilio/"),
        (f"wss://{HOST}/v1/twilio/", f"wss://{HOST}/v1/twilio"),
        (f"wss://{HOST}/v1/twilio", f"https://{HOST}/v1/twilio"),
        (f"wss://{HOST}/v1/twilio", f"wss://{HOST}:8443/v1/twilio"),
        ("wss://calls.example.com/v1/twilio", f"wss://{HOST}/v1/twilio"),
        (f"wss://{HOST}/v1/twilio?x=1", f"wss://{HOST}/v1/twilio"),
    ],
)
def test_signatures_of_other_addresses(url: str, signed: str) -> None:
    denial = shown(url, SHA1[signed])
    assert isinstance(denial, Denial)
    assert denial.status == 403


def test_the_newer_form_names_its_algorithm() -> None:
    url = f"wss://{HOST}/v1/twilio"
    newer = "key=webhooks_sharedkey_1, algorithm=HMAC_SHA256"
    assert shown(url, SHA256, newer) == Presented(signed=True)
    assert shown(url, SHA256, newer.lower()) == Presented(signed=True)
    for settings in ("key=k", "", "algorithm=HMAC_SHA1", "algorithm="):
        assert shown(url, SHA1[url], settings) == Presented(signed=True)
    for signature, settings in (
        (SHA256, None),
        (SHA1[url], newer),
        (SHA1[url], "algorithm=HMAC_MD5"),
        (SHA1[url], "algorithm=NONE"),
    ):
        assert isinstance(shown(url, signature, settings), Denial)


@given(st.text() | st.sampled_from(sorted(SHA1.values())), st.text())
def test_any_signature_of_another_address_is_denied(signature: str, url: str) -> None:
    assert isinstance(shown(url, signature), Denial)


@given(st.text(), st.text() | st.just("ws://[/v1/twilio/k"), st.text(), st.sampled_from([SIGNED, KEYED]))
def test_any_request_is_answered(signature: str, url: str, value: str, path: str) -> None:
    headers = {"x-twilio-signature": signature, "authorization": value, SETTINGS: value}
    for secret in (None, TOKEN):
        gate = TwilioGate(DoorSettings(secret=secret), path)
        assert isinstance(gate.present(Upgrade(url, headers, 0.0)), Presented | Denial)
        assert isinstance(gate.open(Upgrade(url, headers, 0.0)), Opened)


def test_where_a_secret_is_known_a_key_is_no_signature() -> None:
    gate = TwilioGate(DoorSettings(secret=TOKEN))
    assert isinstance(gate.present(upgrade()), Denial)
    assert isinstance(gate.present(upgrade(authorization="Bearer k1")), Denial)


@pytest.mark.parametrize(
    ("authorization", "key"),
    [
        ("Bearer k1", "k1"),
        ("Basic " + base64.b64encode(b"user:k:1").decode(), "k:1"),
        ("Basic " + base64.b64encode(b"k1").decode(), None),
        ("Basic k1", None),
        ("Basic \xe9", None),
        ("Digest k1", None),
    ],
)
def test_without_a_secret_a_key_is_asked_for(authorization: str, key: str | None) -> None:
    assert TwilioGate().present(upgrade(authorization=authorization)) == Presented(key=key)
    assert TwilioGate().present(upgrade()) == Presented()


def test_a_key_in_the_address() -> None:
    gate = TwilioGate(DoorSettings(secret=TOKEN), KEYED)
    assert gate.present(upgrade(f"wss://{HOST}/v1/twilio/k%201?sample-rate=8000")) == Presented(
        key="k 1", needs_key=True
    )
    assert (TwilioGate().path, gate.path) == (SIGNED, KEYED)
    assert gate.waits
    assert TwilioGate(path=KEYED).present(upgrade(f"wss://{HOST}/v1/twilio/k")) == Presented(key="k")


def test_a_door_is_opened_for_the_site_of_the_key() -> None:
    opened = TwilioGate().open(Upgrade(f"wss://{HOST}/v1/twilio", {}, 0.0, "north"))
    assert isinstance(opened, Opened)
    assert isinstance(opened.door, TwilioDoor)
    assert opened.door._site == "north"


def test_what_is_said_of_a_denial() -> None:
    gate = TwilioGate()
    assert gate.deny(503, "full") == Denial(503, {"detail": "full"})
    assert gate.deny(401, "x").headers == {"WWW-Authenticate": 'Basic realm="calls", Bearer'}


@pytest.mark.parametrize(
    "settings", [DoorSettings(agent="left"), DoorSettings(sites={"north": DoorSettings(agent="4111")})]
)
def test_an_associate_on_a_track_that_there_is_none_of(settings: DoorSettings) -> None:
    with pytest.raises(ConfigError, match="expected inbound or outbound"):
        TwilioGate(settings)
