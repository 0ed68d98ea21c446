"""What Prometheus reads: every figure, and nothing that names a call."""

from __future__ import annotations

from prometheus_client.parser import text_string_to_metric_families

from models.fakes import ScriptedSummarizer, ScriptedTranscriber
from models.types import NoteRequest
from pipeline.core.events import SummarizeJob
from pipeline.jobs import RANKS
from pipeline.live.metrics import Backlog, Metrics
from pipeline.workers import Engines, Workers
from tests.pipeline.clock import VirtualClock
from tests.pipeline.gates import Box, GatedTranscriber, clip, job


def scraped(metrics: Metrics) -> dict[tuple[str, str], float]:
    """Sample name and label value -> figure."""
    families = text_string_to_metric_families(metrics.page().decode())
    return {
        (sample.name, ",".join(sample.labels.values())): sample.value
        for family in families
        for sample in family.samples
        if not sample.name.endswith("_created")
    }


def test_what_a_server_counts() -> None:
    metrics = Metrics()
    metrics.calls.set(3)
    metrics.calls_ended.labels("hangup").inc()
    metrics.refusals.labels("load").inc(2)
    metrics.audio_s.inc(1.5)
    metrics.gaps.labels("hold").inc()
    metrics.lost.labels("deadline").inc()
    metrics.dropped_s.inc(0.25)
    metrics.not_stored.inc()
    metrics.final_s.observe(0.04)
    found = scraped(metrics)
    assert found["wrapup_calls", ""] == 3
    assert found["wrapup_calls_ended_total", "hangup"] == 1
    assert found["wrapup_refusals_total", "load"] == 2
    assert found["wrapup_audio_seconds_total", ""] == 1.5
    assert found["wrapup_gaps_total", "hold"] == 1
    assert found["wrapup_utterances_lost_total", "deadline"] == 1
    assert found["wrapup_audio_dropped_seconds_total", ""] == 0.25
    assert found["wrapup_records_not_stored_total", ""] == 1
    assert found["wrapup_final_seconds_count", ""] == 1
    assert found["wrapup_final_seconds_bucket", "0.025"] == 0
    assert found["wrapup_final_seconds_bucket", "0.05"] == 1


def test_two_servers_in_a_process_count_for_themselves() -> None:
    one, other = Metrics(), Metrics()
    one.calls.set(1)
    assert scraped(other)["wrapup_calls", ""] == 0


def test_workers_and_store_are_read_at_each_scrape() -> None:
    clock = VirtualClock()
    engine, box = GatedTranscriber(), Box()
    backlog = [Backlog(0, 0, True)]
    metrics = Metrics()
    with Workers(Engines(engine, ScriptedSummarizer()), 1, clock) as workers:
        metrics.watch(workers, lambda: backlog[0])
        desk = workers.desk(box.put)
        desk.transcribe(job("t1"), clip())
        engine.until(1)
        desk.transcribe(job("t2"), clip())
        desk.transcribe(job("p", "partial"), clip())
        desk.summarize(SummarizeJob("note", NoteRequest(()), 9e9))
        assert scraped(metrics)["wrapup_jobs_waiting", "final"] == 1
        assert scraped(metrics)["wrapup_jobs_waiting", "note"] == 1
        assert scraped(metrics)["wrapup_store_reachable", ""] == 1
        clock.pass_s(0.5)
        engine.open()
        box.ids(4)
        workers.meter.begin()
        clock.pass_s(9.0)
        desk.transcribe(job("p2", "partial"), clip())
        backlog[0] = Backlog(12, 3_456, False, 2)
        found = scraped(metrics)
        workers.meter.end()
    assert {name: value for name, value in found.items() if name[0] == "wrapup_jobs_waiting"} == {
        ("wrapup_jobs_waiting", kind): 0 for kind in RANKS
    }
    assert found["wrapup_jobs_done_total", "final"] == 2
    assert found["wrapup_jobs_done_total", "early"] == 0
    assert found["wrapup_engine_seconds_total", "final"] == 0.5
    assert found["wrapup_partials_shed_total", ""] == 1
    assert 0.9 < found["wrapup_load", ""] <= 1.0
    assert found["wrapup_store_waiting", ""] == 12
    assert found["wrapup_store_waiting_bytes", ""] == 3_456
    assert found["wrapup_store_reachable", ""] == 0
    assert found["wrapup_records_rejected_total", ""] == 2


def test_no_label_and_no_figure_names_a_call() -> None:
    metrics, box = Metrics(), Box()
    with Workers(Engines(ScriptedTranscriber(), ScriptedSummarizer()), 1) as workers:
        metrics.watch(workers, lambda: Backlog(0, 0, True))
        workers.desk(box.put).transcribe(job("secret-call"), clip())
        box.next()
        assert b"secret" not in metrics.page()
