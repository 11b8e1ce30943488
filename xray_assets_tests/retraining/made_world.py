"""A world in which models may be due to learn: real Delta tables, filled as their writers would,
the real sensor and the real asset on an instance in memory. No model and no film.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import dagster as dg
import polars as pl

from xray_assets import clock
from xray_assets.assets.retraining.requests import Ask, retraining_requests
from xray_assets.catalog import (
    BACKTESTS,
    FILM_FEATURES,
    HOURLY_TRAFFIC,
    MONITORING_RECORD,
    PREDICTION_FEEDBACK,
    RETRAINING_REQUESTS,
    REVIEW_ASSIGNMENTS,
    XRAY_METADATA,
    Key,
)
from xray_assets.contracts.tables import CONTRACTS
from xray_assets.deployments import ramp, resources
from xray_assets.retraining.requests import read_requests
from xray_assets.rollout.state import read_state, save
from xray_assets.sensors.retraining import retraining_due
from xray_assets.settings import Settings
from xray_assets_tests.rollout.examples import an_experiment

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
DAY = timedelta(days=1)


@cache
def one_instance() -> dg.DagsterInstance:
    """Of all worlds: making one costs more than a test."""
    return dg.DagsterInstance.ephemeral()


def filled(key: Key, **values: Any) -> dict[str, Any]:
    """A row of a table: what is told, and of the rest nothing, or what the contract needs."""
    plain: dict[Any, Any] = {
        pl.String: "-",
        pl.Int32: 0,
        pl.Int64: 0,
        pl.Float64: 0.0,
        pl.Boolean: False,
        pl.Date: NOW.date(),
    }
    row = {}
    for column in CONTRACTS[key].columns:
        empty = None if column.nullable else plain.get(column.dtype, NOW)
        if not column.nullable and column.allowed:
            empty = column.allowed[0]
        if not column.nullable and isinstance(column.dtype, pl.List):
            empty = []
        row[column.name] = values.pop(column.name, empty)
    assert not values, values
    return row


class Learning:
    """One state folder. Times are days before NOW, but for where the clock is set."""

    def __init__(self, state: Path, *, mode: str = "shadow", set_size: int = 700) -> None:
        self.settings = Settings(state=state, retrain=mode)
        self.room = resources(self.settings)
        self.tables = self.room.tables
        self.instance = one_instance()
        self.now = NOW
        self.cursor: str | None = None
        self._reads = 0
        films = [
            filled(XRAY_METADATA, image_id=f"film-{n}", image_width=9, image_height=9)
            for n in range(set_size)
        ]
        self._append(XRAY_METADATA, films)

    def _append(self, key: Key, rows: Sequence[dict[str, Any]]) -> None:
        self.tables.append(key, pl.DataFrame(rows, schema=CONTRACTS[key].schema))

    def reads(
        self,
        normal: int,
        pneumonia: int,
        *,
        site: str = "A",
        days_ago: float = 1,
        chance: float = 0.1,
        drawn: bool = True,
        answers: Sequence[str] = ("same",),
        **read: Any,
    ) -> None:
        """Drawn cases that readers have settled; `answers`: one a reader, of what they say."""
        at, cases, told = NOW - days_ago * DAY, [], []
        for truth in ["normal"] * normal + ["pneumonia"] * pneumonia:
            self._reads += 1
            request = f"request-{self._reads:06d}"
            case = {
                "request_id": request,
                "case_key": f"key-{self._reads}",
                "image_sha256": f"film-of-{request}",
                "site": site,
                "prediction_date": at.date(),
                "log_position": self._reads,
                "scored_at": at,
                "chance": chance,
                "drawn": drawn,
                "n_reads": 1,
            }
            cases.append(filled(REVIEW_ASSIGNMENTS, **case))
            for reader, said in enumerate(answers):
                other = {"normal": "pneumonia", "pneumonia": "normal"}[truth]
                answer = truth if said == "same" else other
                row = {
                    "feedback_id": f"{request}-{reader}",
                    "prediction_id": request,
                    "prediction_date": at.date(),
                    "timestamp": at,
                    "read": answer,
                    "ground_truth": answer.upper(),
                    "radiologist_id": f"reader-{reader}",
                    "blinded": True,
                    "feedback_source": "radiologist",
                    "acceptance_rank": self._reads * 10 + reader,
                    "inbox_position": self._reads * 10 + reader,
                }
                told.append(filled(PREDICTION_FEEDBACK, **(row | read)))
        self._append(REVIEW_ASSIGNMENTS, cases)
        self._append(PREDICTION_FEEDBACK, told)

    def monitored(
        self,
        level: str,
        kind: str = "covariate",
        *,
        days: int = 10,
        sites: Sequence[str] = ("A",),
        harm: Sequence[str] = (),
        codes: str = "",
        auto: bool = True,
    ) -> None:
        """The last so many days were judged like this."""
        rows = []
        for ago in reversed(range(days)):
            day = NOW - ago * DAY
            row = {
                "recorded_at": day,
                "event": "day",
                "level": level,
                "previous_level": level,
                "known_level": "NONE" if level == "UNKNOWN" else level,
                "episode_id": None if level == "NONE" else "episode-1",
                "auto_retraining": auto,
                "date": day.date(),
                "closed_at": day,
                "baseline_id": "baseline-1",
                "kind": kind,
                "sites": list(sites),
                "harm_sites": list(harm),
                "reason_codes": codes,
                "chain_position": days - ago,
                "row_hash": f"{days - ago}",
            }
            rows.append(filled(MONITORING_RECORD, **row))
        self._append(MONITORING_RECORD, rows)

    def traffic(self, *, refused_now: int, refused_before: int = 1) -> None:
        """A hundred requests a day for five weeks."""
        rows = []
        for ago in range(35):
            refused = refused_now if ago < 7 else refused_before
            day = (NOW - ago * DAY).date()
            row = {"date": day, "n": 100, "refused": refused, "purpose": "clinical"}
            rows.append(filled(HOURLY_TRAFFIC, **row))
        self._append(HOURLY_TRAFFIC, rows)

    def features(self, *, broken_now: int, problem: str | None = "not_decoded") -> None:
        """Twenty measured films a day for five weeks; the last week's first ones are broken."""
        rows = []
        for ago in range(35):
            for number in range(20):
                broken = ago < 7 and number < broken_now
                row = {
                    "request_id": f"measured-{ago}-{number}",
                    "date": (NOW - ago * DAY).date(),
                    "kind": "pixels",
                    "problem": problem if broken else None,
                }
                filled_row = filled(FILM_FEATURES, **row)
                names = [name for name, value in filled_row.items() if value is None]
                numbers = [n for n in names if CONTRACTS[FILM_FEATURES].schema[n] == pl.Float64]
                gone = {} if broken else dict.fromkeys(numbers, 0.5)
                rows.append(filled_row | gone)
        self._append(FILM_FEATURES, rows)

    def experiment(self, *, days_ago: float, running: bool = False) -> None:
        """An experiment that was opened then, and has ended unless it runs."""
        at = NOW - days_ago * DAY
        opened = replace(an_experiment(), opened_at=at, stage_since=at)
        if not running:
            opened = opened.ended("closed", now=at, by="a person", cause="test")
        save(self.tables, [opened], seen=read_state(self.tables).generation)

    def request(self, state: str, *, days_ago: float, **more: Any) -> None:
        """An earlier request."""
        at = NOW - days_ago * DAY
        row = {
            "request_id": f"earlier-{days_ago}-{state}",
            "asked_at": at,
            "updated_at": at,
            "triggers": "age",
            "state": state,
            "evidence": "{}",
            "run_id": "a run that ended",
        }
        self._append(RETRAINING_REQUESTS, [filled(RETRAINING_REQUESTS, **(row | more))])

    def backtested(self, artifact_sha256: str, verdict: str) -> None:
        row = {"candidate_sha256": artifact_sha256, "verdict": verdict, "reasons": "as told"}
        self._append(BACKTESTS, [filled(BACKTESTS, **row)])

    def tick(self) -> dg.RunRequest | str:
        """What the sensor asks for, or why nothing."""
        own = {"tables": self.tables, "retraining_desk": self.room.retraining_desk}
        with (
            clock.set_to(self.now),
            dg.build_sensor_context(
                instance=self.instance, resources=own, cursor=self.cursor
            ) as context,
        ):
            result = retraining_due.evaluate_tick(context)
        self.cursor = result.cursor
        return result.run_requests[0] if result.run_requests else str(result.skip_message)

    def run(self, **config: Any) -> dict[str, Any]:
        """The asset as the sensor's run makes it; the row that it wrote last."""
        before = self.rows
        own = {
            "tables": self.tables,
            "ramp": ramp(self.settings, self.room),
            "retraining_desk": self.room.retraining_desk,
        }
        asked = Ask(**({"ask": "due"} | config))
        with clock.set_to(self.now):
            context = dg.build_asset_context(instance=self.instance)
            retraining_requests(context, config=asked, **own)
        written = [row for row in self.rows if row not in before]
        return written[-1] if written else {}

    @property
    def rows(self) -> list[dict[str, Any]]:
        return read_requests(self.tables)
