"""`kill -9` of the process that serves readers, at random moments under two readers, over HTTP:
reads that were acknowledged against reads in the inbox, and who held which case when.

python -m benchmarks.reading.kill_room [--kills 20]
"""

import argparse
import os
import random
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from uuid import uuid4

import httpx

from xray_assets.feedback.inbox_rows import InboxRows
from xray_assets.settings import Settings
from xray_assets.web.account_changes import add_account
from xray_assets_tests.reading.made_room import made_room

READERS = ("anna", "ben")
START_SECONDS = 60.0
PATIENCE_SECONDS = 600.0
"""How long a viewer sends the same call again."""


@dataclass
class Outcome:
    """What the readers were told, and what was found wrong."""

    acknowledged: dict[str, str] = field(default_factory=dict)
    """Case by commit id."""
    leased_twice: list[str] = field(default_factory=list)
    holds: dict[str, str] = field(default_factory=dict)
    """Reader by case, from the lease to its acknowledged read."""
    repeats: int = 0
    problems: list[str] = field(default_factory=list)


class Server:
    """The feedback API as a process, which comes back on the same port."""

    def __init__(self, state: Path) -> None:
        self.state, self.port = state, 0
        self.start()

    def start(self) -> None:
        log = self.state / "api.log"
        log.write_text("")
        environment = os.environ | {
            "XRAY_STATE": str(self.state),
            "XRAY_FEEDBACK_PORT": str(self.port),
        }
        command = [sys.executable, "-m", "xray_assets.feedback_api"]
        with log.open("w") as out:
            self.process = subprocess.Popen(command, env=environment, stderr=out, stdout=out)
        deadline = time.monotonic() + START_SECONDS
        while "startup complete" not in log.read_text():
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(log.read_text())
            time.sleep(0.02)
        (port,) = re.findall(r"feedback API on http://\S+:(\d+)", log.read_text())
        self.port = int(port)

    def kill(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()


class Reader(threading.Thread):
    """A viewer as it should be: it keeps its answer and its commit id until it is told that the
    read is stored.
    """

    def __init__(self, name: str, token: str, server: Server, outcome: Outcome) -> None:
        super().__init__(name=name, daemon=True)
        self._token, self._server, self._outcome = token, server, outcome
        self._lock = threading.Lock()

    def run(self) -> None:
        """Read until nothing waits; whatever goes wrong is reported."""
        try:
            while self._read_one():
                pass
        except Exception as error:
            self._outcome.problems.append(f"{self.name}: {error!r}")

    def _read_one(self) -> bool:
        answer = self._ask("GET", "/review/next")
        if answer.status_code == 204:
            return False
        held = answer.raise_for_status().json()
        holder = self._outcome.holds.setdefault(held["case"], self.name)
        if holder != self.name:
            self._outcome.leased_twice.append(held["case"])
        lease, commit_id = f"/review/leases/{held['lease']}", str(uuid4())
        self._ask("GET", f"{lease}/film").raise_for_status()
        body = {"commit_id": commit_id, "read": "normal", "certainty": 4, "seconds_to_commit": 1.0}
        self._ask("POST", f"{lease}/commit", body).raise_for_status()
        self._outcome.acknowledged[commit_id] = held["case"]
        self._outcome.holds.pop(held["case"])
        return True

    def _ask(self, method: str, path: str, body: dict | None = None) -> httpx.Response:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while True:
            try:
                return httpx.request(
                    method,
                    f"http://127.0.0.1:{self._server.port}{path}",
                    headers={"Authorization": f"Bearer {self._token}"},
                    json=body,
                    timeout=20,
                )
            except httpx.TransportError:
                if time.monotonic() > deadline:
                    raise
                self._outcome.repeats += 1
                time.sleep(0.02)


def run(folder: Path, *, cases: int, kills: int, pause: tuple[float, float], seed: int) -> Outcome:
    """Two readers read all cases while the server is killed; then what they were told is compared
    with the inbox: `problems` says what is lost, doubled or held twice.
    """
    where, requests = made_room(folder, cases)
    generator, outcome = random.Random(seed), Outcome()
    server = Server(folder)
    readers = [
        Reader(name, add_account(where, name, "reader"), server, outcome) for name in READERS
    ]
    for reader in readers:
        reader.start()
    for _ in range(kills):
        time.sleep(generator.uniform(*pause))
        server.kill()
        server.start()
    for reader in readers:
        reader.join()
    server.kill()
    outcome.problems += compare(where, requests, outcome)
    return outcome


def compare(where: Settings, requests: Sequence[str], outcome: Outcome) -> list[str]:
    """What is wrong, in words; empty when nothing is."""
    rows = InboxRows(where.feedback_inbox).read_after(0, 1_000_000)
    stored = [feedback_id for _, feedback_id, _, _ in rows]
    contents = [content for _, _, content, _ in rows]
    about = Counter(one for one in requests for content in contents if one in content)
    found = []
    if lost := set(outcome.acknowledged) - set(stored):
        found.append(f"reads lost: {len(lost)}")
    if doubled := [one for one, count in about.items() if count != 1]:
        found.append(f"cases read twice: {len(doubled)}")
    if unread := set(requests) - set(about):
        found.append(f"cases unread: {len(unread)}")
    if outcome.leased_twice:
        found.append(f"cases leased twice at once: {len(outcome.leased_twice)}")
    return found


def main() -> None:
    """Print the figures; exit code 1 where anything is wrong."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--cases", type=int, default=600)
    parser.add_argument("--seed", type=int, default=0)
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        outcome = run(
            Path(folder),
            cases=chosen.cases,
            kills=chosen.kills,
            pause=(0.5, 3.0),
            seed=chosen.seed,
        )
    print(
        f"kills {chosen.kills}, cases {chosen.cases}, reads acknowledged "
        f"{len(outcome.acknowledged)}, calls repeated {outcome.repeats}"
    )
    print("; ".join(outcome.problems) or "lost 0, doubled 0, leased twice at once 0")
    sys.exit(bool(outcome.problems))


if __name__ == "__main__":
    main()
