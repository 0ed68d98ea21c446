"""Two results of one command, call by call: what changed, and how sure that is.

A difference is the second run minus the first. Runs that cannot be compared are refused: another command,
another normalizer or scorer, other references.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from eval.bootstrap import Difference, paired_difference
from eval.counts import Share
from eval.results import SCHEMA
from eval.stats.clusters import REFUSED_UNDER
from models.errors import ConfigError, InputError
from pipeline.formats.fields import load_json
from pipeline.formats.plain import read_text

MUST_AGREE = ("normalizer", "scorer", "ladder")
"""Parts of a result's provenance without which two rates do not mean the same."""

Key = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Metric:
    """How a rate is read out of a call's row: the sum of `parts` over `whole`, both counts of `field`.

    Without `parts` the field is a value of its own. `same_whole`: it is the reference's, and so the same in
    both runs. A row whose field is null has no such rate.
    """

    name: str
    field: str
    parts: tuple[str, ...] = ()
    whole: str = ""
    same_whole: bool = True


METRICS: Mapping[str, tuple[Metric, ...]] = {
    "asr": (
        Metric("WER", "wer", ("errors",), "length"),
        Metric("cpWER", "cpwer", ("errors",), "length"),
        Metric("WDER", "wder", ("wrong",), "words", same_whole=False),
    ),
    "speakers": tuple(
        Metric(title, field, ("missed_s", "false_alarm_s", "confusion_s"), "total_s")
        for title, field in (("DER", "der"), ("DER, collar 0.25 s", "der_collar_0.25"))
    ),
    "latency": (
        Metric("final text, mean s", "speech_to_final_s", ("sum",), "n", same_whole=False),
        Metric("first partial, mean s", "first_partial_s", ("sum",), "n", same_whole=False),
        Metric("missing finals", "missing", ("missing",), "ends"),
    ),
    "notes": (
        Metric("ROUGE-1", "rouge1"),
        Metric("ROUGE-2", "rouge2"),
        Metric("ROUGE-L", "rougeL"),
        Metric("ROUGE-Lsum", "rougeLsum"),
        Metric("contradicted", "grounding", ("contradicted",), "statements", same_whole=False),
        Metric("not found", "grounding", ("not_found",), "statements", same_whole=False),
        Metric("words", "words"),
    ),
    "edits": (
        Metric("NMN rate", "nmn", ("unmodified",), "saved"),
        Metric("material", "material", ("material",), "saved"),
        Metric("material or worse", "severe", ("severe",), "saved"),
    ),
}


@dataclass(frozen=True, slots=True)
class Run:
    """A result that was read: its rows by what tells them apart, in their order."""

    source: str
    command: str
    rows: Mapping[Key, Mapping[str, Any]]
    provenance: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Compared:
    """One metric over the calls that have it in both runs; `difference` is second minus first.

    Its interval resamples calls; where rows name an associate, whose calls are alike, it resamples those.
    `is_sure` is False where they are too few for an interval.
    """

    metric: str
    first: float | None
    second: float | None
    difference: Difference | None
    by: Literal["calls", "associates"]

    @property
    def is_sure(self) -> bool:
        """Whether the interval may be shown."""
        return self.by == "calls" or (self.difference is not None and self.difference.n >= REFUSED_UNDER)


@dataclass(frozen=True, slots=True)
class Comparison:
    """All of it. `calls` has a row a call: its key, and each metric in both runs, None where it has none."""

    command: str
    given: tuple[int, int]
    metrics: tuple[Compared, ...]
    calls: tuple[tuple[Key, dict[str, tuple[float | None, float | None]]], ...]


def read_run(path: Path) -> Run:
    """A `--json` result. Raises `InputError` for what is none, or what has no rows of calls."""
    found = load_json(read_text(path), str(path))
    if not isinstance(found, dict) or found.get("schema") != SCHEMA:
        raise InputError(f"{path}: expected a result of `wrapup eval` ({SCHEMA})")
    command, calls = found.get("command"), found.get("calls")
    if not isinstance(command, str) or command not in METRICS:
        known = ", ".join(METRICS)
        raise InputError(f"{path}: results of {command!r} have no calls to compare; those of {known} have")
    if command == "edits" and calls is None:
        raise InputError(f"{path}: it has no row a note; write it with --calls")
    if not isinstance(calls, list) or not all(isinstance(row, dict) for row in calls):
        raise InputError(f"{path}: calls: expected a row a call")
    rows: dict[Key, Mapping[str, Any]] = {}
    for place, row in enumerate(calls):
        key = _key(row, f"{path}: calls[{place}]")
        if key in rows:
            raise InputError(f"{path}: {', '.join(key)} is there twice, and cannot be paired")
        rows[key] = row
    provenance = found.get("provenance")
    return Run(str(path), command, rows, provenance if isinstance(provenance, dict) else {})


def compare(first: Run, second: Run) -> Comparison:
    """The second run beside the first.

    Raises `ConfigError` where the two cannot be compared, `InputError` for rows that are none.
    """
    _refuse(first, second)
    pairs = _pairs(first, second)
    if not pairs:
        raise ConfigError(f"no call is in both {first.source} and {second.source}")
    _same_references(pairs, first, second)
    shares = {
        metric: [
            (
                share_of(metric, a, f"{first.source}: {key[0]}"),
                share_of(metric, b, f"{second.source}: {key[0]}"),
            )
            for key, a, b in pairs
        ]
        for metric in METRICS[first.command]
    }
    return Comparison(
        command=first.command,
        given=(len(first.rows), len(second.rows)),
        metrics=tuple(
            _compared(metric, found, [row.get("associate") for _, row, _ in pairs])
            for metric, found in shares.items()
        ),
        calls=tuple(
            (key, {m.name: (_value(found[i][0]), _value(found[i][1])) for m, found in shares.items()})
            for i, (key, _, _) in enumerate(pairs)
        ),
    )


def comparison_result(first: Run, second: Run, comparison: Comparison) -> dict[str, Any]:
    """The result of `wrapup eval compare`, as JSON."""
    return {
        "schema": SCHEMA,
        "command": "compare",
        "of": comparison.command,
        "n_given": list(comparison.given),
        "n_scored": len(comparison.calls),
        "total": {
            found.metric: {
                "first": found.first,
                "second": found.second,
                "by": found.by,
                "difference": _told(found),
            }
            for found in comparison.metrics
        },
        "calls": [
            {"call": ", ".join(key), **{name: _both(pair) for name, pair in values.items()}}
            for key, values in comparison.calls
        ],
        "provenance": {"first": dict(first.provenance), "second": dict(second.provenance)},
    }


def _told(found: Compared) -> dict[str, Any] | None:
    if found.difference is None:
        return None
    told = asdict(found.difference)
    # Less is better of errors alone; of the NMN rate and ROUGE it is not.
    told["second_lower_share"] = told.pop("better_share")
    refused = {} if found.is_sure else {"low": None, "high": None, "second_lower_share": None}
    return {**told, **refused}


def _both(pair: tuple[float | None, float | None]) -> dict[str, float | None]:
    a, b = pair
    return {"first": a, "second": b, "difference": None if a is None or b is None else b - a}


def _key(row: Mapping[str, Any], where: str) -> Key:
    if not isinstance(row.get("call"), str):
        raise InputError(f"{where}.call: expected a text")
    return (row["call"], *(str(row[name]) for name in ("leg", "system") if name in row))


def _refuse(first: Run, second: Run) -> None:
    if first.command != second.command:
        raise ConfigError(
            f"{first.source} is a result of {first.command!r}, {second.source} of {second.command!r}:"
            " only results of one command can be compared"
        )
    for name in MUST_AGREE:
        a, b = first.provenance.get(name), second.provenance.get(name)
        if a != b:
            raise ConfigError(f"{first.source} was scored with {name} {a}, {second.source} with {b}")


def _pairs(first: Run, second: Run) -> list[tuple[Key, Mapping[str, Any], Mapping[str, Any]]]:
    """Rows of both runs with the same key. Where each run asked one summarizer, these two are compared."""
    systems = [_asked(run) for run in (first, second)]
    if first.command == "notes" and not set(systems[0]) & set(systems[1]):
        if len(systems[0]) != 1 or len(systems[1]) != 1:
            told = " and ".join(", ".join(names) or "none" for names in systems)
            raise ConfigError(f"no summarizer is in both runs, and it is not one in each: {told}")
        (a,), (b,) = systems
        found = {key[0]: row for key, row in second.rows.items() if key[1] == b}
        return [
            ((key[0], f"{a} -> {b}"), row, found[key[0]])
            for key, row in first.rows.items()
            if key[1] == a and key[0] in found
        ]
    both = [(key, row, second.rows[key]) for key, row in first.rows.items() if key in second.rows]
    return [pair for pair in both if not pair[1].get("baseline")]


def _asked(run: Run) -> list[str]:
    """Summarizers of a run of notes, without baselines."""
    return list(
        dict.fromkeys(
            str(row["system"]) for row in run.rows.values() if "system" in row and not row.get("baseline")
        )
    )


def _same_references(
    pairs: Sequence[tuple[Key, Mapping[str, Any], Mapping[str, Any]]], first: Run, second: Run
) -> None:
    name = "reference_sha256"
    changed = [key for key, a, b in pairs if a.get(name) != b.get(name)]
    if changed:
        more = f" and {len(changed) - 1} more" if len(changed) > 1 else ""
        raise ConfigError(
            f"{first.source} and {second.source} have other references of {changed[0][0]}{more}"
        )


def share_of(metric: Metric, row: Mapping[str, Any], where: str) -> Share | None:
    """A metric of a call, None where it has none. Raises `InputError` with `where` for what is no row."""
    found = row.get(metric.field)
    if found is None:
        return None
    if not metric.parts:
        return Share(_number(found, f"{where}: {metric.field}"), 1.0)
    if not isinstance(found, Mapping):
        raise InputError(f"{where}: {metric.field}: expected counts")
    numbers = [
        _number(found.get(name), f"{where}: {metric.field}.{name}") for name in (*metric.parts, metric.whole)
    ]
    return Share(sum(numbers[:-1]), numbers[-1])


def _number(value: Any, where: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or value < 0:
        raise InputError(f"{where}: expected a number that is not negative, found {json.dumps(value)[:40]}")
    return float(value)


def _compared(
    metric: Metric, found: Iterable[tuple[Share | None, Share | None]], clusters: Sequence[Any]
) -> Compared:
    both = [
        (a, b, who) for (a, b), who in zip(found, clusters, strict=True) if a is not None and b is not None
    ]
    before, after = [a for a, _, _ in both], [b for _, b, _ in both]
    rates = _rate(before), _rate(after)
    names = [who for _, _, who in both]
    clustered = any(name is not None for name in names)
    if clustered:
        before, after = _summed(before, names), _summed(after, names)
    difference = paired_difference(after, before, same_whole=metric.same_whole)
    return Compared(metric.name, *rates, difference, "associates" if clustered else "calls")


def _summed(shares: Sequence[Share], names: Sequence[Any]) -> list[Share]:
    """A share a name, in the order in which names are first met."""
    sums: dict[str, Share] = {}
    for share, name in zip(shares, names, strict=True):
        known = sums.get(str(name), Share(0.0, 0.0))
        sums[str(name)] = Share(known.part + share.part, known.whole + share.whole)
    return list(sums.values())


def _rate(shares: Sequence[Share]) -> float | None:
    whole = sum(share.whole for share in shares)
    return sum(share.part for share in shares) / whole if whole else None


def _value(share: Share | None) -> float | None:
    return share.part / share.whole if share is not None and share.whole else None
