"""Whether one of our own pages sent this: every request that may change something carries the token
that only our pages know. Pure ASGI.

It also reads the form, into `request.state.form`. Scripts send films as the body itself; bodies of
`multipart/form-data` are not read.
"""

import hmac
from urllib.parse import parse_qsl

from starlette.requests import Request

from xray_assets.web.http_answers import Application, Message, Receive, Scope, Send
from xray_assets.web.refusals import BadRequest, PermissionDenied

FORM_BYTES, FORM_FIELDS = 64 * 1024, 200
_FORM = "application/x-www-form-urlencoded"
_CHANGES_NOTHING = ("GET", "HEAD", "OPTIONS")

STALE = PermissionDenied(
    "this form is out of date, and nothing was changed: go back, reload the page, send it again",
    reason="csrf",
)


class Forms:
    """Hands on what changes nothing, and what carries the token; behind `Door` and `Gate`."""

    def __init__(self, application: Application) -> None:
        self._application = application

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Raise PermissionDenied or BadRequest, or call the application."""
        if scope["type"] != "http" or scope["method"] in _CHANGES_NOTHING:
            await self._application(scope, receive, send)
            return
        request = Request(scope, receive)
        if request.state.by_token:
            await self._application(scope, receive, send)
            return
        body = await request.body()
        state = request.state
        state.form = form_of(request.headers.get("content-type", ""), body)
        sent = request.headers.get("x-csrf-token") or state.form.get("csrf", "")
        if not state.cookie or not hmac.compare_digest(sent.encode(), state.csrf.encode()):
            raise STALE
        whole: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

        async def replay() -> Message:
            return whole.pop() if whole else await receive()

        await self._application(scope, replay, send)


def form_of(content_type: str, body: bytes) -> dict[str, str]:
    """The fields of a form, the last one of a name; none of any other body. Raises BadRequest."""
    if content_type.partition(";")[0].strip().lower() != _FORM:
        return {}
    try:
        if len(body) > FORM_BYTES:
            raise ValueError
        text = body.decode("utf-8", "replace")
        return dict(parse_qsl(text, keep_blank_values=True, max_num_fields=FORM_FIELDS))
    except ValueError:
        raise BadRequest(
            f"a form has at most {FORM_BYTES} bytes and {FORM_FIELDS} fields"
        ) from None
