"""Impact, try it, decide and the record in a browser: they fit, are accessible, and do what their
buttons say. A real endpoint answers.
"""

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser

from xray_assets.cases.summaries.scores import bands
from xray_assets.catalog import ENDPOINT_NAME, SCORE_BANDS
from xray_assets.lake.delta import DeltaTables
from xray_assets.rollout.state import last_experiment
from xray_assets_tests.browser.running_room import RunningRoom, add_people, running_room
from xray_assets_tests.browser.visits import WIDTHS, Visit, visit
from xray_assets_tests.room.made_board import decide, open_experiment
from xray_assets_tests.room.test_impact import settled
from xray_assets_tests.serving.server_process import (
    Server,
    ab_config,
    artifacts,
    encoded,
    film_pixels,
)
from xray_assets_tests.stack.free_ports import settings_of_a_test

PAGES = ("/impact", "/experiments", "/deployments", "/timeline", "/try", "/acts", "/export")
DRAWN = "() => [...document.querySelectorAll('[data-chart]')].every(place => place.dataset.drawn)"
KEPT = os.environ.get("KEPT_PICTURES")
"""Folder for pictures of every page; for who wants to look at them."""


@pytest.fixture(scope="module")
def endpoint(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    server = Server(tmp_path_factory.mktemp("hands") / "state")
    server.digests = artifacts(server.state)
    server.start()
    server.create(ab_config(*server.digests), ENDPOINT_NAME)
    yield server
    server.stop()


@pytest.fixture(scope="module")
def hands(endpoint: Server) -> Iterator[RunningRoom]:
    """A room beside a running endpoint, with an experiment that has been read."""
    settings = settings_of_a_test(endpoint.state.parent)
    settings = settings.model_copy(update={"endpoint_port": urlsplit(endpoint.url).port})
    add_people(settings)
    lake = DeltaTables(settings.lake, settings.environment)
    experiment = open_experiment(lake)
    decide(lake, experiment)
    lake.merge(SCORE_BANDS, bands(settled(), experiment.experiment_id))
    with running_room(settings) as room:
        yield room


@pytest.fixture
def person(browser: Browser, hands: RunningRoom) -> Iterator[Callable[..., Visit]]:
    opened: list[Visit] = []

    def open_window(name: str, **options: str) -> Visit:
        opened.append(visit(browser, hands, name, **options))
        return opened[-1]

    yield open_window
    trouble = [one.trouble for one in opened]
    for one in opened:
        one.context.close()
    assert not any(trouble), trouble


def kept(one: Visit, name: str) -> None:
    if KEPT:
        height = one.page.evaluate("() => document.documentElement.scrollHeight")
        width = one.page.evaluate("() => window.innerWidth")
        one.page.set_viewport_size({"width": width, "height": min(height, 4000)})
        one.screenshot(Path(KEPT) / f"{name}.png")


def test_every_page_fits_and_is_accessible(person: Callable[..., Visit]) -> None:
    one = person("approver")
    experiment = last_experiment(DeltaTables(one.room.settings.lake, "dev"))
    assert experiment
    own = f"/experiments/{experiment.experiment_id}"
    for number, path in enumerate((*PAGES, own, f"{own}/decisions/1")):
        page = one.open(path)
        page.wait_for_function(DRAWN)
        page.emulate_media(color_scheme=("light", "dark")[number % 2])
        for width in WIDTHS:
            one.resize(width)
            assert one.too_wide() == 0, (path, width)
            kept(one, f"{path.strip('/').replace('/', '-')}-{width}")
        assert one.axe() == [], path


def test_a_film_is_tried_and_a_bad_one_is_told(
    person: Callable[..., Visit], tmp_path: Path
) -> None:
    film, text = tmp_path / "film.jpeg", tmp_path / "notes.png"
    film.write_bytes(encoded(film_pixels()))
    text.write_bytes(b"no film")
    one = person("viewer")
    page = one.open("/try")
    page.get_by_label("A film").set_input_files(text)
    page.get_by_text("image").first.wait_for()
    assert one.take_trouble("400")
    page.get_by_label("A film").set_input_files(film)
    page.get_by_text("Served by").wait_for()
    assert page.locator("#served").inner_text().startswith("film_mean-")
    assert page.locator("#preview").is_visible()
    kept(one, "try-answered")
    for reader in (person("reader1"), person("adjudicator")):
        reader.open("/try")
        assert reader.take_trouble("403")


def test_an_engineer_decides_once_with_the_right_name_and_is_told_what_waits(
    person: Callable[..., Visit], endpoint: Server
) -> None:
    endpoint.stop()
    one = person("engineer")
    page = one.open("/acts")
    page.get_by_text("What is served is not known").wait_for()
    lake = DeltaTables(one.room.settings.lake, "dev")
    experiment = last_experiment(lake)
    assert experiment and experiment.is_running
    form = page.locator('form[action="/acts/close"]')
    form.get_by_label("Reason").fill("a better one is coming")
    form.get_by_label("To confirm").fill("another name")
    form.get_by_role("button").click()
    page.get_by_role("alert").get_by_text("to confirm it, type").wait_for()
    assert one.take_trouble("400")
    assert form.get_by_label("Reason").input_value() == "a better one is coming"
    form.get_by_label("To confirm").fill(experiment.experiment_id)
    form.get_by_role("button").dblclick()
    page.get_by_text("not yet served").wait_for()
    one.take_trouble("409")
    closed = last_experiment(lake)
    assert closed and closed.cause == "close by engineer: a better one is coming"
    kept(one, "acts-closed")
