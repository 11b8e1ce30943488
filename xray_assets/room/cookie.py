"""The room's one cookie: its name, and the headers that set and delete it. Pure.

Cookies of a host go to all its ports: the port in the name keeps two rooms of one machine apart.
"""

from starlette.requests import Request

from xray_assets.settings import Settings
from xray_assets.web.http_answers import Header


def cookie_name(settings: Settings) -> str:
    """With https, browsers themselves refuse a cookie of this name from anybody but this host."""
    prefix = "__Host-" if settings.room_https else ""
    return f"{prefix}xray_room_{settings.room_port}"


def token_of(request: Request, settings: Settings) -> str | None:
    """The token in the cookie."""
    return request.cookies.get(cookie_name(settings)) or None


def cookie_header(settings: Settings, token: str) -> Header:
    """The header that sets the cookie, until the browser closes; an empty token deletes it."""
    attributes = "; Path=/; HttpOnly; SameSite=Lax"
    attributes += "; Secure" if settings.room_https else ""
    attributes += "" if token else "; Max-Age=0"
    return b"set-cookie", f"{cookie_name(settings)}={token}{attributes}".encode()
