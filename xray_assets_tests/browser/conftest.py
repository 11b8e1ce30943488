"""One browser and one room for all tests of pages; a window of its own for each visit.

    def test_a_page(visits: Visits) -> None:
        engineer = visits("engineer")
        engineer.open("/dashboard")
        assert not engineer.axe()

At a test's end every visit must be without trouble: no error of the console or of a script, no
request that left the host.
"""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser

from xray_assets_tests.browser import chromium
from xray_assets_tests.browser.running_room import RunningRoom, add_people, running_room
from xray_assets_tests.browser.visits import Visit, visit
from xray_assets_tests.stack.free_ports import settings_of_a_test

Visits = Callable[..., Visit]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Pages come last: Playwright's event loop runs in this thread from its first test on. Without
    chromium they are skipped, aloud.
    """
    of_pages = [item for item in items if item.path.is_relative_to(Path(__file__).parent)]
    items[:] = [item for item in items if item not in of_pages] + of_pages
    if chromium.executable() is None:
        for item in of_pages:
            item.add_marker(pytest.mark.skip(reason=chromium.MISSING))


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with chromium.running() as started:
        yield started


@pytest.fixture(scope="session")
def room(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningRoom]:
    settings = settings_of_a_test(tmp_path_factory.mktemp("room"))
    add_people(settings)
    with running_room(settings) as started:
        yield started


@pytest.fixture
def visits(browser: Browser, room: RunningRoom) -> Iterator[Visits]:
    """Open a window: `visits("reader1")`, `visits(None)` for nobody."""
    opened: list[Visit] = []

    def open_window(name: str | None, **options: Any) -> Visit:
        opened.append(visit(browser, room, name, **options))
        return opened[-1]

    yield open_window
    trouble = [one.trouble for one in opened]
    for one in opened:
        one.page.unroute_all(behavior="ignoreErrors")  # what is still on its way
        one.context.close()
    assert not any(trouble), trouble
