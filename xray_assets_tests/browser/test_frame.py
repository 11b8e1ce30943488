"""The frame that every page is put into, and the harness itself."""

import hashlib

from xray_assets_tests.browser import axe
from xray_assets_tests.browser.conftest import Visits
from xray_assets_tests.browser.running_room import PASSWORD
from xray_assets_tests.browser.visits import WIDTHS


def test_axe_is_the_file_that_npm_has() -> None:
    assert hashlib.sha256(axe.SOURCE.read_bytes()).hexdigest() == axe.SHA256


def test_a_person_signs_in_and_out(visits: Visits) -> None:
    nobody = visits(None)
    page = nobody.open("/account")
    page.get_by_label("Name").fill("VIEWER")
    page.get_by_label("Password").fill("wrong")
    page.keyboard.press("Enter")
    page.get_by_text("wrong").wait_for()
    nobody.take_trouble("401")
    page.get_by_label("Password").fill(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url("**/account")
    page.get_by_role("button", name="Sign out").click()
    page.wait_for_url("**/login*")


def test_the_pages_of_the_account_fit_and_are_accessible(visits: Visits) -> None:
    for visited, path in ((visits(None), "/login"), (visits("viewer"), "/account")):
        page = visited.open(path)
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme)
            for width in WIDTHS:
                visited.resize(width)
                assert visited.too_wide() == 0
            assert visited.axe() == []
        assert page.get_by_text("Not for clinical use").is_visible()


def test_the_harness_sees_trouble(visits: Visits) -> None:
    person = visits("viewer")
    page = person.open("/account")
    page.evaluate("console.error('this')")
    page.evaluate("fetch('https://elsewhere.example/').catch(() => {})")
    page.evaluate("setTimeout(() => { throw new Error('that') })")
    page.wait_for_timeout(100)
    for words in ("console: this", "elsewhere.example", "script: that"):
        assert person.take_trouble(words)
    page.evaluate("document.body.innerHTML = '<img src=\"/static/icon.svg\">'")
    assert any("image-alt" in one for one in person.axe())
