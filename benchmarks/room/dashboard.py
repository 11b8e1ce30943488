"""The dashboard in chromium on a long history: first paint, bytes, and which tables it opens.

    python -m benchmarks.room.dashboard --predictions 10000000 --feedbacks 1000000 --keep FOLDER

The history is that of `benchmarks.evaluate` (the same --keep), brought up to date by the job
`evaluate`. The room runs in a process of its own; the first visit is the first page that this
process shows. First paint is the browser's own (first-contentful-paint, from the start of the
navigation); bytes are those of bodies, as sent. A page that opens a table beside
`room.dashboard.summaries.SUMMARIES` fails the benchmark.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Browser, BrowserContext

from benchmarks.evaluate import SMALL, Size, evaluate, history
from xray_assets.catalog import Key
from xray_assets.lake.delta import DeltaTables
from xray_assets.room.dashboard.look import Look
from xray_assets.room.dashboard.page import dashboard
from xray_assets.room.dashboard.routes import limits
from xray_assets.room.dashboard.summaries import SUMMARIES, Summaries
from xray_assets.settings import PROJECT, Settings
from xray_assets_tests.browser import chromium
from xray_assets_tests.browser.running_room import add_people, running_room

PAINTED = """() => performance.getEntriesByName("first-contentful-paint")[0]?.startTime"""
DRAWN = "() => [...document.querySelectorAll('[data-chart]')].every(place => place.dataset.drawn)"
VISITS = 5


@dataclass(frozen=True)
class Visited:
    """One visit: milliseconds to the first paint and until all charts stand, bytes by file."""

    painted: float
    drawn: float
    sizes: dict[str, int]


def serve(state: Path) -> None:
    """The room's process: prints its URL and a session's cookie, until its input ends."""
    settings = Settings(state=state)
    add_people(settings, ("viewer",))
    with running_room(settings) as room:
        cookie = room.cookie_of("viewer")
        print(room.url, cookie["name"], cookie["value"], flush=True)
        sys.stdin.read()


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
    parser.add_argument("--predictions", type=int, default=SMALL.predictions)
    parser.add_argument("--feedbacks", type=int, default=SMALL.feedbacks)
    parser.add_argument("--keep", type=Path, help="keep the history in this folder, or reuse")
    parser.add_argument("--serve", type=Path)
    chosen = parser.parse_args()
    if chosen.serve:
        serve(chosen.serve)
        return
    with tempfile.TemporaryDirectory() as scratch:
        size = Size(chosen.predictions, chosen.feedbacks)
        state = history(size, (chosen.keep or Path(scratch)).resolve())
        evaluate(state)
        server = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.room.dashboard", "--serve", str(state)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=PROJECT,
            env=os.environ | {"XRAY_STATE": str(state)},
        )
        with server, chromium.running() as browser:
            where = server.stdout.readline().split() if server.stdout else []
            visits = [visit(browser, *where) for _ in range(VISITS)]
            server.communicate("")
    print(f"{size}: first visit {visits[0].painted:.0f} ms to the first paint")
    later = sorted(one.painted for one in visits[1:])
    charts = sorted(one.drawn for one in visits[1:])
    print(f"later visits: {later[0]:.0f} to {later[-1]:.0f} ms, charts by {charts[-1]:.0f} ms")
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
