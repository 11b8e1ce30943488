"""The endpoints' configurations on disk: one JSON file, replaced atomically, shared by all workers
and surviving restarts.

Knows versions (ever-growing, over all endpoints) and the states of an update; loads no model.
"""

import fcntl
import hashlib
import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from xray_assets import clock
from xray_assets.errors import XrayError
from xray_assets.serving.control.config_document import EndpointConfig
from xray_assets.storage.atomic import replace_file

NOT_UPDATING, IN_PROGRESS, FAILED, CANCELED = (
    "NOT_UPDATING",
    "IN_PROGRESS",
    "UPDATE_FAILED",
    "UPDATE_CANCELED",
)
"""Values of `state.config_update`."""
_FORMAT = 2
_READABLE = (1, 2)
"""A file of 0.1.0 has no digest of its content."""


@dataclass
class EndpointRecord:
    """One endpoint: its active config (None before the first success), the one on its way, and how
    the last update went.
    """

    name: str
    creator: str
    created_ms: int
    updated_ms: int
    active: EndpointConfig | None = None
    pending: EndpointConfig | None = None
    pending_pid: int = 0
    """Process that leads the pending update; another takes over when it has died."""
    update_state: str = NOT_UPDATING
    update_message: str = ""
    generation: int = 0
    """Highest generation of gold.experiments that a config was sent for."""
    tags: list[dict[str, str]] = field(default_factory=list)
    ai_gateway: dict[str, Any] = field(default_factory=dict)
    description: str = ""


@dataclass
class StoreContent:
    """Everything in the store. `last_config_version` never goes back, also when endpoints are
    deleted.
    """

    last_config_version: int = 0
    endpoints: dict[str, EndpointRecord] = field(default_factory=dict)


class ConfigStoreError(XrayError):
    """The file cannot be read or written."""


class EditedConfig(ConfigStoreError):
    """The file is not as the endpoint wrote it."""


_CONTENT = TypeAdapter(StoreContent)


class ConfigStore:
    """`<endpoint folder>/config.json`."""

    def __init__(self, folder: Path) -> None:
        """Nothing is read here."""
        self._path = folder / "config.json"
        self._lock = folder / "config.lock"

    def stamp(self) -> tuple[int, int]:
        """Changes whenever the file is replaced; cheap to ask often."""
        try:
            status = os.stat(self._path)  # noqa: PTH116 asked ten times a second
        except FileNotFoundError:
            return 0, 0
        return status.st_ino, status.st_mtime_ns

    def read(self) -> StoreContent:
        """The content; empty before the first write. Raises ConfigStoreError for a damaged file:
        never a silent reset.
        """
        try:
            document = json.loads(self._path.read_text())
            form = document.pop("format")
            if form not in _READABLE:
                raise ConfigStoreError(
                    f"{self._path} has another format than this server knows: {_READABLE}"
                )
            sealed = document.pop("sha256", None)
            content = _CONTENT.validate_python(document)
        except FileNotFoundError:
            return StoreContent()
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise ConfigStoreError(
                f"{self._path} is damaged: {error}; restore it or move it away"
            ) from error
        if form == _FORMAT and sealed != _digest(document):
            raise EditedConfig(
                f"{self._path} was changed by another hand than the endpoint's: put back what it "
                "was, or move it away, start the endpoint and materialize gold/endpoint_config"
            )
        return content

    def change(self, edit: Callable[[StoreContent], None]) -> StoreContent:
        """Apply `edit` to the newest content under the lock of all workers, and replace the file.

        What `edit` raises is passed on and changes nothing. Raises ConfigStoreError when the disk
        refuses.
        """
        with self._locked():
            content = self.read()
            edit(content)
            self._replace(content)
            return content

    def _replace(self, content: StoreContent) -> None:
        document = _CONTENT.dump_python(content, mode="json")
        document |= {"format": _FORMAT, "sha256": _digest(document)}
        try:
            replace_file(self._path, json.dumps(document, indent=1))
        except OSError as error:
            raise ConfigStoreError(f"{self._path} cannot be written: {error}") from error

    @contextmanager
    def _locked(self) -> Iterator[None]:
        try:
            self._lock.parent.mkdir(parents=True, exist_ok=True)
            lock = self._lock.open("w")
        except OSError as error:
            raise ConfigStoreError(f"{self._path} cannot be written: {error}") from error
        with lock as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield


def _digest(document: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(document, sort_keys=True).encode()).hexdigest()


def now_ms() -> int:
    """Milliseconds since 1970, as the REST API states times."""
    return clock.now_us() // 1000
