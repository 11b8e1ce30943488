"""The hot path: one invocation from its headers to a durable row and an answer. A plain ASGI
callable, no framework in between.

What of it is slow (large bodies and films) is `body_reader`'s.
"""

import json
import time
from collections.abc import Callable, Mapping

import numpy as np

from xray_assets.serving.control.metrics import Metrics
from xray_assets.serving.hot_path.body_reader import BodyReader
from xray_assets.serving.hot_path.live_endpoint import LiveEndpoint, Scored
from xray_assets.serving.hot_path.log_entry import log_entry
from xray_assets.serving.hot_path.origin import PURPOSE_OF, sites_of
from xray_assets.serving.hot_path.request_ids import new_request_id
from xray_assets.serving.log.writer import LogUnavailable, LogWriter
from xray_assets.serving.process.server_log import ServerLog
from xray_assets.settings import Settings
from xray_assets.web.accounts import Accounts
from xray_assets.web.bounds import InWork, RateLimit, endpoint_bounds
from xray_assets.web.http_answers import (
    ClientGone,
    Receive,
    Scope,
    Send,
    answer,
    answer_refusal,
    read_body,
)
from xray_assets.web.refusals import (
    BadRequest,
    Refusal,
    ScoringFailed,
    Unavailable,
    UnknownEndpoint,
    UnsupportedMedia,
)
from xray_assets.web.roles import Account, Act


class Invocations:
    """`POST /serving-endpoints/<name>/invocations`."""

    def __init__(
        self,
        settings: Settings,
        *,
        accounts: Accounts,
        live: Mapping[str, LiveEndpoint],
        not_ready: Mapping[str, str],
        without_config: Mapping[str, str],
        log: LogWriter,
        metrics: Metrics,
        server_log: ServerLog,
        waiting: Callable[[], int],
    ) -> None:
        """`live` and `not_ready` (endpoint name -> reason) are owned and changed by the config
        updates.
        """
        self._accounts = accounts
        self._live = live
        self._not_ready = not_ready
        self._without_config = without_config
        self._log = log
        self._metrics = metrics
        self._server_log = server_log
        self._waiting = waiting
        self._rate_limit = RateLimit(settings.endpoint_rate_limit)
        self._in_work = InWork(endpoint_bounds(settings))
        self._sites = frozenset(settings.sites)
        self._reader = BodyReader(settings)

    async def __call__(
        self, scope: Scope, receive: Receive, send: Send, endpoint_name: str
    ) -> None:
        """Serve one request: every outcome is a JSON answer and a count."""
        started = time.perf_counter()
        try:
            await self._serve(scope, receive, send, endpoint_name, started)
        except Refusal as refusal:
            self._metrics.refused(refusal.status, refusal.reason)
            await answer_refusal(send, refusal)
        except ClientGone:
            self._metrics.refused(499, "client_gone")
        except Exception as error:  # the client gets JSON, the server's log the type
            self._server_log.event("invocation_failed", error_type=type(error).__name__)
            self._metrics.refused(500, "internal_error")
            await answer_refusal(
                send, ScoringFailed("the server failed on this request; nothing was logged")
            )

    async def _serve(
        self, scope: Scope, receive: Receive, send: Send, name: str, started: float
    ) -> None:
        headers: dict[bytes, bytes] = dict(scope["headers"])
        account = self._accounts.account(headers.get(b"authorization"))
        account.demand(Act.PREDICT)
        endpoint = self._live.get(name)
        if endpoint is None:
            raise self._missing(name)
        self._rate_limit.take(account.name)
        _check_media(headers)
        ticket = self._in_work.enter()
        try:
            declared = headers.get(b"content-length")
            body = await read_body(
                receive,
                declared=int(declared) if declared else None,
                limit=self._in_work.bounds.body_bytes,
                ticket=ticket,
            )
            await self._predict(body, endpoint, send, started, account)
        finally:
            ticket.leave()

    async def _predict(
        self, body: bytes, endpoint: LiveEndpoint, send: Send, started: float, account: Account
    ) -> None:
        invocation, films, light = await self._reader.read(body)
        sites = sites_of(invocation.sites, own=account.site, allowed=self._sites)
        purpose = PURPOSE_OF[account.role]
        request_id = new_request_id()
        routing_key = invocation.one_patient or invocation.client_request_id or request_id
        first = films[0].model_input[None]
        inputs = first if len(films) == 1 else np.stack([one.model_input for one in films])
        scored = await endpoint.score(routing_key, inputs)
        entry = log_entry(
            endpoint,
            invocation,
            films,
            scored,
            request_id=request_id,
            routing_key=routing_key,
            sites=sites,
            purpose=purpose,
        )
        entry.latency_ms = (time.perf_counter() - started) * 1000
        try:
            durable = self._log.write(entry, light=light, alone=self._waiting() == 1)
            if durable is not None:
                await durable
        except LogUnavailable as error:
            raise Unavailable(f"{error}; nothing was answered, retry later", reason="log") from None
        self._count(endpoint.name, scored, seconds=time.perf_counter() - started)
        self._metrics.came_from(endpoint.name, sites, purpose)
        id_header = request_id.encode()
        headers = (
            (b"served-model-name", scored.served.entity.name.encode()),
            (b"databricks-request-id", id_header),
            (b"x-databricks-request-id", id_header),
        )
        if scored.probabilities is None:
            failed = ScoringFailed(
                f"no model could score this request; it is logged as {request_id}"
            )
            await answer(send, 500, failed.body(), headers)
            return
        answered = {
            "predictions": scored.probabilities,
            "databricks_output": {"databricks_request_id": request_id},
        }
        await answer(send, 200, json.dumps(answered).encode(), headers)

    def _missing(self, name: str) -> Refusal:
        reason = self._not_ready.get(name)
        if reason is not None:
            return Unavailable(f"the endpoint is not ready: {reason}", reason="not_ready")
        if (reason := self._without_config.get(name)) is not None:
            return UnknownEndpoint(f"the endpoint serves nothing yet: {reason}", reason="no_config")
        return UnknownEndpoint("there is no endpoint of this name", reason="unknown_endpoint")

    def _count(self, endpoint_name: str, scored: Scored, *, seconds: float) -> None:
        assigned, served = scored.assigned.entity.name, scored.served.entity.name
        status = 200 if scored.probabilities is not None else 500
        self._metrics.answered(endpoint_name, assigned, served, status=status, seconds=seconds)
        if assigned != served:
            self._metrics.fell_back(endpoint_name, assigned, scored.failure or "error")


def _check_media(headers: dict[bytes, bytes]) -> None:
    kind = headers.get(b"content-type", b"application/json").partition(b";")[0].strip().lower()
    if kind != b"application/json":
        raise UnsupportedMedia("send JSON: 'Content-Type: application/json'", reason="content_type")
    if headers.get(b"content-encoding", b"identity").lower() != b"identity":
        raise UnsupportedMedia("send the body without compression", reason="content_encoding")
    length = headers.get(b"content-length")
    if length is not None and not length.isdigit():
        raise BadRequest("the header Content-Length is not a number", reason="bad_body")
