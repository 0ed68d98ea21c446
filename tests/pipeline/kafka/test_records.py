"""Records of streams: out as they went in, and nothing else is read."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from models.types import Samples
from pipeline.doors import g711
from pipeline.doors.messages import Alive, Away, Back, CallInfo, Ended, Flush, Started, Updated
from pipeline.kafka.records import (
    Begun,
    Content,
    CutOff,
    Heard,
    Lost,
    RecordError,
    Said,
    StreamRecord,
    decode,
    encode,
)
from pipeline.kafka.sound import SoundError, pack, unpack
from pipeline.store.vault import Vault, open_vault

RATES = (8_000, 16_000, 24_000, 44_100, 48_000)
INFO = CallInfo("call-1", ("agent", "customer"), "eve", "cards", "inbound", "en-US", "leeds")
LINEAR = arrays.arrays(np.int16, st.tuples(st.integers(1, 2), st.integers(0, 3_000)))
CONTROLS = (Away("pause"), Back(), Updated("eve", None), Flush(), Alive(), Ended(True, 2.0))


@pytest.fixture(scope="module")
def vault(tmp_path_factory: pytest.TempPathFactory) -> Vault:
    return open_vault(tmp_path_factory.mktemp("vault") / "key")


def there_and_back(record: StreamRecord, vault: Vault) -> StreamRecord:
    wrapped = vault.new_key(record.call_id)
    return decode(*encode(record, vault.cipher(record.call_id, wrapped), wrapped), vault)


@given(LINEAR, st.sampled_from(RATES))
def test_sixteen_bits_come_out_as_they_were(values: np.ndarray, rate_hz: int) -> None:
    samples = values.astype(np.float32) / np.float32(32_768)
    encoding, data = pack(samples, rate_hz)
    assert np.array_equal(unpack(data, encoding, len(samples), rate_hz), samples)


@pytest.mark.parametrize("law", ["mulaw", "alaw"])
def test_what_came_as_g711_takes_a_byte_a_sample(law: g711.Law) -> None:
    samples = g711.decode(bytes(range(256)) * 4, law).reshape(2, -1)
    encoding, data = pack(samples, 8_000)
    assert (encoding, len(data)) == (law, samples.size)
    assert np.array_equal(unpack(data, encoding, 2, 8_000), samples)


def test_speech_of_sixteen_bits_takes_less_than_it_has() -> None:
    waves = np.sin(np.arange(8_000) / 9) * 0.3 + np.random.default_rng(1).normal(0, 0.01, 8_000)
    _, data = pack(waves[None].astype(np.float32), 16_000)
    assert len(data) < 0.8 * 2 * 8_000


@given(st.binary(max_size=400), st.sampled_from(["flac", "mulaw", "g722"]), st.integers(1, 2))
@settings(deadline=None)
def test_bytes_that_are_no_audio_are_refused_or_are_some(data: bytes, encoding: str, channels: int) -> None:
    try:
        found = unpack(data, encoding, channels, 8_000)
    except SoundError as error:
        assert "\n" not in str(error)
    else:
        assert len(found) == channels


def test_a_record_of_a_day_is_refused() -> None:
    with pytest.raises(SoundError, match="more than 10 s"):
        unpack(bytes(8_000 * 11), "mulaw", 1, 8_000)


@pytest.mark.parametrize(
    "content",
    [
        Begun(Started(INFO, (1,), 8_000, placed=True, may_return=True, hang_ms=300)),
        Lost((0, 1), 8_000, 4_000, False, 800),
        *map(Said, CONTROLS),
        CutOff(),
    ],
)
def test_what_is_said_of_a_stream_comes_back(content: Content, vault: Vault) -> None:
    record = StreamRecord("call-1", "gateway/7", 3, content)
    assert there_and_back(record, vault) == record


def heard(samples: Samples | None = None) -> StreamRecord:
    silence = np.zeros((1, 800), np.float32)
    return StreamRecord(
        "call-1", "s", 1, Heard((1,), 8_000, 160, True, silence if samples is None else samples)
    )


def test_audio_comes_back_with_its_place(vault: Vault) -> None:
    sent = heard(np.linspace(-1, 1, 800, dtype=np.float32)[None])
    found = there_and_back(sent, vault)
    assert isinstance(found.content, Heard) and isinstance(sent.content, Heard)
    assert (found.content.channels, found.content.rate_hz, found.content.at) == ((1,), 8_000, 160)
    assert np.abs(found.content.samples - sent.content.samples).max() <= 1 / 32_768


def test_nothing_of_a_call_lies_open(vault: Vault) -> None:
    wrapped = vault.new_key("call-1")
    record = StreamRecord("call-1", "s", 0, Begun(Started(INFO, (0, 1), 8_000)))
    _, headers, value = encode(record, vault.cipher("call-1", wrapped), wrapped)
    lying = b"".join([value, *(content for _, content in headers)])
    assert not any(word in lying for word in (b"eve", b"cards", b"leeds"))


def test_a_record_does_not_open_at_another_place(vault: Vault) -> None:
    wrapped = vault.new_key("call-1")
    key, headers, value = encode(heard(), vault.cipher("call-1", wrapped), wrapped)
    moved = [(name, content.replace(b'"at":160', b'"at":161')) for name, content in headers]
    for changed in ((key, moved, value), (b"call-2", headers, value), (key, headers, value[:-1] + b"x")):
        with pytest.raises(RecordError, match="does not open"):
            decode(*changed, vault)


@pytest.mark.parametrize(
    ("place", "told"),
    [
        ("", "place: expected what kind"),
        ('{"kind":"heard","stream":"s","number":0}', "audio has channels"),
        ('{"kind":"heard","stream":"s","number":0,"channels":[0],"rate_hz":1}', "4 to 192 kHz"),
        ('{"kind":"heard","stream":"s","number":0,"channels":[0,0],"rate_hz":8000}', "different ones"),
        ('{"kind":"heard","stream":"s","number":0,"channels":[9],"rate_hz":8000}', "from 0 to 3"),
        ('{"kind":"said","stream":"","number":0}', "expected a stream"),
        ('{"kind":"said","stream":"s","number":-1}', "numbers from 0 on"),
        ('{"kind":"shouted","stream":"s","number":0}', "place: expected what kind"),
        (
            '{"kind":"lost","stream":"s","number":0,"channels":[0],"rate_hz":8000,"count":999999999999}',
            "24 hours",
        ),
    ],
)
def test_places_that_cannot_be(place: str, told: str, vault: Vault) -> None:
    headers = [("schema", b"wrapup.audio/1"), ("place", place.encode()), ("key", b"")]
    with pytest.raises(RecordError, match=told):
        decode(b"call-1", headers, b"", vault)


@pytest.mark.parametrize(
    ("key", "told"), [(None, "of 1 to 200"), (b"\xff", "in UTF-8"), (b"x" * 201, "of 1 to 200")]
)
def test_keys_that_are_no_call(key: bytes | None, told: str, vault: Vault) -> None:
    with pytest.raises(RecordError, match=told):
        decode(key, [("schema", b"wrapup.audio/1")], b"", vault)


@given(
    st.binary(max_size=20) | st.none(),
    st.lists(st.tuples(st.sampled_from(["schema", "place", "key"]), st.binary(max_size=60))),
    st.binary(max_size=60) | st.none(),
)
def test_whatever_lies_there_is_read_or_refused_in_a_line(
    key: bytes | None, headers: list[tuple[str, bytes]], value: bytes | None
) -> None:
    with pytest.raises(RecordError) as refused:
        decode(key, [("schema", b"wrapup.audio/1"), *headers], value, Vault(None))
    assert "\n" not in str(refused.value)
