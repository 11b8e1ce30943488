"""Bar charts and line charts: one Vega-Lite specification each, by altair.

They show figures; they compute none. Drawn by `drawing`, or by a browser. Not here: pictures of
films (`contact_sheet`), tables (`decisions`).
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import altair as alt

COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")
"""Okabe and Ito's palette: told apart by colour-blind readers. Champion first."""

MUTED = "#666666"
_WIDTH, _HEIGHT = 400, 190
_SMALLEST, _LARGEST = 1e-100, 1e15
_LEGEND_LETTERS = 50
"""Longer names stand one below the other."""

Points = Sequence[tuple[float, float]]


def bar_chart(title: str, groups: Mapping[str, Mapping[str, float]], *, unit: str = "") -> Any:
    """Grouped bars with their values: `groups[place on the axis][series] = value`."""
    import altair as alt

    rows = [
        {"group": group, "series": name, "value": value}
        for group, values in groups.items()
        for name, value in values.items()
    ]
    axis = alt.Axis(labelAngle=0, title=None)
    base = alt.Chart(alt.Data(values=rows)).encode(
        x=alt.X("group:N", sort=list(groups), axis=axis),
        xOffset=alt.XOffset("series:N"),
        y=alt.Y("value:Q", title=unit),
    )
    bars = base.mark_bar().encode(color=_colour([row["series"] for row in rows]))
    values = base.mark_text(dy=-6, fontSize=9).encode(text=alt.Text("value:Q", format=","))
    return _titled(alt.layer(bars, values), title)


def line_chart(
    title: str,
    series: Mapping[str, Points],
    *,
    x_label: str = "",
    y_label: str = "",
    levels: Mapping[str, float] | None = None,
    marks: Mapping[str, tuple[float, float]] | None = None,
    ranges: Mapping[str, Sequence[tuple[float, float, float]]] | None = None,
    logarithmic: bool = False,
    diagonal: bool = False,
    dates: bool = False,
) -> Any:
    """Lines through (x, y); `levels` are named dashed rules across, `marks` named single points,
    `ranges` the areas (x, low, high) of series, in their colours.

    `logarithmic` puts y on a log scale (values not above 0 are left out); `diagonal` draws y = x.
    `dates`: x is a day, in milliseconds since 1970, UTC. Points that are not finite (or beyond
    1e15) are left out.
    """
    import altair as alt

    x = (
        alt.X("x:T", title=x_label, scale=alt.Scale(type="utc"), axis=alt.Axis(tickCount=6))
        if dates
        else alt.X("x:Q", title=x_label, scale=alt.Scale(zero=False))
    )
    scale = alt.Scale(type="log") if logarithmic else alt.Scale(zero=False)
    y = alt.Y("y:Q", title=y_label, scale=scale, axis=alt.Axis(tickCount=6))
    rows = [
        {"series": name, "order": order, "x": at, "y": float(f"{value:.6g}")}
        for name, points in series.items()
        for order, (at, value) in enumerate((_visible(x), _visible(y)) for x, y in points)
        if abs(at) <= _LARGEST and abs(value) <= _LARGEST and (value > 0 or not logarithmic)
    ]
    lines = alt.Chart(alt.Data(values=rows)).mark_line(point=len(rows) < 50)
    colour = _colour(list(series))
    layers = [lines.encode(x=x, y=y, order="order:Q", color=colour)]
    if ranges:
        rows = [
            {"series": name, "x": at, "y": low, "high": high}
            for name, points in ranges.items()
            for at, low, high in points
        ]
        area = alt.Chart(alt.Data(values=rows)).mark_area(opacity=0.15)
        layers.append(area.encode(x=x, y=y, y2="high:Q", color=colour))
    named = [{"name": name, "y": value} for name, value in (levels or {}).items()]
    across = alt.Chart(alt.Data(values=named))
    if named:
        layers.append(across.mark_rule(strokeDash=[4, 3], color=MUTED).encode(y=y))
        words = across.mark_text(align="right", dy=-5, color=MUTED, fontSize=9)
        layers.append(words.encode(x=alt.value(_WIDTH), y=y, text="name:N"))
    if diagonal:
        ends = alt.Chart(alt.Data(values=[{"x": 0, "y": 0}, {"x": 1, "y": 1}]))
        layers.append(
            ends.mark_line(strokeDash=[4, 3], color=MUTED, strokeWidth=1).encode(x=x, y=y)
        )
    if marks:
        rows = [{"name": name, "x": at, "y": value} for name, (at, value) in marks.items()]
        single = alt.Chart(alt.Data(values=rows)).encode(x=x, y=y)
        layers.append(single.mark_point(color=COLOURS[1], filled=True, size=70))
        layers.append(single.mark_text(align="left", dx=7, dy=9).encode(text="name:N"))
    return _titled(alt.layer(*layers), title)


def _visible(value: float) -> float:
    """A value so small that an axis cannot be divided is 0."""
    return value if abs(value) > _SMALLEST or value != value else 0.0


def _colour(names: Sequence[str]) -> "alt.Color":
    import altair as alt

    names = list(dict.fromkeys(names))
    columns = 1 if sum(map(len, names)) > _LEGEND_LETTERS else len(names)
    told = alt.Legend(title=None, orient="top", labelLimit=_WIDTH, columns=columns, symbolOpacity=1)
    legend = told if len(names) > 1 else None
    return alt.Color("series:N", scale=alt.Scale(domain=names, range=list(COLOURS)), legend=legend)


def _titled(chart: Any, title: str) -> Any:
    return chart.properties(title=title, width=_WIDTH, height=_HEIGHT).configure(
        background="white", aria=False
    )
