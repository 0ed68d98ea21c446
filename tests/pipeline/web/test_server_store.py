"""A server whose database goes away and comes back: calls are taken, followed to their close, and kept."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from pipeline.client import Sending, Target
from pipeline.service import Service
from pipeline.store.database import Claim
from pipeline.store.errors import StoreAwayError, StoreError
from pipeline.store.store import Store
from pipeline.store.vault import Vault, open_vault
from pipeline.web.background import running
from tests.pipeline.live_server import by_id, configured, engines, read_feed, run, two_turns
from tests.pipeline.store.stories import opened
from tests.postgres import Cluster, find_binaries

pytestmark = pytest.mark.postgres


@pytest.fixture
def cluster() -> Iterator[Cluster]:
    binaries = find_binaries()
    assert binaries is not None
    cluster = Cluster(binaries)
    yield cluster
    cluster.remove()


def test_a_database_that_is_away_holds_up_no_call(cluster: Cluster, tmp_path: Path) -> None:
    config = configured(tmp_path)
    url = cluster.new_database("calls")
    config = config.model_copy(update={"store": config.store.model_copy(update={"url": url})})
    with Service(config, engines()) as service, running(service) as address:

        def send(call_id: str) -> str:
            return run(lambda: Sending(Target(f"ws://{address}"), two_turns(call_id), 0).run())

        assert send("before") == "hangup"
        cluster.stop()
        assert send("during") == "hangup"
        waiting = service.journal.backlog()
        assert waiting.records > 5
        page = service.metrics.page().decode()
        assert f"wrapup_store_waiting {float(waiting.records)}" in page
        cluster.start()
        assert send("after") == "hangup"
    with Service(config, engines()) as service, running(service) as address:
        assert service.journal.backlog().records == 0
        feeds = [
            run(lambda call_id=call_id: read_feed(address, f"/v1/calls/{call_id}/events"))
            for call_id in ("before", "during", "after")
        ]
    plain = [by_id(feed) for feed in feeds]
    assert plain[0] == plain[1] == plain[2]
    assert [one["id"] for feed in feeds for one in feed] == list(range(1, 3 * len(plain[0]) + 1))


def test_a_database_has_one_server(cluster: Cluster, tmp_path: Path) -> None:
    config = configured(tmp_path)
    url = cluster.new_database("alone")
    config = config.model_copy(update={"store": config.store.model_copy(update={"url": url})})
    other = config.model_copy(
        update={"store": config.store.model_copy(update={"spool": tmp_path / "other"})}, deep=True
    )
    with Service(config, engines()) as service:
        for _ in range(2):
            with pytest.raises(StoreError, match="another server uses this database; stop it, or give each"):
                Service(other, engines())
        # Commands that read may come at any time.
        Store.open(url, open_vault(config.store.key_file)).close()
        assert service.journal.backlog().reachable
    with Service(other, engines()):
        cluster.stop()
        cluster.start()


def test_a_session_that_the_database_takes_for_alive_does_not_lock_its_server_out(cluster: Cluster) -> None:
    store = Store.open(cluster.new_database("cut_link"), Vault(None))
    store.claim()
    before = store._claim
    assert before is not None
    # The link was cut: this side knows, and PostgreSQL goes on with the session that has the lock.
    broken = store._engine.connect()
    broken.close()
    store._claim = Claim(broken, before.session)
    store.write(opened("one"))
    assert not before.stands()
    store.write(opened("two"))
    store.close()


def test_a_database_that_went_away_is_claimed_again(cluster: Cluster) -> None:
    url = cluster.new_database("claimed_again")
    first, second = (Store.open(url, Vault(None)) for _ in range(2))
    first.claim()
    cluster.stop()
    cluster.start()
    first.write(opened("one"))
    with pytest.raises(StoreAwayError, match="another server uses this database"):
        second.claim()
    cluster.stop()
    cluster.start()
    second.claim()
    with pytest.raises(StoreAwayError, match="another server uses this database"):
        first.write(opened("two"))
    second.close()
    first.write(opened("two"))
    first.close()
