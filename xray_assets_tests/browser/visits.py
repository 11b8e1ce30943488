"""A page that a person has open, and everything that must never happen on it."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Request, Response

from xray_assets_tests.browser.axe import SOURCE
from xray_assets_tests.browser.running_room import RunningRoom

WIDTHS = {"phone": (390, 844), "1280": (1280, 800), "1920": (1920, 1080)}
_AXE = """async () =>
    (await axe.run({ resultTypes: ["violations"], preload: false })).violations"""


@dataclass
class Visit:
    """One person's browser window. `trouble` is what a test must not leave behind."""

    room: RunningRoom
    context: BrowserContext
    page: Page
    trouble: list[str] = field(default_factory=list)
    answers: list[Response] = field(default_factory=list)
    """Every response, for those who scan bodies, headers and addresses."""

    def open(self, path: str) -> Page:
        """Go to a page of the room."""
        self.page.goto(self.room.url + path)
        return self.page

    def resize(self, width: str) -> None:
        """One of WIDTHS."""
        across, down = WIDTHS[width]
        self.page.set_viewport_size({"width": across, "height": down})

    def take_trouble(self, words: str) -> list[str]:
        """The trouble that holds these words: the test made it on purpose."""
        taken = [one for one in self.trouble if words in one]
        self.trouble[:] = [one for one in self.trouble if words not in one]
        return taken

    def axe(self) -> list[str]:
        """Serious and critical findings of axe-core on the page as it is now."""
        if not self.page.evaluate("() => 'axe' in window"):
            self.page.evaluate(SOURCE.read_text())
        return [
            f"{one['impact']}: {one['id']}: {[node['target'] for node in one['nodes']][:5]}"
            for one in self.page.evaluate(_AXE)
            if one["impact"] in ("serious", "critical")
        ]

    def too_wide(self) -> int:
        """By how many pixels the page is wider than its window."""
        return self.page.evaluate(
            "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"
        )

    def screenshot(self, path: Path) -> None:
        """Keep what is seen."""
        path.parent.mkdir(parents=True, exist_ok=True)
        self.page.screenshot(path=path)


def visit(browser: Browser, room: RunningRoom, name: str | None, **options: Any) -> Visit:
    """A new window in which `name` is signed in (None: nobody). `options` of Playwright's
    new_context: color_scheme, has_touch, ...
    """
    width, height = WIDTHS["1280"]
    options = {"viewport": {"width": width, "height": height}} | options
    context = browser.new_context(**options)
    if name is not None:
        context.add_cookies([room.cookie_of(name)])
    made = Visit(room, context, context.new_page())
    _watch(made)
    return made


def _watch(visited: Visit) -> None:
    """Write down errors of the console and of scripts, and requests that leave the host."""
    page, trouble = visited.page, visited.trouble

    def asked(request: Request) -> None:
        if not request.url.startswith((visited.room.url, "blob:", "data:")):
            trouble.append(f"request to {request.url}")

    def said(message: ConsoleMessage) -> None:
        if message.type == "error":
            trouble.append(f"console: {message.text}")

    page.on("console", said)
    page.on("pageerror", lambda error: trouble.append(f"script: {error}"))
    page.on("request", asked)
    page.on("response", lambda one: visited.answers.append(one))
