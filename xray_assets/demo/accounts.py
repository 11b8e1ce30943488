"""The accounts that a demo makes: its simulated readers', and two for whoever looks at its end."""

import secrets
from dataclasses import dataclass

from xray_assets.settings import Settings
from xray_assets.web.account_changes import add, add_account
from xray_assets.web.roles import Role
from xray_assets.web.sign_in.passwords import Passwords

READERS = ("DR001", "DR002", "DR003")
BY = "the demo"


@dataclass(frozen=True)
class SignIn:
    """Who may sign in to the reading room, and how."""

    name: str
    role: Role
    password: str


def readers(settings: Settings) -> list[str]:
    """Tokens of the simulated readers."""
    return [add_account(settings, name, Role.READER, by=BY) for name in READERS]


def visitors(settings: Settings) -> list[SignIn]:
    """A reader, who is asked about films, and a viewer, who sees the dashboard: nobody is both."""
    made = [
        SignIn(str(role), role, secrets.token_urlsafe(12)) for role in (Role.READER, Role.VIEWER)
    ]
    for one in made:
        hashed = Passwords().hashed(one.password)
        add(settings, one.name, one.role, password_hash=hashed, by=BY)
    return made
