"""A scan of 200 reads through the review page's routes: `python -m benchmarks.room.blindness`.

Two readers read all that waits. Every status, header and body that they get is searched for what
tells of a model, a request or a file; then one answer is given a score, and must be found. What the
page itself shows and asks in a browser: `xray_assets_tests/browser/test_review.py`.
"""

import json
import sys
import tempfile
from pathlib import Path
from uuid import uuid4

from xray_assets.reading.queue import ReadingQueue
from xray_assets.web.roles import Role
from xray_assets_tests.reading.made_room import NOW, made_room
from xray_assets_tests.reading.test_blindness import Visit, leaks
from xray_assets_tests.room.visitor import Visitor, csrf_in, room_with

READS = 200


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        settings, _ = made_room(Path(folder), READS)
        room = room_with(settings, anna=Role.READER, ben=Role.READER)
        room.state.reading = ReadingQueue(settings, clock=NOW.timestamp)  # times hold no digits
        heard = Visit()
        reads = sum(_read(room, name, heard) for name in ("anna", "ben"))
    found = leaks(heard)
    status, headers, body = heard.told[-3]
    planted = leaks(Visit([(status, [*headers, ("x-score", "0.873")], body)]))
    print(
        json.dumps({"reads": reads, "answers": len(heard.told), "leaks": found, "planted": planted})
    )
    sys.exit(reads != READS or bool(found) or not planted)


def _read(room, name: str, heard: Visit) -> int:
    """Read half of all films; how many."""
    reader = Visitor(room, headers={})
    reader.sign_in(name)
    headers = {"x-csrf-token": csrf_in(reader.get("/account"))}

    def ask(method: str, path: str, body: dict | None = None):
        return heard.hear(reader.send(method, f"/review/leases{path}", json=body, headers=headers))

    for number in range(READS // 2):
        lease = ask("POST", "", {}).json()["lease"]
        ask("GET", f"/{lease}/film")
        read = {"read": ("normal", "pneumonia")[number % 2], "certainty": 1 + number % 5}
        assert ask("POST", f"/{lease}/read", {"commit_id": str(uuid4()), "read": read}).is_success
    return READS // 2


if __name__ == "__main__":
    main()
