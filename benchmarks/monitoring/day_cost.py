"""What judging a closed day costs, from the tables to its row: CPU seconds, and bytes kept.

    python -m benchmarks.monitoring.day_cost [--films 500 10000 1000000] [--history 1000]

Real Delta tables and the real monitor; 28 days of a baseline, then days that are timed without
their features' measuring, which is `film_features`. Of a day with more films than
XRAY_MONITOR_FILMS a sample is judged. With --history the same small day is judged after so many
days of requests and rows, and after 30.
"""

import argparse
import os
import tempfile
import time
from datetime import UTC, date, datetime, timedelta
from datetime import time as at_time
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("POLARS_MAX_THREADS", "2")

import numpy as np
import polars as pl

from xray_assets.catalog import (
    EMBEDDING_SIZE,
    FEATURES,
    FILM_FEATURES,
    MONITORING_DAYS,
    MONITORING_EVIDENCE,
    PREDICTION_FEEDBACK,
    PREDICTIONS,
    REVIEW_ASSIGNMENTS,
    Key,
)
from xray_assets.contracts.tables import CONTRACTS
from xray_assets.imaging.film_features import FEATURE_VERSION
from xray_assets.monitoring.days.look import LOG
from xray_assets.monitoring.days.run import DAYS, bring_up_to_date
from xray_assets.resources.local.tables import LocalDelta
from xray_assets.resources.monitoring import MonitoringDesk
from xray_assets_tests.monitoring.days.made_days import serve

FIRST, BASELINE, TIMED = date(2026, 3, 2), 28, 3
DESK = MonitoringDesk(baseline_patients=500)
READS = 50


class Filled:
    """Tables that days are added to, many at a time."""

    def __init__(self, folder: Path, first: date) -> None:
        self.tables, self.log, self.rank = LocalDelta(root=str(folder)), 0, 0
        self.chance = np.random.default_rng(0)
        serve(self.tables, first)

    def add(self, first: date, days: int, a_day: int) -> None:
        """Days of so many requests each, of which at most XRAY_MONITOR_FILMS were measured."""
        n = days * a_day
        number = np.arange(n)
        day = pl.Series("date", [first + timedelta(days=d) for d in range(days)])
        begin = datetime.combine(first, at_time(8), UTC)
        microseconds = (number // a_day) * 86_400_000_000 + (number % a_day) * 40_000
        score = self.chance.random(n)
        log = pl.Series(self.log + 1 + number)
        self.log += n
        same = pl.DataFrame({"log_position": log, "date": day.gather(number // a_day)})
        same = same.with_columns(
            request_id=pl.format("{}-{}", "date", "log_position"),
            case_key=pl.format("{}", pl.col("log_position").hash()),
            site=pl.lit("other"),
            timestamp=pl.lit(begin) + pl.Series(microseconds).cast(pl.Duration("us")),
        )
        answered = same.with_columns(
            served_model_name=pl.lit("old-1"), assigned_model_name=pl.lit("old-1"),
            model_name=pl.lit("old"), model_version=pl.lit(1), config_version=pl.lit(1),
            status_code=pl.lit(200), prediction=pl.Series(score), threshold=pl.lit(0.5),
            predicted_label=pl.Series((score >= 0.5).astype(np.int32)), latency_ms=pl.lit(1.0),
            image_sha256=pl.lit("film"), purpose=pl.lit("clinical"),
        )  # fmt: skip
        self._append(PREDICTIONS, answered)
        measured = same.filter(pl.Series(number % a_day < DESK.films))
        numbers = self.chance.random((measured.height, len(FEATURES)))
        vectors = pl.Series(
            self.chance.normal(size=(measured.height, EMBEDDING_SIZE)),
            dtype=pl.Array(pl.Float64, EMBEDDING_SIZE),
        )
        features = [pl.Series(name, numbers[:, at]) for at, name in enumerate(FEATURES)]
        films = measured.with_columns(
            *features, kind=pl.lit("pixels"), measured_at="timestamp",
            feature_version=pl.lit(FEATURE_VERSION), embedding=vectors.arr.to_list(),
            artifact_sha256=pl.lit("artifact of old-1"),
        )  # fmt: skip
        self._append(FILM_FEATURES, films)
        drawn = pl.Series(number % a_day < READS)
        due = pl.col("timestamp") + timedelta(days=7)
        draws = same.with_columns(
            prediction_date="date", image_sha256=pl.lit("film"), scored_at="timestamp",
            policy_hash=pl.lit("p"), chance=pl.lit(0.1), u=pl.lit(0.05), drawn=drawn,
            reads_wanted=drawn.cast(pl.Int64), due_at=pl.when(drawn).then(due),
            state=pl.when(drawn).then(pl.lit("due")).otherwise(pl.lit("not_drawn")),
            n_reads=pl.lit(0),
        )  # fmt: skip
        self._append(REVIEW_ASSIGNMENTS, draws)
        read = same.filter(drawn)
        rank = pl.Series(self.rank + 1 + np.arange(read.height))
        self.rank += read.height
        truth = pl.when(rank % 2 == 0).then(pl.lit("pneumonia")).otherwise(pl.lit("normal"))
        reads = read.with_columns(
            feedback_id=pl.format("f{}", rank), prediction_id="request_id",
            prediction_date="date", read=truth, ground_truth=truth.str.to_uppercase(),
            radiologist_id=pl.lit("DR001"), reader_role=pl.lit("reader"),
            blinded=pl.lit(True), confidence=pl.lit("confirmed"),
            feedback_source=pl.lit("api"), inbox_position=rank, acceptance_rank=rank,
        )  # fmt: skip
        self._append(PREDICTION_FEEDBACK, reads)
        nothing = CONTRACTS["gold", "paired_predictions"].empty()
        self.tables.append(("gold", "paired_predictions"), nothing, source=LOG, position=self.log)

    def _append(self, key: Key, rows: pl.DataFrame) -> None:
        contract = CONTRACTS[key]
        absent = [
            pl.lit(column.default).alias(column.name)
            for column in contract.columns
            if column.name not in rows.columns
        ]
        whole = rows.with_columns(absent).select(contract.schema.names())
        self.tables.append(key, whole, source=LOG, position=self.log)

    def judge(self, today: date) -> float:
        """CPU seconds of the runs that judge all days before this one."""
        started, now = time.process_time(), datetime.combine(today, at_time(1), UTC)
        while bring_up_to_date(self.tables, DESK, now=now, log_is_taken=True):
            pass
        return time.process_time() - started

    def timed(self, first: date, a_day: int) -> float:
        """The median CPU seconds of a day."""
        seconds = []
        for number in range(TIMED):
            self.add(first + timedelta(days=number), 1, a_day)
            seconds.append(self.judge(first + timedelta(days=number + 1)))
        return sorted(seconds)[TIMED // 2]


def with_baseline(folder: Path, a_day: int) -> tuple[Filled, date]:
    """A baseline's days, judged, and the day after them."""
    filled = Filled(folder, FIRST)
    filled.add(FIRST, BASELINE, a_day)
    today = FIRST + timedelta(days=BASELINE)
    filled.judge(today)
    return filled, today


def with_history(folder: Path, days: int, a_day: int) -> tuple[Filled, date]:
    """The same after a history of days that were judged long ago."""
    begin = FIRST - timedelta(days=days)
    filled = Filled(folder, begin)
    filled.add(begin, days, a_day)
    contract, long_ago = CONTRACTS[MONITORING_DAYS], datetime(2026, 1, 1, tzinfo=UTC)
    lists = [name for name, dtype in contract.schema.items() if isinstance(dtype, pl.List)]
    counts = [name for name, dtype in contract.schema.items() if dtype == pl.Int64]
    judged = {
        **dict.fromkeys(lists, ()), **dict.fromkeys(counts, 0), "level": "UNKNOWN", "kind": "",
        "reason_codes": "baseline_incomplete", "reasons": "none", "log_position": filled.log,
        "read_rank": filled.rank, "closed_at": long_ago, "judged_at": long_ago,
    }  # fmt: skip
    rows = [judged | {"date": begin + timedelta(days=number)} for number in range(days)]
    last = (FIRST - timedelta(days=1)).toordinal()
    frame = pl.DataFrame(rows, schema=contract.schema)
    filled.tables.append(MONITORING_DAYS, frame, source=DAYS, position=last)
    nothing = CONTRACTS[MONITORING_EVIDENCE].empty()
    filled.tables.append(MONITORING_EVIDENCE, nothing, source=DAYS, position=last)
    filled.add(FIRST, BASELINE, a_day)
    today = FIRST + timedelta(days=BASELINE)
    filled.judge(today)
    return filled, today


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--films", type=int, nargs="*", default=[500, 10_000, 1_000_000])
    parser.add_argument("--history", type=int, default=1000)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for films in asked.films:
            filled, today = with_baseline(folder / str(films), min(films, DESK.films))
            seconds = filled.timed(today, films)
            state = filled.tables.read(MONITORING_DAYS).sort("date").tail(1).collect()["state"]
            print(f"{films:9,d} requests a day: {seconds:.2f} s CPU, state {len(state[0]):,} bytes")
        if asked.history:
            early = with_baseline(folder / "early", 50)
            late = with_history(folder / "late", asked.history, 50)
            seconds = [filled.timed(today, 50) for filled, today in (early, late)]
            ratio = seconds[1] / seconds[0]
            told = f"{seconds[0]:.2f} s CPU after {BASELINE} days"
            many = asked.history + BASELINE
            print(f"50 requests a day: {told}, {seconds[1]:.2f} s after {many}: x {ratio:.2f}")


if __name__ == "__main__":
    main()
