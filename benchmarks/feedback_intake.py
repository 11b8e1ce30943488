"""Intake of feedback: a backlog, then 1,000 feedbacks on top of a short and of a long history.

    python benchmarks/feedback_intake.py --predictions 10000000 --feedbacks 1000000

Prints CPU seconds of the intake (all threads), and the peak resident memory of the process. The
history is spread evenly over 30 days; the 1,000 new feedbacks are about predictions of the last
day.
"""

import argparse
import json
import resource
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl

from xray_assets.catalog import PREDICTIONS
from xray_assets.contracts.tables import PREDICTIONS as CONTRACT
from xray_assets.feedback.inbox import Entry, Inbox
from xray_assets.feedback.intake.run import take_in
from xray_assets.resources.local.feedback import LocalInbox
from xray_assets.resources.local.tables import LocalDelta

DAYS, CHUNK, RECENT = 30, 250_000, 1000
END = datetime.now(UTC)


def request_ids(first: int, count: int, total: int) -> pl.DataFrame:
    """request_id and timestamp of predictions `first`..., evenly over the days."""
    start = int((END - timedelta(days=DAYS)).timestamp() * 1000)
    step = DAYS * 86_400_000 / total
    milliseconds = [start + int(number * step) for number in range(first, first + count)]
    names = [
        f"{ms:012x}"[:8] + "-" + f"{ms:012x}"[8:] + f"-7000-8000-{number:012x}"
        for number, ms in enumerate(milliseconds, first)
    ]
    return pl.DataFrame({"request_id": names, "ms": milliseconds}).select(
        "request_id",
        pl.col("ms")
        .cast(pl.Datetime("ms", "UTC"))
        .cast(pl.Datetime("us", "UTC"))
        .alias("timestamp"),
    )


def fill_predictions(tables: LocalDelta, total: int) -> None:
    for first in range(0, total, CHUNK):
        rows = request_ids(first, min(CHUNK, total - first), total)
        label = (pl.int_range(pl.len()) % 2).cast(pl.Int32)
        rows = rows.with_columns(
            pl.col("timestamp").dt.date().alias("date"),
            *(
                pl.lit("m-1").alias(name)
                for name in ("served_model_name", "assigned_model_name", "model_name")
            ),
            *(pl.lit(1).alias(name) for name in ("model_version", "config_version")),
            pl.lit(200).alias("status_code"),
            label.alias("predicted_label"),
            (0.2 + 0.6 * label).alias("prediction"),
            pl.lit(0.5).alias("threshold"),
            pl.lit(1.0).alias("latency_ms"),
            (pl.int_range(pl.len()) + first + 1).alias("log_position"),
        )
        absent = [
            pl.lit(None).alias(name) for name in CONTRACT.schema.names() if name not in rows.columns
        ]
        tables.append(PREDICTIONS, rows.with_columns(absent))


def entries(names: list[str], wave: str) -> Iterator[Entry]:
    content = {
        "blinded": True, "claimed_type": None, "confidence": "confirmed",
        "feedback_source": "simulation",
        "ground_truth": "PNEUMONIA", "notes": None, "radiologist_id": "DR001", "read": "pneumonia",
        "reader_role": "reader", "timestamp": None,
    }  # fmt: skip
    for name in names:
        yield Entry(f"{wave}-{name}", json.dumps(content | {"prediction_id": name}), "{}")


def measure(folder: Path, predictions: int, feedbacks: int) -> tuple[float, float]:
    """(CPU seconds of the backlog, CPU seconds of 1,000 on top)."""
    tables = LocalDelta(root=str(folder / "lake"))
    fill_predictions(tables, predictions)
    inbox = LocalInbox(path=str(folder / "inbox.sqlite"))
    every = max(predictions // feedbacks, 1)
    with Inbox(folder / "inbox.sqlite") as writer:
        for first in range(0, predictions, CHUNK):
            names = request_ids(first, min(CHUNK, predictions - first), predictions)["request_id"]
            writer.add(list(entries(names.gather_every(every).to_list(), "old")))
        backlog = run(tables, inbox)
        newest = request_ids(predictions - RECENT, RECENT, predictions)["request_id"].to_list()
        writer.add(list(entries(newest, "new")))
        return backlog, run(tables, inbox)


def run(tables: LocalDelta, inbox: LocalInbox) -> float:
    before, wall = time.process_time(), time.perf_counter()
    steps = list(take_in(tables, inbox, datetime.now(UTC)))
    cpu = time.process_time() - before
    accepted, superseded = (
        sum(step.accepted for step in steps),
        sum(step.superseded for step in steps),
    )
    print(
        f"  accepted {accepted:,}, superseded {superseded:,}: "
        f"CPU {cpu:.2f} s, wall {time.perf_counter() - wall:.2f} s"
    )
    return cpu


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--predictions", type=int, default=1_000_000)
    arguments.add_argument("--feedbacks", type=int, default=100_000)
    asked = arguments.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        print("history of 100,000 predictions, 10,000 feedbacks")
        _, small = measure(Path(folder) / "small", 100_000, 10_000)
        print(f"history of {asked.predictions:,} predictions, {asked.feedbacks:,} feedbacks")
        _, large = measure(Path(folder) / "large", asked.predictions, asked.feedbacks)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(
        f"1,000 on top, long against short history: {large / small:.2f} times; "
        f"peak memory {peak:.0f} MiB"
    )


if __name__ == "__main__":
    main()
