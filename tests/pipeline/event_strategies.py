"""Any event of the union, made from what its class says of its fields."""

from __future__ import annotations

from dataclasses import is_dataclass
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from hypothesis import strategies as st

from pipeline.core.events import DurableEvent, Event

TEN_DAYS_SAMPLES = 10 * 24 * 3_600 * 16_000

times = st.integers(0, TEN_DAYS_SAMPLES)

SCALARS: dict[Any, st.SearchStrategy[Any]] = {
    bool: st.booleans(),
    int: st.integers(0, 1_000),
    float: st.floats(allow_nan=False, allow_infinity=False),
    str: st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=12),
    NoneType: st.none(),
}


def values_of(hint: Any) -> st.SearchStrategy[Any]:
    """Values that a field with this hint may have."""
    arguments = get_args(hint)
    if is_dataclass(hint):
        return instances(hint)
    if get_origin(hint) is Literal:
        return st.sampled_from(arguments)
    if get_origin(hint) in (Union, UnionType):
        return st.one_of([values_of(option) for option in arguments])
    if get_origin(hint) is tuple and arguments[-1] is Ellipsis:
        return st.lists(values_of(arguments[0]), max_size=3).map(tuple)
    if get_origin(hint) is tuple:
        return st.tuples(*map(values_of, arguments))
    return SCALARS[hint]


def instances(event: Any) -> st.SearchStrategy[Any]:
    """Values of a dataclass, every field drawn."""
    fields = {
        name: times if name.endswith("_samples") and hint is int else values_of(hint)
        for name, hint in get_type_hints(event).items()
    }
    return st.builds(event, **fields)


events: st.SearchStrategy[Event] = st.one_of([instances(event) for event in get_args(Event)])
durable_events: st.SearchStrategy[DurableEvent] = st.one_of(
    [instances(event) for event in get_args(DurableEvent)]
)
