"""Calls at once: how late texts come, and what the server costs, over the number of live stereo calls.

    python -m benchmarks.live_calls [--steps 4 8 12] [--hold 40] [--folder sample_calls]

The server is `wrapup serve`, a process of its own; this process plays the calls (stereo, mu-law, 8 kHz, 20 ms
a message, in real time, each from another place of its recording on) and follows all their events. Both share
the machine. Calls are added up to each step, held, and measured after a few seconds; it ends when the server
turns a call away or the 95th percentile passes the promise. Memory a call is the slope over the steps. At the
end the same recordings are read as files, in this process: what live calls cost is given beside that.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table

from benchmarks.callers import Caller, Callers, mulaw_of, stereo
from benchmarks.live_cost import in_batch
from benchmarks.served import ServerProcess, Spent, served
from eval.latency import Seen, percentile, score
from eval.results import write_result
from models.errors import EngineBusyError
from models.machine import choose_default_asr, cores
from pipeline.config import load_config
from pipeline.core.endpointing import EndpointSettings

STEPS = (4, 8, 12, 16, 20, 24, 28, 32, 36, 40)
SHARES = (0.5, 0.95, 0.99)
APART_S = 0.7
"""Between two calls that are added: admission wants to feel each of them."""
PROMISE_S = 1.0


@dataclass(frozen=True, slots=True)
class Step:
    """What a number of calls gave, as rates: seconds a second of the clock.

    `decided_to_final_s`: delays of each final as a follower saw them; `server_s`: bounds of the buckets of
    the server's own histogram. `cpu` is the server's, `loop` its event loop's part of that, `callers` this
    process's, `others` that of whatever else the machine did; `audio` are seconds of calls that were heard.
    `engine` is the time within engines by kind of job, waits for a core included.
    """

    calls: int
    decided_to_final_s: tuple[float, ...]
    server_s: tuple[float | None, ...]
    cpu: float
    loop: float
    callers: float
    engine: dict[str, float]
    jobs: dict[str, float]
    partials: float
    shed: float
    dropped_s: float
    audio: float
    rss_bytes: int
    others: float

    @property
    def p95_s(self) -> float | None:
        """Of the delays as a follower saw them."""
        return percentile(self.decided_to_final_s, 0.95)


@dataclass(frozen=True, slots=True)
class Measured:
    """All steps, why it ended there, and the CPU seconds that a second of these calls costs as a file."""

    steps: tuple[Step, ...]
    ended: str
    batch: float = 0.0

    @property
    def kept(self) -> list[Step]:
        """Steps within the promise."""
        return [step for step in self.steps if step.p95_s is not None and step.p95_s <= PROMISE_S]

    def memory_a_call(self) -> float | None:
        """Bytes a call: the slope of resident memory over the calls, without the step that warms up."""
        steps = self.steps[1:]
        if len(steps) < 2:
            return None
        return float(np.polyfit([step.calls for step in steps], [step.rss_bytes for step in steps], 1)[0])


def delays(calls: Sequence[Caller], from_s: float, endpoint: EndpointSettings) -> tuple[float, ...]:
    """Seconds from the decision to the text of each final that came since `from_s`."""
    found: list[float] = []
    for call in calls:
        seen = [Seen(at_s - call.began_s, event) for at_s, event in call.finals if at_s >= from_s]
        found += score([], seen, endpoint).decided_to_final_s
    return tuple(found)


async def hold(
    server: ServerProcess, callers: Callers, settle_s: float, hold_s: float, endpoint: EndpointSettings
) -> Step:
    """Measure the calls that are there."""
    await asyncio.sleep(settle_s)
    first, own_s, partials = await asyncio.to_thread(server.read), time.process_time(), callers.partials
    await asyncio.sleep(hold_s)
    spent = Spent(first, await asyncio.to_thread(server.read))
    wall_s, own_s = spent.wall_s, time.process_time() - own_s
    return Step(
        calls=len(callers.calls),
        decided_to_final_s=delays(callers.calls, first.at_s, endpoint),
        server_s=tuple(spent.histogram_s(share) for share in SHARES),
        cpu=spent.cpu_s / wall_s,
        loop=spent.loop_s / wall_s,
        callers=own_s / wall_s,
        engine={kind: seconds / wall_s for kind, seconds in spent.engine_s().items()},
        jobs={kind: count / wall_s for kind, count in spent.jobs().items()},
        partials=(callers.partials - partials) / wall_s,
        shed=spent.total("wrapup_partials_shed_total") / wall_s,
        dropped_s=spent.total("wrapup_audio_dropped_seconds_total") / wall_s,
        audio=spent.total("wrapup_audio_seconds_total") / 2 / wall_s,
        rss_bytes=spent.last.rss_bytes,
        others=max(0.0, spent.machine_s - spent.cpu_s - own_s) / wall_s,
    )


async def climb(server: ServerProcess, given: argparse.Namespace, console: Console) -> Measured:
    """Step after step until a call is refused or texts are late."""
    endpoint = load_config().endpoint.settings()
    steps: list[Step] = []
    async with Callers(server.address, [mulaw_of(file) for file in stereo(given.folder)]) as callers:
        for calls in given.steps:
            try:
                while len(callers.calls) < calls:
                    await callers.begin()
                    await asyncio.sleep(min(APART_S, given.hold / calls))
            except EngineBusyError as refused:
                return Measured(tuple(steps), f"call {len(callers.calls) + 1} was refused: {refused}")
            step = await hold(server, callers, given.settle, given.hold, endpoint)
            steps.append(step)
            console.print(
                f"{calls} calls: P95 {step.p95_s or 0:.3f} s, server {step.cpu:.2f} and callers "
                f"{step.callers:.2f} CPU s/s, {step.rss_bytes / 1e6:.0f} MB, "
                f"other work {step.others:.2f} CPU s/s"
            )
            if step.p95_s is not None and step.p95_s > PROMISE_S:
                return Measured(tuple(steps), f"texts of {calls} calls came later than {PROMISE_S:g} s")
    return Measured(tuple(steps), "no more steps")


def table_of(measured: Measured) -> Table:
    """A row a step."""
    table = Table("calls", title="Live stereo calls")
    columns = (
        "decided -> final\nP50 / P95 / P99 s",
        "server's own\nP50 / P95 / P99 <= s",
        "server\nCPU s/s",
        "its event loop",
        "callers\nCPU s/s",
        "engines s/s:\nfinal + early",
        "partials",
        "partials/s\nshown",
        "shed",
        "calls a core\nof server CPU",
        "MB",
        "other work\nCPU s/s",
    )
    for name in columns:
        table.add_column(name, justify="right")
    for step in measured.steps:
        table.add_row(
            str(step.calls),
            " / ".join(f"{percentile(step.decided_to_final_s, share) or 0:.3f}" for share in SHARES),
            " / ".join("-" if bound is None else f"{bound:g}" for bound in step.server_s),
            f"{step.cpu:.2f}",
            f"{step.loop:.2f}",
            f"{step.callers:.2f}",
            f"{step.engine['final']:.2f} + {step.engine['early']:.2f}",
            f"{step.engine['partial']:.2f}",
            f"{step.partials:.1f}",
            f"{step.shed:.1f}",
            f"{step.calls / step.cpu:.1f}",
            f"{step.rss_bytes / 1e6:.0f}",
            f"{step.others:.2f}",
        )
    return table


def lines_of(measured: Measured) -> list[str]:
    """How it ended, and the figures of a core and a call."""
    lines = [f"Ended: {measured.ended}."]
    if measured.kept:
        most = measured.kept[-1]
        lines.append(
            f"{most.calls} calls on {cores()} cores within a P95 of {PROMISE_S:g} s; counting the server's "
            f"CPU alone, {most.calls / most.cpu:.1f} calls a core. The callers took {most.callers:.2f} of "
            "the same cores."
        )
    if measured.kept and measured.batch:
        last = measured.kept[-1]
        live, moved = last.cpu / last.audio, last.loop / last.audio
        lines.append(
            f"A second of a call costs {live:.4f} CPU s at {last.calls} calls, {moved:.4f} of it for moving "
            f"messages, and {measured.batch:.4f} as a file: {live / measured.batch:.2f} times, "
            f"{(live - moved) / measured.batch:.2f} without the messages."
        )
    slope = measured.memory_a_call()
    if slope is not None:
        lines.append(f"Memory a call, from the slope: {slope / 1e6:.1f} MB.")
    return lines


def result_of(measured: Measured) -> dict[str, Any]:
    """All steps with their delays."""
    return {**asdict(measured), "cores": cores(), "memory_a_call_bytes": measured.memory_a_call()}


def measure(given: argparse.Namespace, console: Console) -> Measured:
    """Run it and print it."""
    with served({"WRAPUP_ASR": given.asr}) as server:
        measured = asyncio.run(climb(server, given, console))
    batch = in_batch(stereo(given.folder), given.asr)
    measured = replace(measured, batch=batch.cpu_s / batch.audio_s)
    console.print(table_of(measured))
    for line in lines_of(measured):
        console.print(line, soft_wrap=True)
    if given.json is not None:
        write_result(result_of(measured), given.json)
    return measured


def parser() -> argparse.ArgumentParser:
    """The options."""
    options = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    options.add_argument("--steps", type=int, nargs="+", default=STEPS, help="numbers of calls, growing")
    options.add_argument("--hold", type=float, default=40.0, help="seconds that a step is measured")
    options.add_argument("--settle", type=float, default=5.0, help="seconds before that")
    options.add_argument("--folder", type=Path, default=Path("sample_calls"), help="stereo FLAC of 8 kHz")
    options.add_argument("--asr", default=choose_default_asr()[0], help="transcriber")
    options.add_argument("--json", type=Path, help="write all steps here too")
    return options


if __name__ == "__main__":
    measure(parser().parse_args(), Console(width=170, highlight=False))
    sys.exit(0)
