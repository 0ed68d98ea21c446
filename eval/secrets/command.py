"""A run of `wrapup eval secrets`: everything is checked first, then measured."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from rich.progress import Progress

from eval.secrets.masks import open_mask
from eval.secrets.report import Measured, Plan
from eval.secrets.running import generator, items_of, run
from eval.secrets.spoken import check_flite, run_spoken, spoken_items
from eval.secrets.talk import read_talk
from pipeline.app import Pipeline, open_engines
from pipeline.config import load_config


def measure(plan: Plan, transcripts: Sequence[Path], jobs: int, progress: Progress) -> Measured:
    """Items and real transcripts, or spoken items. Raises `WrapupError`."""
    return _spoken(plan, progress) if plan.spoken else _written(plan, transcripts, jobs, progress)


def _written(plan: Plan, transcripts: Sequence[Path], jobs: int, progress: Progress) -> Measured:
    for name in plan.masks:
        open_mask(name)
    talk = [each for folder in transcripts for each in read_talk(folder)]
    bar = progress.add_task("items", total=plan.total + len(talk))
    items = items_of(plan.generators, plan.entities, plan.items, plan.seed)
    return Measured(run(items, talk, plan.masks, jobs, lambda count: progress.advance(bar, count)))


def _spoken(plan: Plan, progress: Progress) -> Measured:
    check_flite()
    generators = [generator(name) for name in plan.generators]
    bar = progress.add_task("items", total=plan.total)
    items = spoken_items(generators, plan.entities, plan.spoken, plan.seed)
    config = load_config()
    engines = open_engines(config)
    with (
        Pipeline(config, engines=engines) as masked,
        Pipeline(config, mask_secrets=False, engines=engines) as plain,
    ):
        return Measured(spoken=run_spoken(items, masked, plain, lambda: progress.advance(bar)))
