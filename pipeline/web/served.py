"""What is served: the calls behind the sockets, and what readers may ask of them."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from typing import Protocol

from pipeline.config import Config
from pipeline.formats.call_json import CallDocument
from pipeline.limits import Limits
from pipeline.live.archive import Archive
from pipeline.live.journal import Publish
from pipeline.live.metrics import Metrics
from pipeline.live.switchboard import Switchboard


class Served(Protocol):
    """A process that hears calls itself, or a gateway to those that do."""

    @property
    def config(self) -> Config:
        """What is configured."""
        ...

    @property
    def metrics(self) -> Metrics:
        """What it measures of itself."""
        ...

    @property
    def limits(self) -> Limits:
        """What a call may cost."""
        ...

    @property
    def switchboard(self) -> Switchboard:
        """The calls in progress."""
        ...

    @property
    def archive(self) -> Archive:
        """Calls as readers may have them."""
        ...

    @property
    def takes_files(self) -> bool:
        """Whether recordings may be posted."""
        ...

    def publish_to(self, publish: Publish) -> None:
        """Who hears of events from here on, from any thread."""
        ...

    def restore(self) -> int:
        """Go on with calls of a process before this one; how many."""
        ...

    def stop_files(self) -> None:
        """Give up recordings that are read."""
        ...

    def transcribe(
        self, path: Path, call_id: str, unwanted: Callable[[], bool]
    ) -> Future[CallDocument] | None:
        """A recording's document; None where too many wait."""
        ...
