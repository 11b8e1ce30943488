"""Traffic as it was wanted and as it came: shares, errors, latency and coverage by served model.

Pure.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import polars as pl

from xray_assets.cases.summaries.traffic import latency_counts
from xray_assets.catalog import CLINICAL
from xray_assets.rollout.guards import ArmTraffic
from xray_assets.room.figures import Figure
from xray_assets.statistics.histogram import quantile
from xray_assets.statistics.intervals import wilson

WINDOW = timedelta(days=7)
"""What is shown as the present: the last days up to the newest one with traffic."""


@dataclass(frozen=True)
class Arm:
    """One served model under the config in force. `wanted`: its share of the traffic by that
    config; the other figures are those of the images that assignment gave it.
    """

    served_name: str
    role: str
    wanted: Figure
    actual: Figure
    failed: Figure
    fallbacks: Figure
    p50: Figure
    p95: Figure
    coverage: Figure


@dataclass(frozen=True)
class Confusion:
    """Consensus counts of what a model answered."""

    served_model_name: str
    tp: int
    fp: int
    tn: int
    fn: int


@dataclass(frozen=True)
class TrafficView:
    """Arms of the newest config, and confusion matrices of the days shown.

    days: first and last of them. other: images that are not clinical, which count nowhere.
    """

    config_version: int
    days: tuple[date, date]
    arms: tuple[Arm, ...]
    confusions: tuple[Confusion, ...]
    other: int


def traffic_view(
    traffic: pl.DataFrame,
    configs: pl.DataFrame,
    summary: pl.DataFrame,
    *,
    counted: str = CLINICAL,
) -> TrafficView | None:
    """From rows of gold.hourly_traffic, gold.endpoint_config and gold.model_comparison_summary;
    None before the first request or config.
    """
    if traffic.is_empty() or configs.is_empty():
        return None
    newest = configs.filter(pl.col("config_version") == pl.col("config_version").max())
    last: date = traffic["date"].max()  # type: ignore[assignment]
    first = last - WINDOW + timedelta(days=1)
    recent = traffic.filter(pl.col("date") >= first)
    counting = recent.filter(pl.col("purpose") == counted)
    under = counting.filter(pl.col("config_version") == newest["config_version"][0])
    days = summary.filter(pl.col("date") >= first)
    rows = newest.sort("role").iter_rows(named=True)
    return TrafficView(
        newest["config_version"][0],
        (first, last),
        tuple(_arm(row, under, days) for row in rows),
        confusions(days),
        int(recent["n"].sum()) - int(counting["n"].sum()),
    )


def _arm(row: Mapping[str, object], traffic: pl.DataFrame, days: pl.DataFrame) -> Arm:
    name = str(row["served_model_name"])
    its = traffic.filter(pl.col("assigned_model_name") == name)
    n, every = int(its["n"].sum()), int(traffic["n"].sum())
    latency = latency_counts(its).sum(axis=0) if its.height else []
    labelled = days.filter(pl.col("served_model_name") == name)
    wanted = float(row["traffic_percentage"]) / 100  # type: ignore[arg-type]
    return Arm(
        served_name=name,
        role=str(row["role"]),
        wanted=Figure("wanted", wanted, digits=0),
        actual=_share("actual", n, every),
        failed=_share("failed", int(its["failed"].sum()), n),
        fallbacks=_share("fallbacks", int(its["fallbacks"].sum()), n),
        p50=_milliseconds("p50", latency, 0.5),
        p95=_milliseconds("p95", latency, 0.95),
        coverage=_share(
            "coverage",
            int(labelled["feedback_count"].sum()),
            int(labelled["total_predictions"].sum()),
        ),
    )


def confusions(days: pl.DataFrame) -> tuple[Confusion, ...]:
    """One a served model with a consensus, added up over rows of gold.model_comparison_summary."""
    sums = days.group_by("served_model_name").agg(pl.col("tp", "fp", "tn", "fn").sum())
    read = sums.filter(pl.sum_horizontal("tp", "fp", "tn", "fn") > 0).sort("served_model_name")
    return tuple(Confusion(**row) for row in read.iter_rows(named=True))


def arm_traffic(
    traffic: pl.DataFrame, config_version: int, served_name: str, *, counted: str = CLINICAL
) -> ArmTraffic | None:
    """What the guards look at: images of the purpose `counted` that a config assigned to a served
    entity.
    """
    its = traffic.filter(
        pl.col("config_version") == config_version,
        pl.col("assigned_model_name") == served_name,
        pl.col("purpose") == counted,
    )
    if its.is_empty():
        return None
    n, failed, fallbacks = its.select(pl.col("n", "failed", "fallbacks").sum()).row(0)
    p95 = quantile(latency_counts(its).sum(axis=0), 0.95)
    return ArmTraffic(served_name, n, failed, fallbacks, p95)


def _share(name: str, part: int, whole: int) -> Figure:
    found = wilson(min(part, whole), whole)
    return Figure(name, float(found.value), float(found.low), float(found.high), whole)


def _milliseconds(name: str, counts: Sequence[int], share: float) -> Figure:
    n = sum(counts)
    value = quantile(counts, share) if n else None
    return Figure(name, value, n=n, percent=False, unit="ms")
