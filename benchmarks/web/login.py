"""Wrong passwords and broken forms at the reading room: `python -m benchmarks.web.login`.

A room as a process. 1,000 wrong passwords: half from one address for one name, half from 500 others
for 100 names. Then 10,000 bodies that are forms, pieces of forms or noise, with and without the
token of a page. Shown: answers by status, sessions that were made, and whether somebody with the
right password is still let in.
"""

import json
import random
import sqlite3
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlencode

import httpx
from argon2 import PasswordHasher

from benchmarks.web.servers import Server, running
from xray_assets.settings import Settings
from xray_assets.web.account_changes import add
from xray_assets.web.sign_in.passwords import Passwords

PASSWORD = "correct horse battery"
CHEAP = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
NAMES = 100
PATHS = ("/login", "/logout", "/account/password", "/", "/nothing")
KINDS = ("application/x-www-form-urlencoded", "application/json", "multipart/form-data; boundary=x")
VALUES = (
    "",
    "person 1",
    "\0",
    "é" * 300,
    "%",
    "&=;",
    "'; DROP TABLE sessions --",
    "\ud800",
    "a wrong password",
    "x" * 9000,
)


def main() -> None:
    with tempfile.TemporaryDirectory() as folder, running(Path(folder), ["room"]) as (room,):
        settings, hashed = Settings(state=room.state), Passwords(CHEAP).hashed(PASSWORD)
        for name in ("ada", *(f"person {number}" for number in range(NAMES))):
            add(settings, name, "viewer", password_hash=hashed)
        answers: Counter[str] = Counter()
        started = time.monotonic()
        with browser(room, "127.0.0.1") as client:
            for attempt in range(500):
                answers[f"one name {sign_in(client, 'person 0', f'wrong {attempt}')}"] += 1
        for attempt in range(500):
            with browser(room, f"127.1.{attempt // 250}.{attempt % 250 + 1}") as client:
                status = sign_in(client, f"person {attempt % (NAMES - 1) + 1}", "wrong")
                answers[f"many names {status}"] += 1
        seconds = time.monotonic() - started
        rng = random.Random(0)
        for sender in range(100):
            with browser(room, f"127.2.0.{sender + 1}") as client:
                token = csrf(client)
                for _ in range(100):
                    method, path, options = fuzzed(rng, token)
                    status = client.request(method, path, **options).status_code
                    answers[f"fuzzed {status}"] += 1
        made = sessions(room)
        with browser(room, "127.3.0.1") as client:
            still = sign_in(client, "ada", PASSWORD)
    broken = sum(number for key, number in answers.items() if key.split()[-1] >= "500")
    print(json.dumps(dict(sorted(answers.items()))))
    print(
        f"{seconds:.0f} s for the passwords; sessions {made}, 5xx {broken}, "
        f"the right password afterwards: {still}"
    )
    sys.exit(bool(made or broken or still != 303))


def browser(room: Server, address: str) -> httpx.Client:
    """A client with an address of its own."""
    transport = httpx.HTTPTransport(local_address=address)
    return httpx.Client(base_url=room.url, transport=transport, headers={"accept": "text/html"})


def csrf(client: httpx.Client) -> str:
    """The token that forms carry, from the sign-in page."""
    return client.get("/login").text.split('name="csrf" content="')[1].split('"')[0]


def sign_in(client: httpx.Client, name: str, password: str) -> int:
    """The status of an attempt."""
    form = {"name": name, "password": password, "csrf": csrf(client)}
    return client.post("/login", data=form).status_code


def fuzzed(rng: random.Random, csrf: str) -> tuple[str, str, Mapping[str, object]]:
    """Method, path and the rest of a request that no page of ours sends."""
    form = {
        key: rng.choice(VALUES)
        for key in rng.sample(("name", "password", "next", "present", "wanted", "again"), 4)
    }
    form["csrf"] = rng.choice((csrf, csrf, csrf[:-1], ""))
    body = bytearray(urlencode(form, errors="surrogatepass").encode())
    for _ in range(rng.choice((0, 0, 1, 20))):
        body[rng.randrange(len(body))] = rng.randrange(256)
    content = rng.choice((bytes(body), bytes(body), rng.randbytes(rng.randrange(2000))))
    headers = {"content-type": rng.choice(KINDS)}
    if rng.random() < 0.3:
        headers["x-csrf-token"] = rng.choice((csrf, "x"))
    method = rng.choice(("POST", "POST", "POST", "PUT", "DELETE", "GET"))
    return method, rng.choice(PATHS), {"content": content, "headers": headers}


def sessions(room: Server) -> int:
    """How many sessions there are."""
    with sqlite3.connect(room.state / "room" / "sessions.sqlite") as db:
        return db.execute("SELECT count(*) FROM sessions").fetchone()[0]


if __name__ == "__main__":
    main()
