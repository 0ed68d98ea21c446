"""Charts as SVG inside a page: drawn to be read in print, without colours, and by a screen reader.

Each chart has a title and a description in words; lines differ by dashes and marks as well as by colour. The
colours are of Okabe and Ito's palette, which people with any colour vision can tell apart.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup, escape

WIDTH, HEIGHT = 720, 300
LEFT, RIGHT, TOP, BOTTOM = 56, 16, 16, 44
BLUE, VERMILION, GREY = "#0072b2", "#d55e00", "#555555"
SHADES = ("#0072b2", "#56b4e9", "#009e73", "#f0e442", "#e69f00", "#d55e00", "#999999")
"""Of the edit classes, in the order of the ladder."""


@dataclass(frozen=True, slots=True)
class Point:
    """A share at a day; with limits where they are known."""

    day: int
    value: float
    low: float | None = None
    high: float | None = None
    alarm: bool = False


@dataclass(frozen=True, slots=True)
class Part:
    """A named part of a bar; `count` of it."""

    name: str
    count: int


@dataclass(frozen=True, slots=True)
class Span:
    """A named value with its interval, which may not be known."""

    name: str
    value: float
    low: float | None
    high: float | None


@dataclass(frozen=True, slots=True)
class _Frame:
    """Where days and values lie in the picture."""

    first: int
    last: int
    top: float

    def x(self, day: float) -> str:
        wide = WIDTH - LEFT - RIGHT
        return f"{LEFT + wide * (day - self.first) / max(1, self.last - self.first):.1f}"

    def y(self, value: float) -> str:
        return f"{TOP + (HEIGHT - TOP - BOTTOM) * (1 - value / self.top):.1f}"


def rate_chart(title: str, points: Sequence[Point], marks: Sequence[int], axis: str) -> Markup:
    """A rate by day: its interval as a band, the days of `marks` as upright lines."""
    if not points:
        return _nothing(title)
    frame = _frame(points)
    described = (
        f"{title}: from {points[0].value:.1%} on day {points[0].day}"
        f" to {points[-1].value:.1%} on day {points[-1].day}."
    )
    body = [*_axes(frame, axis)]
    body += [
        _line(frame, ((m, 0.0), (m, frame.top)), GREY, "2 3") for m in marks if frame.first <= m <= frame.last
    ]
    body += [_band(frame, points), _line(frame, [(p.day, p.value) for p in points], BLUE)]
    return _svg(title, described, body)


def control_chart(title: str, points: Sequence[Point], axis: str) -> Markup:
    """A rate by day with its limits; days that alarm are ringed."""
    if not points:
        return _nothing(title)
    frame = _frame(points)
    alarms = [str(point.day) for point in points if point.alarm]
    described = f"{title}: {len(points)} days, " + (f"alarms on {_days(alarms)}." if alarms else "no alarm.")
    body = [*_axes(frame, axis), _band(frame, points)]
    body.append(_line(frame, [(point.day, point.value) for point in points], BLUE))
    body += [
        Markup('<circle cx="{}" cy="{}" r="6" fill="none" stroke="{}" stroke-width="2.5"/>').format(
            frame.x(point.day), frame.y(point.value), VERMILION
        )
        for point in points
        if point.alarm
    ]
    return _svg(title, described, body)


def sum_chart(title: str, points: Sequence[Point], limit: float, axis: str) -> Markup:
    """A CUSUM: `value` is the sum; the limit is a dashed line."""
    if not points:
        return _nothing(title)
    top = max(limit, *(point.value for point in points)) * 1.1
    frame = _Frame(points[0].day, points[-1].day, top)
    alarms = [str(point.day) for point in points if point.alarm]
    described = f"{title}: limit {limit:g}, " + (f"passed on {_days(alarms)}." if alarms else "not passed.")
    body = [*_axes(frame, axis, share=False)]
    body.append(_line(frame, ((frame.first, limit), (frame.last, limit)), VERMILION, "6 4"))
    body.append(_line(frame, [(point.day, point.value) for point in points], BLUE))
    return _svg(title, described, body)


def bars(title: str, rows: Sequence[tuple[str, Sequence[Part]]]) -> Markup:
    """A bar a row, cut into parts of its whole; each part has its name and share as a tooltip."""
    rows = [(name, parts) for name, parts in rows if sum(part.count for part in parts)]
    if not rows:
        return _nothing(title)
    height = 30 * len(rows) + 8
    body: list[Markup] = []
    told: list[str] = []
    for place, (name, parts) in enumerate(rows):
        whole = sum(part.count for part in parts)
        at = 160.0
        for shade, part in zip(SHADES, parts, strict=False):
            wide = (WIDTH - 176) * part.count / whole
            body.append(_bar_part(part, whole, (at, place * 30 + 4.0, wide), shade))
            at += wide
        body.append(_text(150, place * 30 + 20, name, "end"))
        shares = ", ".join(f"{part.name} {part.count / whole:.1%}" for part in parts if part.count)
        told.append(f"{name}: {shares}")
    return _svg(title, f"{title}. " + "; ".join(told) + ".", body, height)


def funnel(title: str, steps: Sequence[Part]) -> Markup:
    """Bars that become shorter: what is left of the first at each step."""
    whole = max((step.count for step in steps), default=0)
    if not whole:
        return _nothing(title)
    body: list[Markup] = []
    for place, step in enumerate(steps):
        wide = (WIDTH - 330) * step.count / whole
        body.append(_rectangle((110.0, place * 34 + 4.0, wide), BLUE))
        body.append(_text(100, place * 34 + 21, step.name, "end"))
        body.append(_text(118 + wide, place * 34 + 21, f"{step.count:,} ({step.count / whole:.1%})"))
    told = ", ".join(f"{step.name} {step.count:,}" for step in steps)
    return _svg(title, f"{title}: {told}.", body, 34 * len(steps) + 8)


def intervals(title: str, spans: Sequence[Span]) -> Markup:
    """A value a row with its interval, each row on a scale of its own; the upright line is 0."""
    if not spans:
        return _nothing(title)
    middle, reach = (WIDTH + 180) / 2, (WIDTH - 180) / 2 - 20
    height = 30 * len(spans) + 8
    body = [
        Markup('<line x1="{0}" y1="0" x2="{0}" y2="{1}" stroke="{2}"/>').format(middle, height, GREY),
    ]
    for place, span in enumerate(spans):
        limits = [limit for limit in (span.low, span.high) if limit is not None]
        widest = max(map(abs, (span.value, *limits))) or 1.0
        y = place * 30 + 19
        if len(limits) == 2:
            ends = [f"{middle + reach * limit / widest:.1f}" for limit in limits]
            body.append(
                Markup('<line x1="{}" y1="{}" x2="{}" y2="{}" stroke="{}" stroke-width="3"/>').format(
                    ends[0], y, ends[1], y, BLUE
                )
            )
        x = f"{middle + reach * span.value / widest:.1f}"
        body.append(Markup('<circle cx="{}" cy="{}" r="5" fill="{}"/>').format(x, y, BLUE))
        body.append(_text(170, y + 4, span.name, "end"))
    return _svg(title, f"{title}: " + "; ".join(map(_told, spans)) + ".", body, height)


def strips(title: str, rows: Sequence[tuple[str, Sequence[float], float]]) -> Markup:
    """Dots of values, a row each from 0 to its greatest, with an upright line at what all have together."""
    rows = [(name, values, whole) for name, values, whole in rows if values]
    if not rows:
        return _nothing(title)
    wide = WIDTH - 250
    body: list[Markup] = []
    for place, (name, values, whole) in enumerate(rows):
        most = max(*values, whole) or 1.0
        y = place * 34 + 19
        body.append(
            Markup('<line x1="180" y1="{0}" x2="{1}" y2="{0}" stroke="#cccccc"/>').format(y, 180 + wide)
        )
        body += [
            Markup('<circle cx="{:.1f}" cy="{}" r="5" fill="{}" fill-opacity="0.45"/>').format(
                180 + wide * value / most, y, BLUE
            )
            for value in values
        ]
        x = f"{180 + wide * whole / most:.1f}"
        body.append(
            Markup('<line x1="{0}" y1="{1}" x2="{0}" y2="{2}" stroke="{3}" stroke-width="3"/>').format(
                x, y - 12, y + 12, VERMILION
            )
        )
        body.append(_text(170, y + 4, name, "end"))
        body.append(_text(190 + wide, y + 4, f"{most:.3g}"))
    told = "; ".join(
        f"{name}: {len(values)} from {min(values):.3g} to {max(values):.3g}, together {whole:.3g}"
        for name, values, whole in rows
    )
    return _svg(title, f"{title}. {told}.", body, 34 * len(rows) + 8)


def _told(span: Span) -> str:
    interval = "" if span.low is None or span.high is None else f" ({span.low:+.4g} to {span.high:+.4g})"
    return f"{span.name} {span.value:+.4g}{interval}"


def _frame(points: Sequence[Point]) -> _Frame:
    highest = max(point.value if point.high is None else max(point.value, point.high) for point in points)
    top = next((step for step in (0.05, 0.1, 0.2, 0.5) if highest <= step), 1.0)
    return _Frame(points[0].day, points[-1].day, top)


def _axes(frame: _Frame, axis: str, share: bool = True) -> list[Markup]:
    marks: list[Markup] = []
    for step in range(5):
        value = frame.top * step / 4
        told = f"{value * 100:g} %" if share else f"{value:.1f}"
        marks.append(_line(frame, ((frame.first, value), (frame.last, value)), "#cccccc"))
        marks.append(_text(LEFT - 8, float(frame.y(value)) + 4, told, "end"))
    length = frame.last - frame.first
    each = next((step for step in (1, 5, 10, 20, 30, 60, 90, 180) if length <= 12 * step), 365)
    for day in range(-(-frame.first // each) * each, frame.last + 1, each):
        marks.append(_text(float(frame.x(day)), HEIGHT - BOTTOM + 18, str(day), "middle"))
    marks.append(_text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 6, axis, "middle"))
    return marks


def _band(frame: _Frame, points: Sequence[Point]) -> Markup:
    known = [(p.day, p.low, p.high) for p in points if p.low is not None and p.high is not None]
    if not known:
        return Markup("")
    upper = [f"{frame.x(day)},{frame.y(min(high, frame.top))}" for day, _, high in known]
    lower = [f"{frame.x(day)},{frame.y(low)}" for day, low, _ in reversed(known)]
    return Markup('<polygon points="{}" fill="{}" fill-opacity="0.2"/>').format(" ".join(upper + lower), BLUE)


def _line(frame: _Frame, points: Sequence[tuple[float, float]], colour: str, dash: str = "") -> Markup:
    places = " ".join(f"{frame.x(day)},{frame.y(value)}" for day, value in points)
    return Markup(
        '<polyline points="{}" fill="none" stroke="{}" stroke-width="{}" stroke-dasharray="{}"/>'
    ).format(places, colour, "1" if colour == "#cccccc" else "2", dash or "none")


def _rectangle(place: tuple[float, float, float], colour: str, tip: str = "") -> Markup:
    x, y, wide = place
    title = Markup("<title>{}</title>").format(tip) if tip else Markup("")
    return Markup(
        '<rect x="{:.1f}" y="{:.1f}" width="{:.1f}" height="22" fill="{}" stroke="#fff">{}</rect>'
    ).format(x, y, wide, colour, title)


def _bar_part(part: Part, whole: int, place: tuple[float, float, float], shade: str) -> Markup:
    drawn = _rectangle(place, shade, f"{part.name}: {part.count:,} of {whole:,}")
    x, y, wide = place
    if wide < 44:
        return drawn
    dark = shade in (BLUE, "#009e73", VERMILION)
    return drawn + _text(
        x + wide / 2, y + 16, f"{part.count / whole:.0%}", "middle", "#fff" if dark else "#000"
    )


def _text(x: float, y: float, text: str, anchor: str = "start", colour: str = "#222") -> Markup:
    return Markup('<text x="{:.1f}" y="{:.1f}" text-anchor="{}" fill="{}">{}</text>').format(
        x, y, anchor, colour, text
    )


def _svg(title: str, described: str, body: Sequence[Markup], height: int = HEIGHT) -> Markup:
    return Markup('<svg viewBox="0 0 {} {}" role="img" aria-label="{}"><title>{}</title>{}</svg>').format(
        WIDTH, height, described, title, Markup("\n").join(body)
    )


def _nothing(title: str) -> Markup:
    return Markup("<p>{}</p>").format(f"{title}: nothing to show.")


def _days(days: Sequence[str]) -> str:
    shown = ", ".join(days[:10])
    more = f" and {len(days) - 10} more" if len(days) > 10 else ""
    return f"day{'' if len(days) == 1 else 's'} {escape(shown)}{more}"
