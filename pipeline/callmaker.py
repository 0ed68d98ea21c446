"""What live calls are made of: engines, workers and settings, shared by all calls of one process."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from importlib.metadata import version
from types import TracebackType
from typing import Self

from pydantic import JsonValue

from models.machine import cores
from models.ports import Diarizer
from pipeline.app import OpenEngines, Pipeline, open_engines
from pipeline.config import Config
from pipeline.core.session import SessionSettings
from pipeline.document import version_of
from pipeline.doors.messages import CallInfo
from pipeline.live.call import Ground, Recorder
from pipeline.live.metrics import Metrics
from pipeline.load import Clock, LatencyWindow
from pipeline.shell import CallEngines
from pipeline.workers import Workers

WAITING_BLOCKS = 4_000
"""Blocks that may wait for a live call's diarizer, which must never hold up its call: minutes of audio."""


class CallMaker:
    """Opens engines once, and says what a call with them needs. A context manager."""

    def __init__(
        self,
        config: Config,
        metrics: Metrics,
        engines: OpenEngines | None = None,
        clock: Clock = time.monotonic,
    ) -> None:
        """Open the engines that are configured, unless some are given. Raises `WrapupError`."""
        self.config = config
        self.engines = engines or open_engines(config)
        self.workers = Workers(self.engines.for_jobs(), cores(), clock, live=True)
        self.files = Pipeline(config, engines=self.engines, beside=self.workers)
        self.limits = config.live.limits()
        self.latency = LatencyWindow(clock, under_way=self.workers.final_ages_s)
        self._metrics = metrics
        self._clock = clock
        self._pool = ThreadPoolExecutor(cores(), thread_name_prefix="wrapup-ear")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._pool.shutdown()
        self.workers.__exit__(kind, error, trace)

    def ground(self, recorder: Recorder) -> Ground:
        """What calls share, with where their facts go."""
        return Ground(self.workers, self._pool, recorder, self.limits, self._clock, self._late)

    def call_engines(self, info: CallInfo) -> CallEngines:
        """The engines of one call."""
        diarizer = self._diarizer(info)
        listens = diarizer if diarizer is not None and diarizer.needs_audio else None
        return CallEngines(self.engines.voice, listens, patience_s=0.0, waiting_blocks=WAITING_BLOCKS)

    def settings(self, info: CallInfo, hang_ms: int | None = None) -> SessionSettings:
        """What a new call's session is told; `hang_ms`: see `Started`."""
        diarizer = self._diarizer(info)
        endpoint = self.config.endpoint.settings()
        return SessionSettings(
            channels=len(info.roles),
            roles=() if _is_mixed(info) else info.roles,
            diarize=diarizer is not None and diarizer.needs_audio,
            endpoint=endpoint if hang_ms is None else replace(endpoint, hang_ms=hang_ms),
            partial_ms=self.config.live.partial_ms or None,
            label_ms=(self.config.live.label_ms or None)
            if diarizer is not None and diarizer.online
            else None,
            early=True,
            note=self.engines.notes(self.config.note, live=True),
        )

    def provenance(self, info: CallInfo) -> dict[str, JsonValue]:
        """What makes a call's text."""
        diarizer = self._diarizer(info)
        summarizer = self.engines.summarizer.version
        return {
            "wrapup": version("wrapup"),
            "asr": self.engines.asr,
            "diarizer": "channels" if diarizer is None else diarizer.version,
            "summarizer": summarizer,
            "version": version_of(summarizer, self.engines.asr),
        }

    def _late(self, seconds: float) -> None:
        self.latency.observe(seconds)
        self._metrics.final_s.observe(seconds)

    def _diarizer(self, info: CallInfo) -> Diarizer | None:
        """Who tells the speakers of a call with one mixed channel apart; None where channels do."""
        if not _is_mixed(info):
            return None
        return self.files.diarizer(1)


def _is_mixed(info: CallInfo) -> bool:
    return info.roles == ("unknown",)
