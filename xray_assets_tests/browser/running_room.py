"""A reading room that answers on a free port, in a thread, with people who can sign in."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import uvicorn
from argon2 import PasswordHasher
from fastapi import FastAPI

from xray_assets.room.application import room_app
from xray_assets.room.cookie import cookie_name
from xray_assets.settings import Settings
from xray_assets.web.account_changes import add
from xray_assets.web.http_protocol import BoundedHttpProtocol
from xray_assets.web.roles import Role
from xray_assets.web.server import listening

PEOPLE = {
    "reader1": Role.READER,
    "reader2": Role.READER,
    "adjudicator": Role.ADJUDICATOR,
    "viewer": Role.VIEWER,
    "engineer": Role.ENGINEER,
    "approver": Role.APPROVER,
    "approver2": Role.APPROVER,
}
"""Who has an account, by name; all have the same password."""
PASSWORD = "correct horse battery staple"
CHEAP = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)


@dataclass(frozen=True)
class RunningRoom:
    """`url` has no slash at its end."""

    app: FastAPI
    settings: Settings
    url: str

    def cookie_of(self, name: str) -> dict[str, str]:
        """The cookie of a new session of this person, as Playwright takes it."""
        token = self.app.state.desk.sessions.begin(self.app.state.desk.accounts.person(name))
        return {"name": cookie_name(self.settings), "value": token, "url": self.url}


def add_people(settings: Settings, names: tuple[str, ...] = tuple(PEOPLE)) -> None:
    """Give these people their accounts."""
    hashed = CHEAP.hash(PASSWORD)
    for name in names:
        add(settings, name, PEOPLE[name], password_hash=hashed)


@contextmanager
def running_room(settings: Settings) -> Iterator[RunningRoom]:
    """The room, until the end of the block."""
    app = room_app(settings, hasher=CHEAP)
    config = uvicorn.Config(
        app, http=BoundedHttpProtocol, ws="none", log_config=None, timeout_graceful_shutdown=1
    )
    server = uvicorn.Server(config)
    with listening("127.0.0.1", 0, "XRAY_ROOM_PORT") as listener:
        thread = threading.Thread(target=server.run, args=([listener],), daemon=True)
        thread.start()
        yield RunningRoom(app, settings, f"http://127.0.0.1:{listener.getsockname()[1]}")
        server.should_exit = True
        thread.join(30)
