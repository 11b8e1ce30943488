"""Another web page against every server, in chromium: `python -m benchmarks.web.cross_site`.

The page lies on another port of this machine: the nearest foreign origin there is, with whose
requests the browser even sends the reading room's cookie. It fetches, posts forms, loads pictures
and frames and opens websockets; what a server answers with anything but 403, and every websocket
that opens, is printed and counted. Somebody is signed in to the room, and still is at the end.
Needs Debian's chromium (or CHROMIUM=/path/to/it).
"""

import http.server
import json
import os
import sys
import tempfile
import threading
from collections import Counter
from pathlib import Path
from typing import Any

import httpx
from playwright.sync_api import sync_playwright

from benchmarks.web.servers import Server, running
from xray_assets.settings import Settings
from xray_assets.web.account_changes import add
from xray_assets.web.sign_in.passwords import Passwords

CHROMIUM = os.environ.get("CHROMIUM", "/usr/bin/chromium")
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
PASSWORD = "correct horse battery"
MUTATION = "mutation { setNuxSeen }"
ATTACK = Path(__file__).with_name("attack.js").read_text()


class Page(http.server.BaseHTTPRequestHandler):
    """An empty page."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"<!doctype html><body>")

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def main() -> None:
    with tempfile.TemporaryDirectory() as folder, running(Path(folder)) as servers:
        foreign = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Page)
        threading.Thread(target=foreign.serve_forever, daemon=True).start()
        ours = {f":{server.port}/": server.name for server in servers}
        answers: Counter[tuple[str, int]] = Counter()
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
            page = browser.new_page()

            def count(response) -> None:
                for port, name in ours.items():
                    if port in response.url and "?query=" in response.url:
                        answers[name, response.status] += 1

            page.on("response", count)
            room = next(server for server in servers if server.name == "room")
            sign_in(page, room)
            page.goto(f"http://127.0.0.1:{foreign.server_port}/")
            urls = [f"{server.url}/graphql" for server in servers] + [f"{room.url}/logout"]
            opened = page.evaluate(ATTACK, {"urls": urls, "mutation": MUTATION})
            page.goto(f"{room.url}/account")
            signed_out = not page.url.endswith("/account")
            browser.close()
        dagster = next(server.url for server in servers if server.name == "dagster")
        asked = httpx.post(f"{dagster}/graphql", json={"query": "{ shouldShowNux }"}).json()
    accepted = {key: number for key, number in answers.items() if key[1] != 403}
    print(json.dumps({f"{name} {status}": n for (name, status), n in sorted(answers.items())}))
    changed = not asked["data"]["shouldShowNux"]
    print(
        f"accepted {len(accepted)}, websockets opened {len(opened)}, "
        f"changed in Dagster: {changed}, signed out of the room: {signed_out}"
    )
    sys.exit(bool(accepted or opened or changed or signed_out))


def sign_in(page: Any, room: Server) -> None:
    """Sign in to the room as a person does."""
    hashed = Passwords().hashed(PASSWORD)
    add(Settings(state=room.state), "ada", "approver", password_hash=hashed)
    page.goto(f"{room.url}/account")
    page.fill("#name", "ada")
    page.fill("#password", PASSWORD)
    page.click("main button")
    page.wait_for_url(f"{room.url}/account")


if __name__ == "__main__":
    main()
