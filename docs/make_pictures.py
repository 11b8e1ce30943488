"""Make the README's pictures from a real run: `make pictures`.

Needs Debian's chromium (or CHROMIUM=/path/to/it).

Runs the demo, and with its stack still up opens the pages in headless chromium.
"""

import os
import sys
from pathlib import Path

from playwright.sync_api import Page, sync_playwright
from rich.console import Console

from xray_assets.catalog import PROMOTION_DECISION, XRAY_IMAGES, Key
from xray_assets.demo.outcome import Outcome
from xray_assets.demo.run import run_demo
from xray_assets.settings import Settings

PICTURES = Path(__file__).parent / "pictures"
CHROMIUM = os.environ.get("CHROMIUM", "/usr/bin/chromium")
SETTLED_MS = 4000
HIDE_PLACE = """[...document.querySelectorAll("tr")]
    .filter(row => row.textContent.includes("dagster/uri")).forEach(row => row.remove())"""
"""A folder of the machine that made the picture is nobody's business."""
QUIET = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--no-first-run",
]


def main() -> None:
    """Run the demo in the scenario named on the command line (better) and take the pictures."""
    PICTURES.mkdir(exist_ok=True)
    console = Console(record=True, width=110)
    scenario = sys.argv[1] if len(sys.argv) > 1 else "better"
    run_demo(scenario=scenario, console=console, afterwards=take)
    console.save_svg(str(PICTURES / "demo.svg"), title=f"make demo ({scenario})")


def take(outcome: Outcome, settings: Settings) -> None:
    """Open the pages of a running stack and keep what they show."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        page = browser.new_page(viewport={"width": 1600, "height": 700})
        page.goto(f"{settings.dagster_url}/asset-groups")
        page.wait_for_timeout(SETTLED_MS)
        keep(page, "lineage")
        page.set_viewport_size({"width": 1500, "height": 900})
        page.goto(f"{settings.dagster_url}{_events(PROMOTION_DECISION)}")
        page.wait_for_timeout(SETTLED_MS)
        page.evaluate(HIDE_PLACE)
        keep(page, "verdict")
        page.get_by_text("[Show Markdown]").first.click()
        keep(page, "evidence")
        page.goto(f"{settings.dagster_url}{_events(XRAY_IMAGES)}")
        page.wait_for_timeout(SETTLED_MS)
        page.evaluate(HIDE_PLACE)
        page.get_by_text("[Show Markdown]").first.click()
        keep(page, "films")
        browser.close()


def keep(page: Page, name: str) -> None:
    """The page as it is, once it has settled."""
    page.wait_for_timeout(SETTLED_MS)
    page.screenshot(path=str(PICTURES / f"{name}.png"))


def _events(key: Key) -> str:
    return f"/assets/{'/'.join(key)}?view=events"


if __name__ == "__main__":
    main()
