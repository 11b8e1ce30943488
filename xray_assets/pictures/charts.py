"""Bar charts, line charts and confusion matrices as Markdown images.

They show figures; they compute none. Not here: pictures of films (`contact_sheet`).
"""

import math
from collections.abc import Mapping, Sequence

from xray_assets.pictures.svg import (
    COLOURS,
    GRID,
    INK,
    MUTED,
    box,
    colours,
    document,
    legend,
    markdown,
    number,
    path,
    text,
)

_WIDTH, _HEIGHT = 460, 260
_LEFT, _RIGHT, _TOP, _BOTTOM = 52, 16, 52, 40

_FLAT = 1e-9
"""Relative span below which an axis counts as one value."""

_LARGEST = 1e15

Points = Sequence[tuple[float, float]]


def bar_chart(title: str, groups: Mapping[str, Mapping[str, float]], *, unit: str = "") -> str:
    """Grouped bars: `groups[place on the axis][series] = value`, values not negative.

    A series that a group lacks leaves a gap.
    """
    series = list(dict.fromkeys(name for values in groups.values() for name in values))
    top = max((value for values in groups.values() for value in values.values()), default=0) or 1
    shown, scale = [_axes(_ticks(0, top), unit)], _scale(0, _ticks(0, top)[-1])
    room = (_WIDTH - _LEFT - _RIGHT) / max(1, len(groups))
    bar = 0.8 * room / max(1, len(series))
    for place, (name, values) in enumerate(groups.items()):
        left = _LEFT + room * (place + 0.1)
        shown.append(text(left + 0.4 * room, _HEIGHT - 22, name, anchor="middle"))
        for offset, (label, colour) in enumerate(zip(series, colours(len(series)), strict=True)):
            if label not in values:
                continue
            x, y = left + bar * offset, scale(values[label])
            shown.append(box(x, y, bar - 1, _HEIGHT - _BOTTOM - y, colour))
            if bar >= 22:
                value = number(values[label])
                shown.append(text(x + bar / 2, y - 3, value, size=9, anchor="middle"))
    if len(series) > 1:
        shown.append(legend(series, x=_LEFT, y=38))
    return markdown(document(_WIDTH, _HEIGHT, title, shown), title=title)


def line_chart(
    title: str,
    series: Mapping[str, Points],
    *,
    x_label: str = "",
    y_label: str = "",
    levels: Mapping[str, float] | None = None,
    logarithmic: bool = False,
    diagonal: bool = False,
) -> str:
    """Lines through (x, y); `levels` are named dashed rules across.

    `logarithmic` puts y on a log10 scale (values not above 0 are left out); `diagonal` draws y = x,
    the chance line of a ROC curve. Points that are not finite (or beyond 1e15) are left out.
    """
    levels = levels or {}
    lines = {
        name: [
            (x, _log(y) if logarithmic else y) for x, y in points if _drawable(x, y, logarithmic)
        ]
        for name, points in series.items()
    }
    rules = {name: _log(y) if logarithmic else y for name, y in levels.items()}
    xs = [x for points in lines.values() for x, _ in points] or [0.0, 1.0]
    ys = [y for points in lines.values() for _, y in points] + list(rules.values()) or [0.0, 1.0]
    ticks = _ticks(min(ys), max(ys))
    low, high = min(xs), max(xs)
    if high - low <= _FLAT * max(1, abs(low)):
        high = low + max(1, abs(low))
    across, up = _WIDTH - _LEFT - _RIGHT, _scale(ticks[0], ticks[-1])

    def at(x: float, y: float) -> tuple[float, float]:
        return _LEFT + across * (x - low) / (high - low), up(y)

    shown = [_axes(ticks, y_label, logarithmic=logarithmic)]
    shown += [
        text(at(x, 0)[0], _HEIGHT - 24, number(x), size=9, anchor="middle", colour=MUTED)
        for x in (low, (low + high) / 2, high)
    ]
    shown.append(text(_LEFT + across / 2, _HEIGHT - 8, x_label, anchor="middle", colour=MUTED))
    if diagonal:
        shown.append(path([at(low, low), at(high, high)], MUTED, dashed=True))
    for name, y in rules.items():
        shown.append(path([at(low, y), at(high, y)], MUTED, dashed=True))
        # the highest rule is named above its line, lower ones below: close ones do not overlap
        beside = -3 if y == max(rules.values()) else 10
        shown.append(
            text(_WIDTH - _RIGHT, up(y) + beside, name, size=9, anchor="end", colour=MUTED)
        )
    for points, colour in zip(lines.values(), colours(len(lines)), strict=True):
        shown.append(path([at(x, y) for x, y in points], colour))
    shown.append(legend(list(lines), x=_LEFT, y=38))
    return markdown(document(_WIDTH, _HEIGHT, title, shown), title=title)


def confusion_matrix(title: str, *, tp: int, fp: int, tn: int, fn: int) -> str:
    """Truth down, answer across; each row is shaded by its shares."""
    rows = (("PNEUMONIA", (tp, fn), (True, False)), ("NORMAL", (fp, tn), (False, True)))
    cell, left, top = 96, 96, 62
    shown = [
        text(left + cell / 2, top - 8, "says pneumonia", anchor="middle", colour=MUTED),
        text(left + 1.5 * cell, top - 8, "says normal", anchor="middle", colour=MUTED),
    ]
    for row, (truth, counts, right) in enumerate(rows):
        y = top + row * cell
        shown.append(text(left - 8, y + cell / 2, truth, anchor="end"))
        for column, (count, correct) in enumerate(zip(counts, right, strict=True)):
            x, share = left + column * cell, count / sum(counts) if sum(counts) else 0.0
            colour = COLOURS[0] if correct else COLOURS[1]
            shown.append(box(x, y, cell - 2, cell - 2, colour, 0.08 + 0.6 * share))
            middle = x + cell / 2 - 1
            shown.append(text(middle, y + 46, f"{count:,}", size=18, anchor="middle", bold=True))
            shown.append(text(middle, y + 64, f"{share:.1%}", anchor="middle", colour=INK))
    return markdown(document(left + 2 * cell + 12, top + 2 * cell + 8, title, shown), title=title)


def _axes(ticks: Sequence[float], unit: str, *, logarithmic: bool = False) -> str:
    scale = _scale(ticks[0], ticks[-1])
    parts = [text(_LEFT - 6, _TOP - 14, unit, size=9, anchor="end", colour=MUTED)] if unit else []
    for tick in ticks:
        y = scale(tick)
        name = number(10**tick) if logarithmic else number(tick)
        parts.append(box(_LEFT, y, _WIDTH - _LEFT - _RIGHT, 1, GRID))
        parts.append(text(_LEFT - 6, y + 4, name, size=9, anchor="end", colour=MUTED))
    return "".join(parts)


def _scale(low: float, high: float):
    height = _HEIGHT - _TOP - _BOTTOM
    return lambda value: _TOP + height * (1 - (value - low) / ((high - low) or 1))


def _ticks(low: float, high: float) -> list[float]:
    """Round steps that cover low to high, about four of them."""
    span = high - low
    if span <= _FLAT * max(1, abs(high)):
        span = max(1, abs(high))
    magnitude = 10 ** math.floor(math.log10(span / 4))
    step = next(m * magnitude for m in (1, 2, 2.5, 5, 10) if m * magnitude >= span / 4)
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    return [round(place * step, 12) for place in range(first, max(last, first + 1) + 1)]


def _drawable(x: float, y: float, logarithmic: bool) -> bool:
    return abs(x) <= _LARGEST and abs(y) <= _LARGEST and (y > 0 or not logarithmic)


def _log(value: float) -> float:
    return math.log10(value)
