"""What a day's report holds: the dashboard's own parts as they stand when it is written, and the
day itself. Pure but for the look at the tables.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

import polars as pl

from xray_assets.catalog import CLINICAL
from xray_assets.lake.tables import Tables
from xray_assets.pictures.drawing import svg_of
from xray_assets.rollout.guards import GuardLimits
from xray_assets.room.dashboard.look import Look
from xray_assets.room.dashboard.page import Dashboard, dashboard
from xray_assets.room.dashboard.trends import Chart
from xray_assets.room.dashboard.verdict import VerdictView
from xray_assets.room.figures import Source
from xray_assets.room.pages import TEMPLATES
from xray_assets.room.records.models import Model
from xray_assets.room.records.timeline import Event, between, timeline


@dataclass(frozen=True)
class Served:
    """What one model answered on the day."""

    served_name: str
    images: int
    failed: int
    fallbacks: int
    read: int
    missed: int
    false_alarms: int


@dataclass(frozen=True)
class DailyReport:
    """`board`: the dashboard when it was written; the rest is of the day (UTC) alone."""

    day: date
    written_at: datetime
    environment: str
    board: Dashboard
    served: tuple[Served, ...]
    events: tuple[Event, ...]

    @property
    def key(self) -> str:
        """Of its notice: one a day."""
        return f"daily_report/{self.environment}/{self.day}"

    @property
    def subject(self) -> str:
        """Of its notice."""
        verdict = self.board.verdict.shown
        return f"X-ray classifiers, {self.day}: {verdict.code if verdict else 'no verdict'}"

    @property
    def text(self) -> str:
        """Its first lines, without figures of single cases."""
        images = sum(one.images for one in self.served)
        lines = [
            *_first_lines(self.board.verdict.shown, self.board.verdict.nothing),
            f"{self.day}: {images:,} images answered.",
            *(f"{event.what} (by {event.by})" if event.by else event.what for event in self.events),
            "Not for clinical use.",
        ]
        return "\n".join(lines)

    def html(self) -> str:
        """The whole report as one HTML file: charts are SVG, nothing is loaded, no script."""
        charts = (self.board.evidence.shown, *(self.board.charts.shown or ()))
        pictures = {one.name: _picture(one) for one in charts if one}
        template = TEMPLATES.get_template("daily_report/report.html")
        return template.render(report=self, board=self.board, pictures=pictures)

    @property
    def sources(self) -> tuple[Source, ...]:
        """Every table that it rests on, once."""
        parts = (self.board.verdict, self.board.models, self.board.health, self.board.traffic)
        return tuple(dict.fromkeys(source for part in parts for source in part.sources))


def daily_report(
    look: Look,
    tables: Tables,
    limits: GuardLimits,
    *,
    day: date,
    environment: str,
    trained: Sequence[Model] = (),
    now: datetime,
) -> DailyReport:
    """The report of a day, as the tables stand now."""
    start = datetime.combine(day, time.min, UTC)
    events = between(timeline(tables, trained), start, start + timedelta(days=1))
    return DailyReport(
        day,
        now,
        environment,
        dashboard(look, limits),
        served_on(look.traffic, look.summary, day, counted=look.counted),
        tuple(reversed(events)),
    )


def served_on(
    traffic: pl.DataFrame, summary: pl.DataFrame, day: date, *, counted: str = CLINICAL
) -> tuple[Served, ...]:
    """From rows of gold.hourly_traffic and gold.model_comparison_summary."""
    images = (
        traffic.filter(pl.col("date") == day, pl.col("purpose") == counted)
        .group_by("served_model_name")
        .agg(pl.col("n", "failed", "fallbacks").sum())
    )
    reads = summary.filter(pl.col("date") == day).select(
        "served_model_name", "feedback_count", "fn", "fp"
    )
    rows = images.join(reads, on="served_model_name", how="left").sort("served_model_name")
    return tuple(Served(*row) for row in rows.fill_null(0).iter_rows())


def _first_lines(verdict: VerdictView | None, nothing: str) -> tuple[str, ...]:
    if verdict is None:
        return (nothing,)
    return (verdict.headline, verdict.state, *verdict.why, verdict.missing)


def _picture(chart: Chart) -> str:
    return svg_of(chart.specification)
