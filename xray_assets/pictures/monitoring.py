"""Charts of judged days: levels, evidence by family and by stream, and the champion's figures. Each
is an altair chart of a frame that is ready to be drawn.
"""

from typing import Any

import polars as pl

from xray_assets.pictures.charts import COLOURS, MUTED

LEVEL_COLOURS = {
    "NONE": COLOURS[2],
    "MINOR": "#F0E442",
    "MODERATE": COLOURS[4],
    "MAJOR": COLOURS[1],
    "CONCEPT": COLOURS[3],
    "UNKNOWN": "#999999",
}
"""Of Okabe and Ito's palette; what is not known is grey."""

_WIDTH, _ROW = 400, 12


def level_strip(days: pl.DataFrame) -> Any:
    """A square a day, in the colour of its level. days: date, level, kind."""
    import altair as alt

    named = alt.Scale(domain=list(LEVEL_COLOURS), range=list(LEVEL_COLOURS.values()))
    base = alt.Chart(_data(days)).mark_rect(stroke="white", strokeWidth=0.5)
    strip = base.encode(
        x=alt.X("date:O", timeUnit="utcyearmonthdate", title=None, axis=_few_dates(days)),
        color=alt.Color("level:N", scale=named, legend=alt.Legend(title=None, orient="top")),
    )
    return _sized(strip, "Level of each day", height=120)


def family_evidence(evidence: pl.DataFrame, *, alarm: float) -> Any:
    """The strongest stream of each family, day by day, as a power of ten; the alarm's threshold
    across. evidence: date, family, log_e; alarm: natural logarithm, as `log_e`.
    """
    import altair as alt

    strongest = evidence.group_by("date", "family").agg(pl.col("log_e").max() / _TEN).sort("date")
    y = alt.Y("log_e:Q", title="evidence, powers of ten")
    lines = (
        alt.Chart(_data(strongest))
        .mark_line(point=strongest.height < 60)
        .encode(x=_days(), y=y, color=alt.Color("family:N", scale=alt.Scale(range=[*COLOURS])))
    )
    across = alt.Chart(alt.Data(values=[{"log_e": alarm / _TEN}])).mark_rule(
        strokeDash=[4, 3], color=MUTED
    )
    return _sized(alt.layer(lines, across.encode(y=y)), "Evidence by family", height=190)


def stream_heat(evidence: pl.DataFrame, *, most: int = 24) -> Any:
    """Evidence of a day's strongest streams, by site, as powers of ten. evidence: site, stream,
    log_e; the empty site is all.
    """
    import altair as alt

    strongest = evidence.group_by("stream").agg(pl.col("log_e").max()).top_k(most, by="log_e")
    shown = evidence.join(strongest.select("stream"), on="stream").with_columns(
        site=pl.col("site").replace("", "all"), power=pl.col("log_e") / _TEN
    )
    names = strongest.sort("log_e", descending=True)["stream"].to_list()
    heat = alt.Scale(domainMid=0, scheme="purpleorange", reverse=True)
    squares = alt.Chart(_data(shown)).mark_rect()
    drawn = squares.encode(
        x=alt.X("site:N", title=None, axis=alt.Axis(labelAngle=0)),
        y=alt.Y("stream:N", title=None, sort=names),
        color=alt.Color("power:Q", scale=heat, legend=alt.Legend(title="powers of ten")),
    )
    return _sized(drawn, "Streams and sites on the last day", height=_ROW * max(len(names), 2))


def accuracy_by_day(estimates: pl.DataFrame) -> Any:
    """Accuracy as estimated without truth, and as reads say, with their interval. estimates: rows
    of gold.estimated_performance of one role and site.
    """
    import altair as alt

    named = estimates.select(
        "date", "accuracy_low", "accuracy_high", estimated="estimated_accuracy", reads="accuracy"
    )
    long = named.unpivot(["estimated", "reads"], index="date", variable_name="by")
    y = alt.Y("value:Q", title="accuracy", scale=alt.Scale(zero=False))
    colours = alt.Scale(domain=["reads", "estimated"], range=[COLOURS[0], COLOURS[4]])
    lines = alt.Chart(_data(long.drop_nulls())).mark_line(point=True)
    bounds = alt.Chart(_data(named.drop_nulls("accuracy_low"))).mark_rule(
        color=COLOURS[0], opacity=0.3
    )
    drawn = alt.layer(
        bounds.encode(x=_days(), y=alt.Y("accuracy_low:Q", title="accuracy"), y2="accuracy_high:Q"),
        lines.encode(x=_days(), y=y, color=alt.Color("by:N", scale=colours)),
    )
    return _sized(drawn, "Accuracy: estimated without truth, and by reads", height=190)


_TEN = 2.302585092994046


def _data(frame: pl.DataFrame) -> Any:
    import altair as alt

    dated = [pl.col(name).dt.strftime("%Y-%m-%d") for name in frame.columns if name == "date"]
    return alt.Data(values=frame.with_columns(dated).to_dicts())


def _days() -> Any:
    import altair as alt

    return alt.X("date:T", title=None, scale=alt.Scale(type="utc"), axis=alt.Axis(tickCount=6))


def _few_dates(days: pl.DataFrame) -> Any:
    import altair as alt

    every = max(1, days.height // 6)
    return alt.Axis(labelAngle=0, labelOverlap=True, format="%b %d", tickCount=every)


def _sized(chart: Any, title: str, *, height: int) -> Any:
    return chart.properties(title=title, width=_WIDTH, height=height).configure(
        background="white", aria=False
    )
