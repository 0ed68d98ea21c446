"""Both databases: every test of the store runs on SQLite, and on PostgreSQL where it is installed."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from pipeline.store.store import Store
from pipeline.store.vault import Vault, open_vault
from tests.postgres import Cluster, find_binaries

NAMES = (f"wrapup_{number}" for number in itertools.count())


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    """A running PostgreSQL."""
    binaries = find_binaries()
    assert binaries is not None
    cluster = Cluster(binaries)
    yield cluster
    cluster.remove()


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty database, one of each kind."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/wrapup.db"
    cluster: Cluster = request.getfixturevalue("cluster")
    return cluster.new_database(next(NAMES))


@pytest.fixture
def vault(tmp_path: Path) -> Vault:
    """A vault with a key of its own."""
    return open_vault(tmp_path / "master.key")


@pytest.fixture
def open_store(url: str, vault: Vault) -> Iterator[Callable[[], Store]]:
    """Opens the store, each time anew; all are closed at the end."""
    opened: list[Store] = []

    def once_more() -> Store:
        opened.append(Store.open(url, vault))
        return opened[-1]

    yield once_more
    for store in opened:
        store.close()


@pytest.fixture
def store(open_store: Callable[[], Store]) -> Store:
    """An empty store."""
    return open_store()
