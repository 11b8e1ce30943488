"""From the key to the next film: `python -m benchmarks.room.reading_speed [reads]`.

Two readers at once, each in a chromium of their own, 200 reads each by keyboard against the room as
a process. Shown: milliseconds from Enter to the next film on the screen (the commit is durable by
then; `performance.measure` in `static/review/reading.js`), reads stored, films read twice.
"""

import asyncio
import json
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

import httpx
import numpy as np
from playwright.async_api import async_playwright, expect

from xray_assets.settings import Settings
from xray_assets_tests.browser import chromium
from xray_assets_tests.browser.films_to_read import drawn_world, reads
from xray_assets_tests.browser.running_room import PASSWORD, add_people
from xray_assets_tests.stack.free_ports import free_ports

READS = int(sys.argv[1]) if len(sys.argv) > 1 else 200
REQUESTS = 5 * READS
"""About half are drawn, for two readers."""
LOOK_SECONDS = 0.5
"""Nobody looks at a film for less; meanwhile the next one is fetched."""
READERS = ("reader1", "reader2")
LONGEST_P95_MS = 150.0
_MEASURED = "performance.getEntriesByName('key to next film').map((one) => one.duration)"
READY_SECONDS = 60


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        world = drawn_world(Path(folder) / "state", requests=REQUESTS, films=60)
        world.close()
        add_people(world.settings, READERS)
        (port,) = free_ports(1)
        environment = {"XRAY_STATE": str(world.settings.state), "XRAY_ROOM_PORT": str(port)}
        command = [sys.executable, "-m", "xray_assets.room"]
        room = subprocess.Popen(command, env=os.environ | environment)
        try:
            url = f"http://127.0.0.1:{port}"
            _await(url)
            measured = asyncio.run(_all_read(url))
        finally:
            room.terminate()
            room.wait(30)
        sys.exit(_report(measured, world.settings))


def _report(measured: dict[str, list[float]], settings: Settings) -> bool:
    """Print the figures; true where they miss what is asked."""
    together = np.concatenate([*measured.values()])
    of_film = Counter((one["prediction_id"], one["radiologist_id"]) for one in reads(settings))
    figures = {
        "reads": sum(of_film.values()),
        "read twice by one reader": sum(count > 1 for count in of_film.values()),
        "p50 ms": round(float(np.percentile(together, 50)), 1),
        "p95 ms": round(float(np.percentile(together, 95)), 1),
        "max ms": round(float(together.max()), 1),
        "p95 ms of each": {
            name: round(float(np.percentile(ms, 95)), 1) for name, ms in measured.items()
        },
    }
    print(json.dumps(figures, indent=1))
    wanted = READS * len(READERS)
    return figures["reads"] != wanted or figures["p95 ms"] > LONGEST_P95_MS


async def _all_read(url: str) -> dict[str, list[float]]:
    async with async_playwright() as playwright:

        async def read(name: str) -> list[float]:
            browser = await playwright.chromium.launch(
                executable_path=chromium.executable(), args=chromium.FLAGS
            )
            page = await browser.new_page()
            await page.goto(f"{url}/login?next=/review")
            await page.get_by_label("Name").fill(name)
            await page.get_by_label("Password").fill(PASSWORD)
            await page.keyboard.press("Enter")
            await expect(page.locator("#review")).to_have_attribute("data-screen", "reading")
            for number in range(READS):
                await expect(page.locator("#count")).to_have_text(str(number), timeout=30_000)
                await expect(page.locator("#commit")).to_be_enabled(timeout=30_000)
                await page.wait_for_timeout(1000 * LOOK_SECONDS)
                for key in ("pnpu"[number % 4], "12345"[number % 5], "Enter"):
                    await page.keyboard.press(key)
            await expect(page.locator("#count")).to_have_text(str(READS), timeout=30_000)
            measured = await page.evaluate(_MEASURED)
            await browser.close()
            return measured

        found = await asyncio.gather(*map(read, READERS))
    return dict(zip(READERS, found, strict=True))


def _await(url: str) -> None:
    deadline = time.monotonic() + READY_SECONDS
    while time.monotonic() < deadline:
        try:
            httpx.get(f"{url}/health").raise_for_status()
            return
        except httpx.HTTPError:
            time.sleep(0.2)
    raise TimeoutError(url)


if __name__ == "__main__":
    main()
