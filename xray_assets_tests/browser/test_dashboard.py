"""The dashboard in a browser: its charts are drawn without eval, it fits every window, and says the
same to who cannot see colours.
"""

import pytest

from xray_assets.lake.delta import DeltaTables
from xray_assets_tests.browser.conftest import Visits
from xray_assets_tests.browser.running_room import RunningRoom
from xray_assets_tests.browser.visits import WIDTHS
from xray_assets_tests.room.made_board import whole_board

DRAWN = "() => [...document.querySelectorAll('[data-chart]')].every(place => place.dataset.drawn)"


@pytest.fixture(scope="module")
def board(room: RunningRoom) -> None:
    whole_board(DeltaTables(room.settings.lake, room.settings.environment))


@pytest.mark.usefixtures("board")
def test_the_dashboard_draws_its_charts_fits_and_is_accessible(visits: Visits) -> None:
    person = visits("viewer")
    page = person.open("/dashboard")
    page.wait_for_function(DRAWN)
    assert page.locator(".chart svg path").count() > 4
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        for width in WIDTHS:
            person.resize(width)
            assert person.too_wide() == 0
        assert person.axe() == []


@pytest.mark.usefixtures("board")
def test_a_chart_that_cannot_be_drawn_says_so(visits: Visits) -> None:
    person = visits("engineer")
    person.page.route("**/vega-lite.min.js", lambda route: route.abort())
    page = person.open("/dashboard")
    page.get_by_text("did not load").first.wait_for()
    assert person.take_trouble("ERR_FAILED")


@pytest.mark.usefixtures("board")
def test_a_reader_gets_neither_the_dashboard_nor_a_link_to_it(visits: Visits) -> None:
    reader = visits("reader1")
    page = reader.open("/dashboard")
    assert reader.answers[0].status == 403
    assert page.locator('a[href="/dashboard"]').count() == 0
    assert "pneumonia_poc" not in page.content()
    assert reader.take_trouble("403")
