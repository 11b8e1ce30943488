"""A browser's view of a room in this process: keeps its cookies, sends its forms as pages do."""

import asyncio
import re
from collections.abc import Mapping
from typing import Any

import httpx
from argon2 import PasswordHasher
from fastapi import FastAPI

from xray_assets.room.application import room_app
from xray_assets.settings import Settings
from xray_assets.web.account_changes import add
from xray_assets.web.sign_in.passwords import Passwords

CHEAP = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
PASSWORD = "correct horse battery"
HOST = "http://127.0.0.1:8700"
PAGE = {"accept": "text/html"}


def room_with(settings: Settings, **roles: str) -> FastAPI:
    """A room whose people, by name, have these roles and PASSWORD."""
    for name, role in roles.items():
        add(settings, name, role, password_hash=Passwords(CHEAP).hashed(PASSWORD))
    return room_app(settings, hasher=CHEAP)


class Visitor:
    """One browser. Redirects are not followed; `headers` go with every request."""

    def __init__(
        self, room: FastAPI, *, peer: str = "127.0.0.1", headers: Mapping[str, str] = PAGE
    ) -> None:
        self.room, self.peer, self.headers = room, peer, dict(headers)
        self.cookies = httpx.Cookies()

    def send(self, method: str, path: str, **options: Any) -> httpx.Response:
        """A request as it is written."""

        async def once() -> httpx.Response:
            transport = httpx.ASGITransport(self.room, client=(self.peer, 1234))
            async with httpx.AsyncClient(transport=transport, base_url=HOST) as client:
                client.cookies, options["headers"] = (
                    self.cookies,
                    self.headers | options.get("headers", {}),
                )
                answer = await client.request(method, path, **options)
                self.cookies = client.cookies
                return answer

        return asyncio.run(once())

    def get(self, path: str, **options: Any) -> httpx.Response:
        """A page."""
        return self.send("GET", path, **options)

    def post(self, path: str, form: Mapping[str, str], *, of: str) -> httpx.Response:
        """A form of the page `of`, with its CSRF token."""
        return self.send("POST", path, data={"csrf": csrf_in(self.get(of)), **form})

    def sign_in(self, name: str, password: str = PASSWORD, **form: str) -> httpx.Response:
        """Fill in the form of /login."""
        form = {"name": name, "password": password, **form}
        return self.post("/login", form, of="/login")


def csrf_in(page: httpx.Response) -> str:
    """The token of a page's forms."""
    found = re.search(r'<meta name="csrf" content="(\w+)">', page.text)
    assert found, page.text
    return found[1]
