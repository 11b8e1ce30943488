"""What every answer of the reading room tells the browser: load nothing from elsewhere, run nothing
inline, be framed by nobody, keep no page. Pure ASGI.
"""

from xray_assets.web.http_answers import Application, Header, Message, Receive, Scope, Send

POLICY = (
    "default-src 'self'; img-src 'self' blob:; object-src 'none'; base-uri 'none';"
    " form-action 'self'; frame-ancestors 'none'"
)
"""blob: holds films that the page fetched itself."""

_ALWAYS: tuple[Header, ...] = (
    (b"content-security-policy", POLICY.encode()),
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    # `no-referrer` would make browsers send `Origin: null` with our own forms.
    (b"referrer-policy", b"same-origin"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"permissions-policy", b"camera=(), geolocation=(), microphone=()"),
)
_HTTPS_ONLY: Header = (b"strict-transport-security", b"max-age=31536000")
_KEPT, _NOT_KEPT = (b"cache-control", b"no-cache"), (b"cache-control", b"no-store")


class SecurityHeaders:
    """Adds them to each answer; static files may be kept, and are asked for again."""

    def __init__(self, application: Application, *, https: bool) -> None:
        """`https`: browsers never come back without it."""
        self._application = application
        self._headers = (*_ALWAYS, _HTTPS_ONLY) if https else _ALWAYS

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Call the application and add the headers."""
        caching = _KEPT if scope.get("path", "").startswith("/static/") else _NOT_KEPT

        async def sent(message: Message) -> None:
            if message["type"] == "http.response.start":
                given = message.get("headers", ())
                has_own = any(name == b"cache-control" for name, _ in given)
                more = self._headers if has_own else (*self._headers, caching)
                message["headers"] = [*given, *more]
            await send(message)

        await self._application(scope, receive, sent)
