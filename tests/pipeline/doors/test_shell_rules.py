"""What the shell owes the doors of others: last texts before goodbyes, calls that go on, who comes in."""

from __future__ import annotations

import asyncio
import json
import threading
import uuid
from collections.abc import Sequence
from pathlib import Path

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from models.fakes import ScriptedTranscriber, ScriptedVoice
from models.ports import UNLIMITED, NoteLimits
from models.types import NoteRequest, Summary
from pipeline.app import OpenEngines
from pipeline.core.events import AudioGap, UtteranceFinal
from pipeline.doors.deepgram_waiting import Ends
from pipeline.live import call as live_call
from pipeline.senders.audiohook import AudioHookSender
from pipeline.senders.sender import Sender, Spoken
from pipeline.senders.table import SENDERS
from pipeline.service import Service
from pipeline.web.background import running
from pipeline.web.keys import KeyRing, add_key, read_keys
from tests.pipeline.doors.test_contract import _closed, _opened, _until_stage
from tests.pipeline.doors.test_twilio_gate import TOKEN
from tests.pipeline.doors.twilio_messages import STOP, media, start
from tests.pipeline.engines import LineSummarizer
from tests.pipeline.live_server import configured, run, served, speech

FINAL = {"audiohook": '"isFinal": true', "deepgram": '"is_final": true', "openai": "transcription.completed"}
"""What a final has in each protocol that tells texts."""


def talking(protocol: str, seconds: float = 1.5) -> Spoken:
    """Speech to the very end, at 8 kHz."""
    channels = 1 if protocol == "openai" else 2
    samples = speech((0.3, seconds, 0), seconds=seconds, channels=channels)[::2].copy()
    return Spoken(str(uuid.uuid4()), 8_000, samples)


async def heard_to_the_end(sender: Sender, socket: ClientConnection) -> list[str]:
    """All that the server still says, answered as the client answers."""
    messages = []
    try:
        while True:
            message = await socket.recv()
            messages.append(str(message))
            for answer in sender.answer(message):
                await socket.send(answer)
    except ConnectionClosed:
        pass
    return messages


@pytest.mark.parametrize("protocol", sorted(FINAL))
def test_the_last_text_comes_before_the_server_ends_an_idle_call(tmp_path: Path, protocol: str) -> None:
    async def talk() -> list[str]:
        sender = SENDERS[protocol](talking(protocol))
        async with _opened(sender, f"ws://{address}") as socket:
            await _until_stage(sender, socket, "after the audio")
            return await heard_to_the_end(sender, socket)

    with served(tmp_path, live={"idle_s": 1.0}) as (address, _):
        messages = run(talk)
    told = [at for at, message in enumerate(messages) if FINAL[protocol] in message]
    assert told
    assert told[-1] < len(messages) - 1 or protocol == "deepgram"


SENTENCE = "what we talk about is long enough that somebody may want a note of it"


class SlowNotes(LineSummarizer):
    """Notes that come when a test lets them."""

    def __init__(self) -> None:
        self.may_come = threading.Event()

    def summarize(self, request: NoteRequest, limits: NoteLimits = UNLIMITED) -> Summary:
        assert self.may_come.wait(60)
        return super().summarize(request, limits)


def test_audiohook_is_told_that_its_stream_is_closed_before_the_note_is_written(tmp_path: Path) -> None:
    notes = SlowNotes()
    engines = OpenEngines(ScriptedTranscriber(lambda _: SENTENCE, max_batch=1), notes, ScriptedVoice())
    both = speech((0.3, 1.5, 0), (0.3, 1.5, 1), seconds=1.5)[::2].copy()

    async def talk() -> list[str]:
        sender = AudioHookSender(Spoken(str(uuid.uuid4()), 8_000, both))
        async with _opened(sender, f"ws://{address}") as socket:
            await _until_stage(sender, socket, "after the goodbye")
            said = []
            while not sender.over:
                said.append(str(await socket.recv()))
                sender.answer(said[-1])
            assert not notes.may_come.is_set()
            assert len(service.switchboard) == 1
            return said

    with Service(configured(tmp_path), engines) as service, running(service) as address:
        said = run(talk)
        notes.may_come.set()
        run(lambda: _closed(service))
    assert FINAL["audiohook"] in "".join(said[:-1])
    assert json.loads(said[-1])["type"] == "closed"


def test_a_session_after_one_that_was_cut_off_in_a_pause_is_heard(tmp_path: Path) -> None:
    one = talking("audiohook")

    async def talk() -> None:
        first = AudioHookSender(one, pauses=[(1.0, 9.0)])
        async with _opened(first, f"ws://{address}") as socket:
            await _until_stage(first, socket, "after the audio")
            await (await socket.ping())
            socket.transport.abort()
        await asyncio.sleep(live_call.SILENT_S)
        second = AudioHookSender(one)
        async with _opened(second, f"ws://{address}") as socket:
            await _until_stage(second, socket, "after the goodbye")
            await heard_to_the_end(second, socket)
        await _closed(service, one.call_id)

    with served(tmp_path) as (address, service):
        run(talk)
        events = [envelope.event for envelope in service.journal.read(one.call_id, 0, 100)]
    finals = [event for event in events if isinstance(event, UtteranceFinal)]
    pauses = [event for event in events if isinstance(event, AudioGap) and event.reason == "pause"]
    assert pauses
    assert max(final.end_samples for final in finals) > max(gap.end_samples for gap in pauses) + 8_000


def test_a_stream_that_is_stopped_and_begun_again_is_another_call(tmp_path: Path) -> None:
    async def talk() -> None:
        for _ in range(3):
            async with connect(f"ws://{address}/v1/twilio") as socket:
                await socket.send(start(callSid="CA1"))
                await socket.send(STOP)
                await socket.wait_closed()
            await _closed(service)

    with served(tmp_path) as (address, service):
        run(talk)
        calls = {envelope.call_id for envelope in service.journal.read(None, 0, 100)}
    assert calls == {"CA1", "CA1.2", "CA1.3"}


def test_a_stream_that_returns_while_the_note_is_written_is_another_call(tmp_path: Path) -> None:
    notes = SlowNotes()
    engines = OpenEngines(ScriptedTranscriber(lambda _: SENTENCE, max_batch=1), notes, ScriptedVoice())

    async def talk() -> None:
        both = speech((0.3, 1.2, 0), (0.3, 1.2, 1), seconds=2.0)[::2].copy()
        spoken = Spoken("CA1", 8_000, both)
        for number in (1, 2):
            sender = SENDERS["twilio"](spoken)
            async with _opened(sender, f"ws://{address}") as socket:
                await _until_stage(sender, socket, "after the goodbye")
                while len(service.switchboard) < number:  # noqa: ASYNC110 - another thread takes it
                    await asyncio.sleep(0.01)
                if number == 2:
                    notes.may_come.set()
                    await heard_to_the_end(sender, socket)
        await _closed(service)

    with Service(configured(tmp_path), engines) as service, running(service) as address:
        run(talk)
        said = {
            envelope.call_id
            for envelope in service.journal.read(None, 0, 100)
            if isinstance(envelope.event, UtteranceFinal)
        }
    assert said == {"CA1", "CA1.2"}


def test_a_track_that_stops_does_not_end_the_other_ones_call(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live_call, "LAST_STREAMS_S", 0.1)

    async def talk() -> None:
        url = f"ws://{address}/v1/twilio"
        async with connect(url) as inbound, connect(url) as outbound:
            for socket, track in ((inbound, "inbound"), (outbound, "outbound")):
                await socket.send(start(callSid="CA1", tracks=[track]))
            while not any(len(call._streams) == 2 for call in service.switchboard.calls()):  # noqa: ASYNC110
                await asyncio.sleep(0.01)
            await inbound.send(STOP)
            await asyncio.sleep(0.5)
            await outbound.send(media(0, track="outbound"))
            await (await outbound.ping())
            assert len(service.switchboard) == 1
            await outbound.send(STOP)
            await outbound.wait_closed()
        await _closed(service)

    with served(tmp_path) as (address, service):
        run(talk)
        calls = {envelope.call_id for envelope in service.journal.read(None, 0, 100)}
    assert calls == {"CA1"}


def test_a_second_stream_of_a_call_has_room_on_a_full_server(tmp_path: Path) -> None:
    async def talk() -> int | None:
        url = f"ws://{address}/v1/twilio"
        async with connect(url) as inbound, connect(url) as outbound, connect(url) as other:
            await inbound.send(start(callSid="CA1", tracks=["inbound"]))
            while not service.switchboard.calls():  # noqa: ASYNC110 - another thread takes it
                await asyncio.sleep(0.01)
            await outbound.send(start(callSid="CA1", tracks=["outbound"]))
            await other.send(start(callSid="CA2"))
            await other.wait_closed()
            assert outbound.close_code is None
            for socket in (inbound, outbound):
                await socket.send(STOP)
            await outbound.wait_closed()
            return other.close_code

    with served(tmp_path, live={"max_calls": 1}) as (address, service):
        assert run(talk) == 1013


def statuses(url: str, attempts: Sequence[dict[str, str]]) -> list[int]:
    """The HTTP answers to opening requests with these headers; 101 for one that is let in."""

    async def talk() -> list[int]:
        found = []
        for headers in attempts:
            try:
                async with connect(url, additional_headers=headers):
                    found.append(101)
            except InvalidStatus as error:
                found.append(error.response.status_code)
        return found

    return run(talk)


def test_with_a_secret_and_without_keys_only_who_signs_comes_in(tmp_path: Path) -> None:
    secret = tmp_path / "token"
    secret.write_bytes(TOKEN)
    doors = {"public_url": "wss://calls.example.org", "twilio": {"secret_file": secret}}
    with served(tmp_path, doors=doors) as (address, _):
        assert statuses(f"ws://{address}/v1/twilio", [{}]) == [403]
        assert statuses(f"ws://{address}/v1/twilio/guessed", [{}]) == [401]


def test_a_page_may_connect_with_a_key_and_not_without_keys(tmp_path: Path) -> None:
    page = {"Origin": "https://app.example.org"}
    with served(tmp_path) as (address, _):
        assert statuses(f"ws://{address}/v1/realtime?intent=transcription", [page, {}]) == [403, 101]
    file = tmp_path / "keys.json"
    key = add_key(file, "page", ("send",), ())
    with served(tmp_path / "keyed", KeyRing(read_keys(file))) as (address, _):
        own = {**page, "Authorization": f"Bearer {key}"}
        assert statuses(f"ws://{address}/v1/realtime?intent=transcription", [own, page]) == [101, 401]


def test_the_site_that_an_open_names_says_who_is_the_agent(tmp_path: Path) -> None:
    fields = {"site": "customConfig.site"}
    doors = {"audiohook": {"fields": fields, "sites": {"north": {"agent": "external"}}}}
    calls = {site: talking("audiohook") for site in ("north", "south")}

    async def talk() -> None:
        for site, one in calls.items():
            sender = AudioHookSender(Spoken(one.call_id, 8_000, one.samples, fields={"site": site}))
            async with _opened(sender, f"ws://{address}") as socket:
                await _until_stage(sender, socket, "after the goodbye")
                await heard_to_the_end(sender, socket)
        await _closed(service)

    with served(tmp_path, doors=doors) as (address, service):
        run(talk)
        roles = {}
        for site, one in calls.items():
            stored = service._store.call(one.call_id)
            assert stored is not None
            roles[site] = stored.record.roles
    assert roles == {"north": ("agent", "customer"), "south": ("customer", "agent")}


def test_closed_comes_at_once_after_audio_that_was_thrown_away(tmp_path: Path) -> None:
    """What a client discards at the very end is placed by nothing that comes after it."""
    notes = SlowNotes()
    engines = OpenEngines(ScriptedTranscriber(max_batch=1), notes, ScriptedVoice())

    async def talk() -> None:
        sender = AudioHookSender(talking("audiohook"))
        async with _opened(sender, f"ws://{address}") as socket:
            await _until_stage(sender, socket, "after the audio")
            await socket.send(sender._say("discarded", {"start": "PT1.5S", "discarded": "PT2S"}))
            for message in sender.goodbye():
                await socket.send(message)
            async with asyncio.timeout(6):
                while not sender.over:
                    sender.answer(await socket.recv())

    with Service(configured(tmp_path), engines) as service, running(service) as address:
        run(talk)
        notes.may_come.set()
        run(lambda: _closed(service))


def test_the_end_of_words_is_told_though_speech_without_words_followed() -> None:
    ends = Ends(1_000)
    ends.begin(0, 0, 16_000)
    ends.told(0, 0, 15_000)
    ends.begin(0, 40_000, 48_000)
    assert ends.due(48_000) == []
    assert ends.due(120_000) == [(0, 15_000)]
    ends.told(0, 130_000, 140_000)
    ends.begin(0, 150_000, 158_000)
    ends.lost(0, 150_000)
    assert ends.due(160_000) == [(0, 140_000)]
    ends.told(0, 170_000, 180_000)
    ends.begin(0, 190_000, 198_000)
    assert ends.due(200_000) == []
    assert ends.due(200_000, settled_samples=200_000) == [(0, 180_000)]
