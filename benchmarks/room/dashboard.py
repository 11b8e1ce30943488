"""The dashboard in chromium on a long history: first paint, bytes, and which tables it opens.

    python -m benchmarks.room.dashboard --predictions 10000000

Fills the large tables (a tenth of the predictions is read, one in a hundred failed, 30 days, two
served models), brings the summaries up to date as the assets do, and records decisions. The room
runs in a process of its own; the first visit is the first page that this process shows. First paint
is the browser's own (first-contentful-paint, from the start of the navigation); beside it the CPU
that a page takes in the room's process, which does not depend on what else runs. Bytes are those of
bodies, as sent. A page that opens a table beside `room.dashboard.summaries.SUMMARIES` fails the
benchmark.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import numpy as np
import polars as pl
from playwright.sync_api import Browser, BrowserContext

from xray_assets.cases.performance import performance, summary
from xray_assets.cases.review_run import LOG
from xray_assets.cases.summaries import errors, mistakes, traffic
from xray_assets.catalog import COMPARISON_SUMMARY, LABELS, PERFORMANCE, PREDICTIONS, Key
from xray_assets.contracts.tables import CONTRACTS
from xray_assets.contracts.tables import PREDICTION_FEEDBACK as FEEDBACK
from xray_assets.lake.delta import DeltaTables
from xray_assets.room.dashboard.look import Look
from xray_assets.room.dashboard.page import dashboard
from xray_assets.room.dashboard.routes import limits
from xray_assets.room.dashboard.summaries import SUMMARIES, Summaries
from xray_assets.settings import PROJECT, Settings
from xray_assets_tests.browser import chromium
from xray_assets_tests.browser.running_room import add_people, running_room
from xray_assets_tests.room.made_board import UNTIL, ask_readers, decide, open_experiment

PAINTED = """() => performance.getEntriesByName("first-contentful-paint")[0]?.startTime"""
DRAWN = "() => [...document.querySelectorAll('[data-chart]')].every(place => place.dataset.drawn)"
VISITS, CHUNK, DAYS, DECISIONS = 5, 1_000_000, 30, 200


@dataclass(frozen=True)
class Visited:
    """One visit: milliseconds to the first paint and until all charts stand, bytes by file."""

    painted: float
    drawn: float
    sizes: dict[str, int]


def fill(state: Path, count: int) -> None:
    """A lake with so many predictions, and its summaries."""
    settings = Settings(state=state)
    tables = DeltaTables(settings.lake, settings.environment)
    experiment = open_experiment(tables)
    names = [experiment.champion.served_name, experiment.challenger.served_name]
    for first in range(0, count, CHUNK):
        rows = predictions(names, first, min(CHUNK, count - first), count)
        live = performance(rows, reads(rows.gather_every(10)))
        end = first + rows.height
        tables.append(PREDICTIONS, rows, source=LOG, position=end)
        tables.append(PERFORMANCE, live, source=LOG, position=end)
    begun = time.process_time()
    tables.merge(COMPARISON_SUMMARY, summary(tables.read(PERFORMANCE)))
    for table in (traffic, errors, mistakes):
        table.bring_up_to_date(tables)
    spent = time.process_time() - begun
    print(f"summaries of {count:,} predictions from nothing: {spent:.1f} s CPU", flush=True)
    decide(tables, experiment, tuple(np.linspace(0.1, 1, DECISIONS)))
    ask_readers(tables, experiment)


def predictions(names: list[str], first: int, n: int, count: int) -> pl.DataFrame:
    """Rows `first` to `first + n` of gold.pneumonia_classifier_predictions, of `count` in all."""
    chance = np.random.default_rng(first)
    position = np.arange(first + 1, first + n + 1)
    served = np.array(names)[position % 2]
    score = chance.random(n)
    step = timedelta(days=DAYS) / count
    contract = CONTRACTS[PREDICTIONS]
    rows = pl.DataFrame({"log_position": position, "prediction": score}).with_columns(
        pl.format("r{}", "log_position").alias("request_id"),
        (UNTIL - timedelta(days=DAYS) + pl.col("log_position") * step).alias("timestamp"),
        pl.Series("served_model_name", served),
        pl.Series("assigned_model_name", served),
        pl.Series("latency_ms", chance.lognormal(2, 0.5, n)),
        (pl.col("prediction") >= 0.5).cast(pl.Int32).alias("predicted_label"),
        pl.when(pl.col("log_position") % 100 == 0).then(500).otherwise(200).alias("status_code"),
        model_name=pl.lit("m"),
        model_version=1,
        config_version=1,
        threshold=0.5,
        site=pl.lit("other"),
        purpose=pl.lit("clinical"),
    )
    rows = rows.with_columns(pl.col("timestamp").dt.date().alias("date"))
    absent = [name for name in contract.schema if name not in rows.columns]
    return contract.conform(rows.with_columns(pl.lit(None).alias(name) for name in absent))


def reads(of: pl.DataFrame) -> pl.DataFrame:
    """A blinded read of each prediction; three in four agree with the score."""
    chance = np.random.default_rng(of.height)
    truth = np.where(chance.random(of.height) < 0.75, of["prediction"].to_numpy() >= 0.5, False)
    rows = of.select(
        pl.format("f{}", "log_position").alias("feedback_id"),
        pl.col("request_id").alias("prediction_id"),
        pl.col("date").alias("prediction_date"),
        (pl.col("timestamp") + timedelta(hours=4)).alias("timestamp"),
        pl.Series("ground_truth", np.array(LABELS)[truth.astype(int)]),
        pl.Series("read", np.array(["normal", "pneumonia"])[truth.astype(int)]),
        pl.col("log_position").alias("acceptance_rank"),
        pl.col("log_position").alias("inbox_position"),
        radiologist_id=pl.lit("DR001"),
        reader_role=pl.lit("reader"),
        blinded=True,
        confidence=pl.lit("confirmed"),
        feedback_source=pl.lit("simulation"),
    )
    absent = [name for name in FEEDBACK.schema if name not in rows.columns]
    return FEEDBACK.conform(rows.with_columns(pl.lit(None).alias(name) for name in absent))


def serve(state: Path) -> None:
    """The room's process: prints its URL and a session's cookie, then its CPU seconds whenever it
    is asked, until its input ends.
    """
    settings = Settings(state=state)
    add_people(settings, ("viewer",))
    with running_room(settings) as room:
        cookie = room.cookie_of("viewer")
        print(room.url, cookie["name"], cookie["value"], flush=True)
        for _ in sys.stdin:
            print(time.process_time(), flush=True)


def visit(browser: Browser, url: str, name: str, value: str) -> Visited:
    """Open the dashboard in a new window, without anything in its cache."""
    context: BrowserContext = browser.new_context(viewport={"width": 1280, "height": 800})
    context.add_cookies([{"name": name, "value": value, "url": url}])
    page, sizes = context.new_page(), {}
    page.on("response", lambda one: sizes.update({one.url.rpartition("/")[2]: len(one.body())}))
    begun = time.monotonic()
    page.goto(f"{url}/dashboard")
    page.wait_for_function(DRAWN)
    drawn = (time.monotonic() - begun) * 1000
    page.wait_for_function(PAINTED)
    painted = page.evaluate(PAINTED)
    context.close()
    return Visited(painted, drawn, sizes)


def opened(state: Path) -> set[Key]:
    """Every table that the page opens."""
    keys: set[Key] = set()

    class Recording(DeltaTables):
        def _open(self, key: Key):
            keys.add(key)
            return super()._open(key)

    settings = Settings(state=state)
    tables = Recording(settings.lake, settings.environment)
    dashboard(Look(Summaries(tables, settings.dagster_url)), limits(settings))
    return keys


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--predictions", type=int, default=100_000)
    parser.add_argument("--serve", type=Path)
    chosen = parser.parse_args()
    if chosen.serve:
        serve(chosen.serve)
        return
    with tempfile.TemporaryDirectory() as scratch:
        state = Path(scratch) / "state"
        fill(state, chosen.predictions)
        server = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.room.dashboard", "--serve", str(state)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=PROJECT,
            env=os.environ | {"XRAY_STATE": str(state)},
        )
        with server, chromium.running() as browser:
            assert server.stdin and server.stdout
            where, spent = server.stdout.readline().split(), []
            visits = []
            for _ in range(VISITS):
                visits.append(visit(browser, *where))
                print(file=server.stdin, flush=True)
                spent.append(float(server.stdout.readline()))
            server.communicate("")
        first = f"first visit {visits[0].painted:.0f} ms to the first paint"
        print(f"{chosen.predictions:,} predictions: {first}")
        later = sorted(one.painted for one in visits[1:])
        charts = sorted(one.drawn for one in visits[1:])
        print(f"later visits: {later[0]:.0f} to {later[-1]:.0f} ms, charts by {charts[-1]:.0f} ms")
        cpu = (spent[-1] - spent[0]) / (VISITS - 1)
        print(f"CPU of a later page in the room's process: {cpu * 1000:.0f} ms")
        sizes = visits[0].sizes
        print(f"bytes: {sum(sizes.values()):,}, of which the page {sizes['dashboard']:,}")
        for name, bytes_ in sorted(sizes.items(), key=lambda item: -item[1]):
            print(f"    {name:<28}{bytes_:>10,}")
        beyond = opened(state) - set(SUMMARIES)
        print(f"tables beside the summaries that it opens: {len(beyond)} {sorted(beyond)}")
        if beyond:
            raise SystemExit(1)


if __name__ == "__main__":
    main()
