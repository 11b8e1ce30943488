"""Make the pictures of the reading room: `make pictures`. On phantoms; no demo is needed.

The same room, people, films and browser as in the tests of pages (`xray_assets_tests/browser`).
"""

import tempfile
from pathlib import Path

from playwright.sync_api import expect

from xray_assets_tests.browser import chromium
from xray_assets_tests.browser.films_to_read import drawn_world
from xray_assets_tests.browser.running_room import add_people, running_room
from xray_assets_tests.browser.visits import visit

PICTURES = Path(__file__).parent / "pictures"


def main() -> None:
    """Read some films, and keep what the page shows."""
    with tempfile.TemporaryDirectory() as folder:
        world = drawn_world(Path(folder) / "state", requests=40)
        add_people(world.settings, ("reader1",))
        with running_room(world.settings) as room, chromium.running() as browser:
            reader = visit(browser, room, "reader1")
            page = reader.open("/review")
            for keys, number in (("p4", 0), ("n5", 1), ("p3", 2)):
                expect(page.locator("#count")).to_have_text(str(number))
                expect(page.locator("#review")).to_have_attribute("data-screen", "reading")
                expect(page.locator("#commit")).to_be_enabled()
                for key in keys:
                    page.keyboard.press(key)
                if number < 2:
                    page.keyboard.press("Enter")
            reader.screenshot(PICTURES / "review.png")


if __name__ == "__main__":
    main()
