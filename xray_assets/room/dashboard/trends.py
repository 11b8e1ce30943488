"""The dashboard's charts: evidence over time, and day by day. Pure; drawn by the browser."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import polars as pl

from xray_assets.cases.summaries.traffic import latency_counts
from xray_assets.catalog import CLINICAL
from xray_assets.pictures.charts import line_chart
from xray_assets.pictures.decisions import evidence_chart
from xray_assets.statistics.histogram import quantile
from xray_assets.statistics.resolution import RESOLUTION

MOST_POINTS = 80
"""Points of a line: more are thinned out evenly, the last one stays."""


@dataclass(frozen=True)
class Chart:
    """A Vega-Lite specification, and what it shows in a sentence."""

    name: str
    specification: Mapping[str, Any]
    told: str


def evidence(decisions: pl.DataFrame, rule: Mapping[str, Any]) -> Chart | None:
    """The four e-values over reviewed cases; None before the first decision."""
    if decisions.is_empty():
        return None
    needed = {"promote": rule["promote_evidence"], "roll_back": rule["rollback_evidence"]}
    drawn = evidence_chart(thinned(decisions.sort("decided_at")), **needed)
    last = decisions.sort("decided_at").row(-1, named=True)
    told = (
        f"Evidence over {last['n_reviewed']:,} reviewed cases. Better: {last['e_better']:,.3g}, "
        f"misses no more: {last['e_not_missing_more']:,.3g}; "
        f"promotion needs {needed['promote']:g} of both."
    )
    return Chart("evidence", drawn.to_dict(validate=False), told)


def daily_accuracy(summary: pl.DataFrame, names: Sequence[str]) -> Chart | None:
    """Accuracy by day and served model: weighted where chances of review were logged, else as
    read; None before the first read. `names`: served models in the order of their colours, before
    all others.
    """
    is_weighted = summary["weighted_accuracy"].count() > 0
    column = "weighted_accuracy" if is_weighted else "accuracy"
    read = summary.drop_nulls(column).sort("date")
    if read.is_empty():
        return None
    series = _by_model(read.with_columns(pl.col(column) * 100), column, names)
    of = "drawn cases, weighted by their chance" if is_weighted else "the cases that were read"
    told = f"Accuracy day by day of what each model served, in percent of {of}."
    drawn = line_chart("Accuracy", series, y_label="percent", dates=True)
    return Chart("accuracy", drawn.to_dict(validate=False), told)


def daily_requests(
    traffic: pl.DataFrame, names: Sequence[str], *, counted: str = CLINICAL
) -> Chart | None:
    """Images of the purpose `counted` by day and served model; None before the first one. `names`
    as above.
    """
    counting = traffic.filter(pl.col("purpose") == counted)
    if counting.is_empty():
        return None
    days = counting.group_by("served_model_name", "date").agg(pl.col("n").sum()).sort("date")
    series = _by_model(days, "n", names)
    drawn = line_chart("Images", series, y_label="images a day", dates=True)
    return Chart(
        "images", drawn.to_dict(validate=False), "Images a day, by the model that answered."
    )


def daily_latency(traffic: pl.DataFrame) -> Chart | None:
    """p50 and p95 of all answers by day; None before the first one."""
    days = traffic.sort("date").group_by("date", maintain_order=True)
    counts = [(day, latency_counts(its).sum(axis=0)) for (day,), its in days]
    answered = [(day, its) for day, its in counts if its.sum()]
    if not answered:
        return None
    series = {
        name: [(_milliseconds(day), quantile(its, share)) for day, its in answered]
        for name, share in (("p50", 0.5), ("p95", 0.95))
    }
    drawn = line_chart("Latency", series, y_label="milliseconds", dates=True)
    told = f"Latency of the endpoint day by day, to {RESOLUTION:.0%}."
    return Chart("latency", drawn.to_dict(validate=False), told)


def thinned(rows: pl.DataFrame) -> pl.DataFrame:
    """At most MOST_POINTS rows, evenly chosen, with the last one."""
    step = -(-rows.height // MOST_POINTS)
    return rows.reverse().gather_every(max(1, step)).reverse()


def _by_model(
    rows: pl.DataFrame, column: str, names: Sequence[str]
) -> dict[str, list[tuple[float, float]]]:
    found = rows["served_model_name"].unique().sort().to_list()
    series = {}
    for name in dict.fromkeys([*(name for name in names if name in found), *found]):
        its = rows.filter(pl.col("served_model_name") == name)
        series[name] = _points(its["date"], its[column])
    return series


def _points(days: pl.Series, values: pl.Series) -> list[tuple[float, float]]:
    return [(_milliseconds(day), float(value)) for day, value in zip(days, values, strict=True)]


def _milliseconds(day: date) -> float:
    """Since 1970, as a time axis wants it."""
    return (day - date(1970, 1, 1)).days * 86_400_000.0
