"""Days of requests, features and reads in tables, and a monitor that remembers what it saw."""

import hashlib
from collections.abc import Sequence
from copy import copy, deepcopy
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from typing import Any

import numpy as np
import polars as pl

from xray_assets.catalog import (
    ENDPOINT_CONFIG,
    FEATURES,
    FILM_FEATURES,
    MONITORING_DAYS,
    MONITORING_EVIDENCE,
    PAIRED_PREDICTIONS,
    PREDICTION_FEEDBACK,
    PREDICTIONS,
    REVIEW_ASSIGNMENTS,
    Key,
)
from xray_assets.contracts.tables import CONTRACTS
from xray_assets.imaging.film_features import FEATURE_VERSION
from xray_assets.lake.tables import Tables
from xray_assets.monitoring.days.run import bring_up_to_date
from xray_assets.resources.monitoring import MonitoringDesk
from xray_assets.statistics.drift.day import Day
from xray_assets.statistics.drift.levels import Level
from xray_assets_tests.feedback.memory_tables import MemoryTables

FIRST = date(2026, 3, 2)
"""A Monday."""
PLAN = MonitoringDesk(baseline_days=7, baseline_patients=20)
CHAMPION, CHALLENGER = "old-1", "new-1"
LOG = "inference_log"


def rows(key: Key, records: Sequence[dict[str, Any]]) -> pl.DataFrame:
    contract = CONTRACTS[key]
    defaults = {column.name: column.default for column in contract.columns}
    full = [defaults | record for record in records]
    return contract.conform(pl.DataFrame(full, schema=contract.schema))


def serve(
    tables: Tables, day: date, champion: str = CHAMPION, challenger: str | None = None
) -> None:
    """From the start of a day the endpoint serves this champion, with this challenger."""
    version = tables.row_count(ENDPOINT_CONFIG) + 1
    roles = {"champion": champion} | ({"challenger": challenger} if challenger else {})
    records = [
        {
            "config_version": version,
            "experiment_id": challenger and "e1",
            "endpoint_name": "endpoint",
            "served_model_name": name,
            "model_name": name.rpartition("-")[0],
            "model_version": int(name.rpartition("-")[2]),
            "role": role,
            "traffic_percentage": 100 if role == "champion" else 0,
            "artifact_sha256": f"artifact of {name}",
            "decided_by": "test",
            "cause": "test",
            "applied_at": datetime.combine(day, time(), UTC),
        }
        for role, name in roles.items()
    ]
    tables.append(ENDPOINT_CONFIG, rows(ENDPOINT_CONFIG, records))


@dataclass
class Traffic:
    """Fills the days of a state. `gain` is added to the feature `mean`."""

    tables: Tables
    a_day: int = 30
    seed: int = 0
    log: int = 0
    rank: int = 0
    sites: tuple[str, ...] = ("other",)
    made: dict[date, list[str]] = field(default_factory=dict)

    def day(
        self, day: date, *, gain: float = 0.0, pairs: bool = False, measured: float = 1.0,
        count: int | None = None, champion: str = CHAMPION, at: time = time(10),
        purpose: str = "clinical", version: str = FEATURE_VERSION,
    ) -> list[str]:  # fmt: skip
        """Requests of a day, moved, paired, drawn and measured; returns their ids."""
        chance = np.random.default_rng([self.seed, day.toordinal(), self.log])
        begin = datetime.combine(day, at, UTC)
        logged, paired, drawn, films = [], [], [], []
        for number in range(self.a_day if count is None else count):
            self.log += 1
            score = round(float(chance.random()), 6)
            same = {
                "request_id": f"{day}-{self.log:06d}",
                "date": day,
                "case_key": hashlib.sha256(f"patient {self.log}".encode()).hexdigest(),
                "site": self.sites[number % len(self.sites)],
                "log_position": self.log,
            }
            one = same | {
                "timestamp": begin + timedelta(seconds=number),
                "served_model_name": champion, "assigned_model_name": champion,
                "model_name": champion.rpartition("-")[0], "model_version": 1,
                "config_version": 1, "status_code": 200, "prediction": score,
                "predicted_label": int(score >= 0.5), "threshold": 0.5, "latency_ms": 1.0,
                "image_sha256": f"film {self.log}", "purpose": purpose,
            }  # fmt: skip
            logged.append(one)
            if pairs:
                paired.append(same | _pair(score, begin))
            draw = {name: value for name, value in same.items() if name != "date"} | {
                "prediction_date": day, "image_sha256": "film", "policy_hash": "p",
                "scored_at": one["timestamp"], "chance": 0.5, "u": 0.1, "drawn": True,
                "reads_wanted": 1, "due_at": one["timestamp"] + timedelta(days=7),
                "state": "due", "n_reads": 0,
            }  # fmt: skip
            drawn.append(draw)
            if number < measured * (self.a_day if count is None else count):
                numbers = dict(zip(FEATURES, chance.random(len(FEATURES)).round(6), strict=True))
                numbers["mean"] += gain
                of_film = {
                    "kind": "pixels", "feature_version": version, "measured_at": one["timestamp"],
                    "artifact_sha256": f"artifact of {champion}",
                }  # fmt: skip
                films.append(same | numbers | of_film)
        for key, records in (
            (PREDICTIONS, logged), (PAIRED_PREDICTIONS, paired), (REVIEW_ASSIGNMENTS, drawn),
            (FILM_FEATURES, films),
        ):  # fmt: skip
            self.tables.append(key, rows(key, records), source=LOG, position=self.log)
        ids = [row["request_id"] for row in logged]
        self.made.setdefault(day, []).extend(ids)
        return ids

    def read(self, ids: Sequence[str], day: date, *, blinded: bool = True) -> None:
        """Reads of requests that are sent at noon of a day: pneumonia of every second."""
        records = []
        for number, request_id in enumerate(ids):
            self.rank += 1
            truth = ("pneumonia", "PNEUMONIA") if number % 2 else ("normal", "NORMAL")
            feedback = {
                "feedback_id": f"f{self.rank:06d}", "prediction_id": request_id,
                "prediction_date": date.fromisoformat(request_id[:10]),
                "timestamp": datetime.combine(day, time(12), UTC),
                "read": truth[0], "ground_truth": truth[1], "radiologist_id": "DR001",
                "reader_role": "reader", "blinded": blinded, "confidence": "confirmed",
                "feedback_source": "api", "inbox_position": self.rank,
                "acceptance_rank": self.rank,
            }  # fmt: skip
            records.append(feedback)
        self.tables.append(PREDICTION_FEEDBACK, rows(PREDICTION_FEEDBACK, records))

    def days(self, first: date, count: int, **how: Any) -> date:
        """So many days, each read in half on the day itself; returns the day after them."""
        for number in range(count):
            day = first + timedelta(days=number)
            ids = self.day(day, **how)
            self.read(ids[::2], day)
        return first + timedelta(days=count)


def _pair(score: float, at: datetime) -> dict[str, Any]:
    """Both models' scores; the challenger's is a tenth of the way to 1 from the champion's."""
    pair: dict[str, Any] = {
        "experiment_id": "e1", "served_arm": "champion", "assigned_arm": "champion",
        "config_version": 1, "stratum": 0, "case_hash": 1, "is_case": True,
        "is_first_under_config": True, "is_even_split": False, "scored_at": at,
    }  # fmt: skip
    for role, name, its_score in (
        ("champion", CHAMPION, score),
        ("challenger", CHALLENGER, 0.9 * score + 0.1),
    ):
        model, _, version = name.rpartition("-")
        pair |= {
            f"{role}_model": f"catalog.models.{model}", f"{role}_version": int(version),
            f"{role}_threshold": 0.5, f"{role}_probability": its_score,
            f"{role}_label": int(its_score >= 0.5),
        }  # fmt: skip
    return pair


def midnight(day: date) -> datetime:
    """An hour after the day began."""
    return datetime.combine(day, time(1), UTC)


class Remembers:
    """A monitor whose state is a hash of everything that it was shown, in order: MODERATE where the
    feature `mean` is up by 0.2.
    """

    def __init__(self, films: pl.DataFrame, reads: pl.DataFrame, state: bytes | None) -> None:
        self.mean = films["mean"].mean()
        self.seen = state or _hash(b"", films, reads)

    def observe_day(self, day: int, rows: pl.DataFrame, reads: pl.DataFrame) -> Day:
        self.seen = _hash(self.seen + str(day).encode(), rows, reads)
        mean = rows["mean"].mean()
        up = isinstance(mean, float) and mean > self.mean + 0.2  # type: ignore[operator]
        value = int.from_bytes(self.seen[:4])
        evidence = pl.DataFrame(
            [
                {"family": "film", "site": "", "stream": "mean up", "log_m": [float(value)],
                 "log_e": float(value), "payoff_mean": 0.0, "n_units": rows.height,
                 "tolerance": 0.03, "shift": 0.3 if up else float("nan"), "shift_low": None,
                 "shift_high": None, "flagged": up}
            ],
            schema_overrides={"shift_low": pl.Float64, "shift_high": pl.Float64},
        )  # fmt: skip
        return Day(
            day=day,
            level=Level.MODERATE if up else Level.NONE,
            kind="covariate" if up else "",
            review_fractions={"other": 0.5 if up else 0.1},
            log_evidence=float(value),
            evidence=evidence,
        )

    def state(self) -> bytes:
        return self.seen


def _hash(before: bytes, *frames: pl.DataFrame) -> bytes:
    written = b"".join(frame.write_json().encode() for frame in frames)
    return hashlib.sha256(before + written).digest()


class World:
    """A state in memory that is judged with a monitor that remembers what it saw."""

    def __init__(self, tables: Tables | None = None, **how: Any) -> None:
        self.tables: Any = tables or MemoryTables()
        self.plan = PLAN
        serve(self.tables, FIRST)
        self.traffic = Traffic(self.tables, **how)

    def twin(self) -> "World":
        """Another state, the same so far."""
        twin = copy(self)
        twin.tables = deepcopy(self.tables)
        twin.traffic = replace(self.traffic, tables=twin.tables, made=dict(self.traffic.made))
        return twin

    def judge(
        self, now: date, *, taken: bool = True, monitor: Any = Remembers, tables: Any = None
    ) -> list[date]:
        """A run at one o'clock of a day, or at a moment."""
        moment = now if isinstance(now, datetime) else midnight(now)
        tables = tables or self.tables
        return bring_up_to_date(
            tables, self.plan, now=moment, log_is_taken=taken, open_monitor=monitor
        )

    def judge_all(self, today: date) -> pl.DataFrame:
        """Runs until no day is due."""
        while self.judge(today):
            pass
        return self.days()

    def quiet(self, today: date) -> bool:
        """Whether a run has nothing to do."""
        before = self.evidence().height
        return not self.judge(today) and self.evidence().height == before

    def days(self) -> pl.DataFrame:
        return self.tables.read(MONITORING_DAYS).sort("date").collect()

    def evidence(self) -> pl.DataFrame:
        return self.tables.read(MONITORING_EVIDENCE).sort("date").collect()


@cache
def _after(days: int) -> World:
    world = World()
    world.judge_all(world.traffic.days(FIRST, days))
    return world


def after(days: int) -> tuple[World, date]:
    """A state of so many ordinary days that are judged, and the day after them."""
    return _after(days).twin(), FIRST + timedelta(days=days)
