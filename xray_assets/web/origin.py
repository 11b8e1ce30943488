"""Did a foreign web page send this? The check of Host, Origin and Sec-Fetch-Site that every server
of the project makes first, with or without a token. Pure.

A name that is not ours in `Host` is DNS rebinding. A browser names the page behind a request in
`Origin` (every POST and websocket) or `Sec-Fetch-Site` (everything to this machine); programs send
neither. A link from elsewhere may open a page here: GET changes nothing.
"""

from collections.abc import Mapping

from xray_assets.settings import Settings
from xray_assets.web.refusals import PermissionDenied, Refusal

_OURS = (None, b"same-origin", b"none")
_FOREIGN_HOST = PermissionDenied(
    "this server is not known by the name in Host: add it to XRAY_ALLOWED_HOSTS", reason="host"
)
_FOREIGN_PAGE = PermissionDenied(
    "requests of other web pages are not answered: send it from this server's own page, or from a "
    "program",
    reason="origin",
)


def allowed_hosts(settings: Settings) -> frozenset[bytes]:
    """The names, without ports, that clients may use for this machine."""
    more = settings.allowed_hosts.split(",")
    names = {"localhost", "127.0.0.1", "::1", settings.host, settings.dagster_host, *more}
    named = {name.strip().lower() for name in names} - {""}
    return frozenset((f"[{name}]" if ":" in name else name).encode() for name in named)


def refusal(
    headers: Mapping[bytes, bytes], hosts: frozenset[bytes], method: str = "GET"
) -> Refusal | None:
    """Why a request is refused, or None; `headers` as ASGI gives them, names in lower case."""
    host = headers.get(b"host", b"").lower()
    name = host if b":" not in host or host.endswith(b"]") else host.rpartition(b":")[0]
    if name not in hosts:
        return _FOREIGN_HOST
    origin, site = headers.get(b"origin"), headers.get(b"sec-fetch-site")
    if origin is not None and origin.partition(b"://")[2].lower() != host:
        return _FOREIGN_PAGE
    if site not in _OURS and not (
        method in ("GET", "HEAD")
        and headers.get(b"sec-fetch-mode") == b"navigate"
        and headers.get(b"sec-fetch-dest") == b"document"
    ):
        return _FOREIGN_PAGE
    return None
