"""Keeps what one worker serves equal to the store: load, verify, warm, then switch atomically.

A config that fails to load changes nothing: the old one keeps serving and the reason is kept. A
request ends on the config it began with. Who decides that a config becomes active: `update_lead`.
Longer than other files: the states of one worker change together, on one event loop.
"""

import asyncio
import time
from collections.abc import Callable, Coroutine
from contextlib import suppress
from typing import Any

from xray_assets.scoring.artifact import ArtifactError
from xray_assets.serving.control.config_document import EndpointConfig
from xray_assets.serving.control.config_store import (
    ConfigStore,
    ConfigStoreError,
    EndpointRecord,
    StoreContent,
)
from xray_assets.serving.control.loaded_models import LoadedModels
from xray_assets.serving.control.update_lead import UpdateLead
from xray_assets.serving.hot_path.live_endpoint import LiveEndpoint
from xray_assets.serving.process.server_log import ServerLog
from xray_assets.serving.process.worker_statuses import WorkerStatuses
from xray_assets.settings import Settings

_POLL_SECONDS = 0.05
_RETRY_SECONDS = 10.0
_DRAIN_SECONDS = 60.0
"""A config that was replaced is let go after this time: longer than any request."""


class ConfigUpdates:
    """The live endpoints of this worker."""

    def __init__(
        self,
        settings: Settings,
        *,
        store: ConfigStore,
        workers: WorkerStatuses,
        server_log: ServerLog,
    ) -> None:
        """Nothing is loaded before `start`."""
        self._store = store
        self._workers = workers
        self._server_log = server_log
        self._models = LoadedModels(settings)
        self.live: dict[str, LiveEndpoint] = {}
        self.not_ready: dict[str, str] = {}
        """Endpoints whose active config cannot be served, and why."""
        self.without_config: dict[str, str] = {}
        """Endpoints that never had a config in service, and why."""
        self.store_problem: str | None = None
        self.on_status: Callable[[], None] = lambda: None
        """Called when this worker's status has changed, to publish it at once."""
        self._starting = True
        self._prepared: dict[str, LiveEndpoint] = {}
        self._failed: dict[int, str] = {}
        self._lead = UpdateLead(
            store=store,
            workers=workers,
            server_log=server_log,
            status=self.status,
            prepared=self._prepared.get,
        )
        self._stamp = (-1, -1)
        self._retry_at = 0.0
        self._wake = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        """Resume the last good config; cancel an update whose leader has died.

        Returns when this worker serves what the store says. Whoever leads an update meanwhile sees
        a starting worker and waits for it.
        """
        self.on_status()
        while self._stamp != self._store.stamp():
            await self._follow_store()
        self._starting = False
        self._spawn(self._run())

    async def stop(self) -> None:
        """End the background tasks; live endpoints stay usable for requests in work."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def status(self) -> dict[str, Any]:
        """What this worker serves, has prepared and could not load, for the other workers."""
        return {
            "starting": self._starting,
            "live": _versions(self.live),
            "prepared": _versions(self._prepared),
            "failed": {str(version): reason for version, reason in self._failed.items()},
        }

    def propose(self, edit: Callable[[StoreContent], EndpointRecord]) -> EndpointRecord:
        """Change the store and, if the record that `edit` returns has a pending config, lead it.

        Raises what `edit` raises, and ConfigStoreError when the store cannot be written.
        """
        changed: list[EndpointRecord] = []
        self._store.change(lambda content: changed.append(edit(content)))
        record = changed[0]
        if record.pending is not None:
            self._lead.begin(record.pending.config_version)
            self._spawn(self._update(record.name, record.pending.config_version))
        self._wake.set()
        return record

    def switched_everywhere(self, record: EndpointRecord) -> bool:
        """True when this and every other worker serves the record's active config."""
        if record.active is None:
            return True
        live = [_versions(self.live), *self.live_elsewhere()]
        return all(one.get(record.name) == record.active.config_version for one in live)

    def live_elsewhere(self) -> list[dict[str, int]]:
        """Config versions by endpoint of every other worker that takes requests."""
        others = self._workers.others()
        return [status["live"] for status in others if not status["starting"]]

    async def _update(self, name: str, version: int) -> None:
        await self._lead.lead(name, version)
        self._wake.set()

    async def _run(self) -> None:
        while True:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._wake.wait(), _POLL_SECONDS)
            self._wake.clear()
            due = self.not_ready and time.monotonic() > self._retry_at
            if due or self._store.stamp() != self._stamp:
                await self._follow_store()

    async def _follow_store(self) -> None:
        self._stamp = self._store.stamp()
        self._retry_at = time.monotonic() + _RETRY_SECONDS
        try:
            content = self._store.read()
            self.store_problem = None
        except (ConfigStoreError, OSError) as error:
            self.store_problem = str(error)
            self._server_log.event("config_unreadable", problem=str(error))
            return
        for name, record in content.endpoints.items():
            if not self._lead.cancel_if_abandoned(record) and record.pending is not None:
                await self._prepare(name, record.pending)
            await self._activate(name, record)
        for name in self.live.keys() - content.endpoints.keys():
            self._retire(self.live.pop(name))
        for reasons in (self.not_ready, self.without_config):
            for name in reasons.keys() - content.endpoints.keys():
                del reasons[name]
        self._forget(content)
        self.on_status()

    async def _prepare(self, name: str, config: EndpointConfig) -> None:
        version = config.config_version
        if version in self._failed or _versions(self._prepared).get(name) == version:
            return
        try:
            self._prepared[name] = await self._models.endpoint(name, config)
        except ArtifactError as error:
            self._failed[version] = str(error)

    async def _activate(self, name: str, record: EndpointRecord) -> None:
        if record.active is None:
            loading = "its first config is being loaded" if record.pending else "it has no config"
            self.without_config[name] = record.update_message or loading
            return
        self.without_config.pop(name, None)
        version = record.active.config_version
        if _versions(self.live).get(name) == version:
            return
        if _versions(self._prepared).get(name) == version:
            ready = self._prepared.pop(name)
        else:
            try:
                ready = await self._models.endpoint(name, record.active)
            except ArtifactError as error:
                self.not_ready[name] = str(error)
                self._server_log.event("not_ready", endpoint=name, reason=str(error))
                return
        before = self.live.get(name)
        self.live[name] = ready
        self.not_ready.pop(name, None)
        self._server_log.event("switched", endpoint=name, config_version=version)
        if before is not None:
            self._retire(before)

    def _retire(self, endpoint: LiveEndpoint) -> None:
        asyncio.get_running_loop().call_later(_DRAIN_SECONDS, endpoint.close)

    def _forget(self, content: StoreContent) -> None:
        records = content.endpoints.values()
        pending = {record.pending.config_version for record in records if record.pending}
        for name, version in _versions(self._prepared).items():
            if version not in pending:
                self._prepared.pop(name).close()
        self._failed = {version: why for version, why in self._failed.items() if version in pending}
        self._models.keep_only((*self.live.values(), *self._prepared.values()))

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def _versions(endpoints: dict[str, LiveEndpoint]) -> dict[str, int]:
    return {name: endpoint.config.config_version for name, endpoint in endpoints.items()}
