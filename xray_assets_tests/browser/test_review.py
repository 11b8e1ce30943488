"""The review page in a real browser, from the keys of a reader to the pixels of a film. Longer than
other files: one room and one set of films serve all of it.
"""

import io
import re
import shutil
import struct
import zlib
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Browser, Page, Response, Route, expect

from xray_assets.catalog import CHALLENGER, CHAMPION, REVIEW_ASSIGNMENTS
from xray_assets.lake.local import local_tables
from xray_assets.reading.opaque import OpaqueIds
from xray_assets.web.sign_in.sessions import csrf_of
from xray_assets_tests.browser.conftest import Visits
from xray_assets_tests.browser.films_to_read import deepen, drawn_world, reads
from xray_assets_tests.browser.running_room import PASSWORD, RunningRoom, add_people, running_room
from xray_assets_tests.browser.visits import WIDTHS, Visit, visit
from xray_assets_tests.logged_world import LoggedWorld

PIXELS = """() => {
    const canvas = document.querySelector("#film");
    const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
    let sum = 0;
    for (let at = 0; at < data.length; at += 4) sum = (sum * 31 + data[at]) % 2147483647;
    return sum;
}"""
"""A number that another picture on the canvas does not have."""
GREYS = """() => {
    const canvas = document.querySelector("#film");
    const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
    return [...new Set(data.filter((_, at) => at % 4 === 0))];
}"""
"""The greys on the canvas."""
DECODED = """async (bytes) => {
    const { decodeFilm } = await import("/static/review/film.js");
    const film = await decodeFilm(new Uint8Array(bytes).buffer, { bits: 16 });
    return [film.width, film.height, film.maximum, ...film.values];
}"""
Told = Callable[[], list[dict[str, Any]]]


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A state with films that wait for readers."""
    made = drawn_world(tmp_path_factory.mktemp("drawn") / "drawn", requests=80)
    add_people(made.settings)
    made.close()
    return made.settings.state


def copied(drawn: Path, folder: Path) -> LoggedWorld:
    return LoggedWorld.reopen(Path(shutil.copytree(drawn, folder / "state")))


@pytest.fixture(scope="module")
def world(drawn: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LoggedWorld]:
    opened = copied(drawn, tmp_path_factory.mktemp("read"))
    yield opened
    opened.log.close()


@pytest.fixture(scope="module")
def room(world: LoggedWorld) -> Iterator[RunningRoom]:
    with running_room(world.settings) as started:
        yield started


@pytest.fixture
def told(world: LoggedWorld) -> Told:
    """What readers have said since the test began."""
    before = len(reads(world.settings))
    return lambda: reads(world.settings)[before:]


def reading(visit: Visit) -> Page:
    """The review page with a film on it, and the next one on its way."""
    page = visit.open("/review")
    shown(page)
    return page


def shown(page: Page) -> str:
    """Wait for a film; the opaque id of its case."""
    expect(page.locator("#review")).to_have_attribute("data-screen", "reading")
    expect(page.locator("#commit")).to_be_enabled()
    return page.locator("#case").inner_text()


def press(page: Page, *keys: str) -> None:
    for key in keys:
        page.keyboard.press(key)


def commit(page: Page, *keys: str) -> str:
    """Answer by keys, and wait for the next film."""
    before = shown(page)
    press(page, *keys, "Enter")
    expect(page.locator("#case")).not_to_have_text(before)
    return shown(page)


def commit_one_read_by(readers: int, page: Page, world: LoggedWorld) -> None:
    """Read on until the last film was one that so many readers are asked about."""
    ids = OpaqueIds(world.settings.reading_folder)
    drawn = local_tables(world.settings, "a test").read(REVIEW_ASSIGNMENTS).collect()
    cases = {
        ids.case(request)
        for request, wanted in drawn.select("request_id", "reads_wanted").iter_rows()
        if wanted == readers
    }
    last = ""
    while last not in cases:
        last = shown(page)
        commit(page, "p", "4")


def canvas(page: Page) -> int:
    """What is on the canvas once it is drawn."""
    page.evaluate("() => new Promise((done) => requestAnimationFrame(() => setTimeout(done)))")
    return page.evaluate(PIXELS)


def test_films_are_read_by_keyboard_alone(visits: Visits, told: Told) -> None:
    reader = visits("reader1")
    page = reading(reader)
    first = shown(page)
    press(page, "Enter")
    expect(page.locator("#status")).to_contain_text("read first")
    second = commit(page, "p", "4")
    third = commit(page, "n", "5")
    assert len({first, second, third}) == 3
    press(page, "Backspace")  # the last read again, and what was shown comes after it
    expect(page.locator("#case")).to_have_text(second)
    assert shown(page) == second
    assert page.locator('[data-answer="read=normal"]').get_attribute("aria-pressed") == "true"
    assert commit(page, "u", "2") == third
    page.get_by_text("Film quality").click()
    page.get_by_role("button", name="Rotated").click()
    page.get_by_label("Note").fill("pin\u200b5")  # keys are letters here
    page.locator("#film").focus()
    press(page, "x", "1", "Enter")
    expect(page.locator("#status")).to_contain_text("printable")  # refused, and nothing is lost
    reader.take_trouble("400")
    page.get_by_label("Note").fill("pin 5")
    page.locator("#film").focus()
    commit(page)

    sent = told()
    said = [(one["read"], one["certainty"], one.get("quality"), one["notes"]) for one in sent]
    assert said == [
        ("pneumonia", 4, None, None),
        ("normal", 5, None, None),
        ("uncertain", 2, None, None),
        ("uninterpretable", 1, "rotated", "pin 5"),
    ]
    assert sent[1]["prediction_id"] == sent[2]["prediction_id"]
    for one in sent:
        assert (one["radiologist_id"], one["blinded"]) == ("reader1", True)
        moments = [one[name] for name in ("shown_at", "first_action_at", "committed_at")]
        assert moments == sorted(moments, key=datetime.fromisoformat)


def leaks(answers: list[Response], world: LoggedWorld) -> list[str]:
    """What of a model, a request or a file was said in bodies, headers and addresses."""
    rows = world.log.execute(
        "SELECT request_id, image_sha256, case_key, served_model_name, model_name, artifact_sha256,"
        " prediction FROM predictions WHERE prediction > 0"
    ).fetchall()
    told = {str(value)[:9] if isinstance(value, float) else value for row in rows for value in row}
    told |= {CHAMPION, CHALLENGER, "person", ".jpe"}
    found = []
    for answer in answers:
        if "/static/" in answer.url:
            continue
        said = f"{answer.url} {answer.all_headers()} {answer.body().decode('latin-1')}".lower()
        found += [f"{word} in {answer.url}" for word in told if word.lower() in said]
    return found


def test_nothing_is_told_of_model_request_or_file_until_a_read_is_committed(
    visits: Visits, world: LoggedWorld
) -> None:
    reader = visits("reader1")
    page = reading(reader)
    commit(page, "p", "3")
    assert sum("/film" in one.url for one in reader.answers) >= 3
    assert leaks(reader.answers, world) == []

    other = visits("reader2")  # who has other films meanwhile
    (score,) = world.log.execute("SELECT max(prediction) FROM predictions").fetchone()
    other.page.route(
        re.compile("/film$"),
        lambda route: route.fulfill(
            response=(found := route.fetch()), headers=found.headers | {"x-score": str(score)}
        ),
    )
    seen = {shown(page), shown(reading(other))}
    assert leaks(other.answers, world)  # a planted one is found
    assert not seen & {commit(page, "n", "4"), commit(other.page, "n", "4")}
    assert len(seen) == 2


def test_a_read_is_stored_once_whatever_happens_on_its_way(visits: Visits, told: Told) -> None:
    reader = visits("reader1")
    page = reading(reader)
    case = shown(page)
    press(page, "p", "4")
    page.reload()
    assert shown(page) == case  # film and answer outlive a reload
    assert page.locator('[data-answer="read=pneumonia"]').get_attribute("aria-pressed") == "true"
    page.evaluate("for (const _ of 'twice') document.querySelector('#commit').click()")
    expect(page.locator("#case")).not_to_have_text(case)

    case = shown(page)
    reader.context.set_offline(True)
    press(page, "n", "5", "Enter")
    expect(page.locator("#lost")).to_be_visible()
    assert page.locator("#case").inner_text() == case
    assert reader.axe() == []
    reader.context.set_offline(False)  # and it is sent by itself
    expect(page.locator("#case")).not_to_have_text(case)
    reader.take_trouble("ERR_INTERNET_DISCONNECTED")

    case = shown(page)

    def lose(route: Route) -> None:  # the server has the read, the browser never hears of it
        route.fetch()
        route.abort()

    page.route(re.compile("/read$"), lose, times=1)
    press(page, "u", "3", "Enter")
    expect(page.locator("#lost")).to_be_visible()
    page.reload()  # and goes on by itself
    expect(page.locator("#case")).not_to_have_text(re.compile(f"{case}|^$"))
    shown(page)
    reader.take_trouble("ERR_FAILED")
    page.goto(f"{reader.room.url}/account")
    page.go_back()
    shown(page)
    assert [one["read"] for one in told()] == ["pneumonia", "normal", "uncertain"]


def test_the_viewer_shows_what_it_is_asked_for(visits: Visits) -> None:
    page = reading(visits("reader1"))
    as_it_came = canvas(page)
    for keys in (["i"], ["Shift+ArrowUp"], ["Shift+ArrowRight"], ["+"], ["0", "ArrowLeft"]):
        press(page, *keys)
        assert canvas(page) != as_it_came, keys
        press(page, "r")
        assert canvas(page) == as_it_came, keys
    press(page, "i", "i")
    assert canvas(page) == as_it_came
    press(page, *["+"] * 12)
    expect(page.locator("#zoom")).to_have_text("400 %")
    press(page, "=")
    assert canvas(page) == as_it_came

    box = page.locator("#film").bounding_box()
    assert box is not None
    middle = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    for changes_window in (True, False):
        assert canvas(page) == as_it_came
        before = page.locator("#window").inner_text()
        page.mouse.move(*middle)
        page.mouse.down()
        page.mouse.move(middle[0] + 40, middle[1] - 60)
        page.mouse.up()
        assert canvas(page) != as_it_came
        assert (page.locator("#window").inner_text() != before) == changes_window
        press(page, "r", "d")  # from now on a drag moves the film
    assert canvas(page) == as_it_came


def test_the_page_fits_and_is_accessible_with_and_without_the_models_answers(
    visits: Visits, world: LoggedWorld, told: Told
) -> None:
    reader = visits("reader1")
    page = reading(reader)
    for width in WIDTHS:
        reader.resize(width)
        assert reader.too_wide() == 0
    assert reader.axe() == []  # on a phone's screen, the last one
    reader.resize("1280")
    press(page, "?")
    helped = page.locator("#help kbd").all_inner_texts()
    buttons = page.locator("button[data-keys] kbd").all_inner_texts()
    assert set(helped) == set(buttons) and len(buttons) == len(set(buttons))
    assert reader.axe() == []
    press(page, "Escape")

    commit_one_read_by(2, page, world)
    press(page, "c")
    expect(page.get_by_text("nobody is asked about this film any more")).to_be_visible()
    press(page, "Escape")
    reader.take_trouble("409")
    commit_one_read_by(1, page, world)
    press(page, "c")
    expect(page.locator("#comparison tbody tr")).to_have_count(2)
    assert reader.axe() == []
    page.get_by_role("button", name="I would now say: no pneumonia").click()
    expect(page.get_by_text("Recorded, beside your read.")).to_be_visible()
    page.get_by_role("button", name="what the scores depend on").click()
    expect(page.locator("#comparison figcaption")).to_have_text([re.compile("most by")] * 2)
    expect(page.get_by_text("Not a localisation.")).to_be_visible()
    press(page, "Escape")
    expect(page.locator('[data-act="undo"]')).to_be_disabled()
    first, second = told()[-2:]
    assert (first["read"], first["blinded"]) == ("pneumonia", True)
    assert (second["read"], second["blinded"], second["opinion"]) == ("normal", False, "change")


def test_what_is_not_a_film_has_a_screen_of_its_own(
    browser: Browser, drawn: Path, tmp_path: Path
) -> None:
    world = copied(drawn, tmp_path)
    tables = local_tables(world.settings, "a test")
    few = tables.read(REVIEW_ASSIGNMENTS).filter("drawn").head(4).collect()
    tables.overwrite(REVIEW_ASSIGNMENTS, few)
    with running_room(world.settings) as room:
        reader = visit(browser, room, "reader1")
        page = reading(reader)
        press(page, "p", "4")
        room.app.state.desk.sessions.end(reader.context.cookies()[0].get("value", ""))
        press(page, "Enter")
        expect(page.get_by_role("heading", name="Your session has ended")).to_be_focused()
        assert reader.axe() == []
        page.get_by_role("link", name="Sign in").click()
        page.get_by_label("Name").fill("reader1")
        page.get_by_label("Password").fill(PASSWORD)
        press(page, "Enter")
        expect(page.locator("#count")).to_have_text("1")  # and sent what was kept

        shown(page)
        reader.context.add_cookies([room.cookie_of("reader1")])  # signed in elsewhere
        press(page, "n", "5", "Enter")
        expect(page.get_by_role("heading", name="This page is out of date")).to_be_focused()
        page.get_by_role("link", name="Load again").click()
        expect(page.locator("#count")).to_have_text("2")
        assert [one["read"] for one in reads(world.settings)] == ["pneumonia", "normal"]

        world.log.execute("DELETE FROM images")
        world.log.commit()
        page.reload()
        expect(page.get_by_role("heading", name="cannot be shown")).to_be_focused()
        while page.locator("#review").get_attribute("data-screen") == "missing":
            page.get_by_role("button", name="Give back").click()
            expect(page.locator("#commit")).to_be_enabled()
        expect(page.get_by_role("heading", name="Nothing waits for you")).to_be_focused()
        expect(page.get_by_role("button", name="Models' answers")).to_be_enabled()
        for refused in ("401", "403", "404"):
            assert reader.take_trouble(refused)
        assert reader.trouble == []
        reader.context.close()
    world.log.close()


def test_only_readers_read_and_only_from_a_page_of_theirs(
    visits: Visits, room: RunningRoom
) -> None:
    viewer = visits("viewer")
    page = viewer.open("/review")
    expect(page.get_by_role("heading", name="Not allowed")).to_be_visible()
    viewer.take_trouble("403")
    cookie = room.cookie_of("reader1")
    cookies = {cookie["name"]: cookie["value"]}
    with httpx.Client(base_url=room.url, cookies=cookies) as reader:
        assert reader.post("/review/leases", json={}).status_code == 403
        for token, status in (("stale", 403), (csrf_of(cookie["value"]), 200)):
            answer = reader.post("/review/leases", json={}, headers={"x-csrf-token": token})
            assert answer.status_code == status


def png16(pixels: np.ndarray) -> bytes:
    """Rows of a 16 bit PNG, each with the next of PNG's five filters."""
    samples = pixels.astype(">u2").view(np.uint8).astype(int).reshape(len(pixels), -1)
    above = np.vstack([np.zeros_like(samples[:1]), samples[:-1]])
    left = np.pad(samples, ((0, 0), (2, 0)))[:, :-2]
    corner = np.pad(above, ((0, 0), (2, 0)))[:, :-2]
    guess = left + above - corner
    distances = np.abs(np.stack([guess - left, guess - above, guess - corner]))
    paeth = np.choose(distances.argmin(0), [left, above, corner])
    guessed = [np.zeros_like(left), left, above, (left + above) // 2, paeth]
    rows = b"".join(
        bytes([row % 5, *((samples[row] - guessed[row % 5][row]) % 256)])
        for row in range(len(samples))
    )
    header = struct.pack(">IIBBBBB", pixels.shape[1], pixels.shape[0], 16, 0, 0, 0, 0)
    parts = [(b"IHDR", header), (b"IDAT", (packed := zlib.compress(rows))[:50])]
    parts += [(b"IDAT", packed[50:]), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        for kind, body in parts
    )


def test_a_deep_film_keeps_its_depth_on_the_way_to_the_canvas(
    browser: Browser, drawn: Path, tmp_path: Path
) -> None:
    world = copied(drawn, tmp_path)
    deepen(world)
    world.log.close()
    with running_room(world.settings) as room:
        reader = visit(browser, room, "reader1")
        page = reading(reader)
        expect(page.locator("#window")).to_have_text("L 2048 W 4095")
        surround, *coarse = sorted(page.evaluate(GREYS))
        assert surround == 0 and 150 < coarse[0] < coarse[-1] < 200  # turned, and once
        press(page, *["Shift+ArrowRight"] * 20, *["Shift+ArrowDown"] * 4)
        canvas(page)
        fine = page.evaluate(GREYS)
        assert len(coarse) < 40 < 150 < len(fine)

        pixels = np.random.default_rng(5).integers(0, 65536, (11, 7), np.uint16)
        data = png16(pixels)
        assert (np.asarray(Image.open(io.BytesIO(data))) == pixels).all()  # as others decode it
        decoded = page.evaluate(DECODED, list(data))
        assert decoded == [7, 11, 65535, *pixels.ravel().tolist()]
        assert reader.trouble == []
        reader.context.close()
