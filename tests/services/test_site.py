"""A site as it is meant to be: calls in at a gateway, heard by workers, the same as anywhere else."""

from __future__ import annotations

import asyncio
from pathlib import Path

from tests.pipeline.live_server import by_id, read_feed
from tests.services.marks import SERVICES
from tests.services.site import send_all, site, spoken

pytestmark = SERVICES


def test_a_call_comes_through(tmp_path: Path) -> None:
    recordings = [spoken("one", "12-hang-up", 12.0), spoken("two", "01-overdraft-refund", 30.0)]
    with site(tmp_path) as here:
        gateway = here.gateway()
        here.worker()
        codes = asyncio.run(send_all([gateway.address], recordings, 4))
        assert codes == ["hangup", "hangup"]
        feed = asyncio.run(read_feed(gateway.address, "/v1/calls/one/events"))
        assert by_id([one for one in feed if one["id"]]) == here.events("one")
