"""Leads a config update over all workers: from a pending config to an active one, or to a failure.

The worker that took the request leads. It waits until every worker has prepared the config, then
makes it active in the store; the workers follow the store (`config_updates`).
"""

import asyncio
import os
import time
from collections.abc import Callable
from typing import Any

from xray_assets.serving.control.config_document import EndpointConfig
from xray_assets.serving.control.config_store import (
    CANCELED,
    FAILED,
    IN_PROGRESS,
    NOT_UPDATING,
    ConfigStore,
    ConfigStoreError,
    EndpointRecord,
    StoreContent,
    now_ms,
)
from xray_assets.serving.hot_path.live_endpoint import LiveEndpoint
from xray_assets.serving.process.server_log import ServerLog
from xray_assets.serving.process.worker_statuses import WorkerStatuses, is_alive

_PREPARE_SECONDS = 300.0
_LOOK_SECONDS = 0.005
_WRITE_AGAIN_SECONDS = 1.0


class UpdateLead:
    """The updates that this process leads."""

    def __init__(
        self,
        *,
        store: ConfigStore,
        workers: WorkerStatuses,
        server_log: ServerLog,
        status: Callable[[], dict[str, Any]],
        prepared: Callable[[str], LiveEndpoint | None],
    ) -> None:
        """`status` and `prepared` tell what this worker itself has prepared."""
        self._store = store
        self._workers = workers
        self._server_log = server_log
        self._status = status
        self._prepared = prepared
        self._leading: set[int] = set()

    def begin(self, version: int) -> None:
        """Count the version as led from here; `lead` follows."""
        self._leading.add(version)

    async def lead(self, name: str, version: int) -> None:
        """Wait for all workers, then activate; a failure of any keeps the old config."""
        failure = await self._all_prepared(name, version)
        while True:
            try:
                self._finish(name, version, failure)
                break
            except ConfigStoreError as error:  # a full disk, say: it ends once it can be recorded
                self._server_log.event("config_unwritable", problem=str(error))
                await asyncio.sleep(_WRITE_AGAIN_SECONDS)
        self._leading.discard(version)

    def cancel_if_abandoned(self, record: EndpointRecord) -> bool:
        """Cancel the record's pending config if nobody leads it; True when there is none left.

        Its leader has died, perhaps with the process id that is now ours.
        """
        if record.pending is None:
            return True
        version = record.pending.config_version
        mine = record.pending_pid == os.getpid()
        led = version in self._leading if mine else is_alive(record.pending_pid)
        if led:
            return False
        try:
            self._store.change(lambda content: _cancel(content, record.name, version))
        except ConfigStoreError as error:
            self._server_log.event("config_unwritable", problem=str(error))
        return True

    async def _all_prepared(self, name: str, version: int) -> str | None:
        """None when every worker has the version ready, else why one has not."""
        deadline = time.monotonic() + _PREPARE_SECONDS
        while time.monotonic() < deadline:
            statuses = [self._status(), *self._workers.others()]
            for status in statuses:
                if str(version) in status["failed"]:
                    return status["failed"][str(version)]
            if all(status["prepared"].get(name) == version for status in statuses):
                return None
            await asyncio.sleep(_LOOK_SECONDS)
        return f"a worker did not load the models within {_PREPARE_SECONDS:.0f} s"

    def _finish(self, name: str, version: int, failure: str | None) -> None:
        ready = self._prepared(name)

        def edit(content: StoreContent) -> None:
            record = content.endpoints.get(name)
            if record is None or record.pending is None or record.pending.config_version != version:
                return  # deleted meanwhile
            if failure is None and ready is not None:
                record.active = ready.config
            record.pending, record.pending_pid = None, 0
            record.update_state = NOT_UPDATING if failure is None else FAILED
            record.update_message = failure or ""
            record.updated_ms = now_ms()

        self._store.change(edit)
        if failure is not None:
            self._server_log.event(
                "update_failed", endpoint=name, config_version=version, reason=failure
            )


def pend(record: EndpointRecord, config: EndpointConfig) -> None:
    """Mark `config` as the record's pending one, led by this process."""
    record.pending, record.pending_pid = config, os.getpid()
    record.update_state, record.update_message = IN_PROGRESS, ""
    record.updated_ms = now_ms()


def _cancel(content: StoreContent, name: str, version: int) -> None:
    record = content.endpoints.get(name)
    if record and record.pending and record.pending.config_version == version:
        record.pending, record.pending_pid, record.update_state = None, 0, CANCELED
        record.update_message = "the server stopped during the update: send the config again"
