"""`xray backup` and `xray restore`: the whole state of a running stack as a folder, and back.

Why a restored state is consistent: all tables are pinned in one moment, downstream first, so no
table is ahead of one it takes from; databases that witness decisions are copied in the same moment
(the moment is taken again when a table of decisions moved meanwhile); inbox and log are copied
last, with retention held off, so they hold every row that the pinned tables lack. The endpoint and
the feedback API serve on all the while. The manifest comes last: without it there is no backup.
"""

import fcntl
import hashlib
import json
import shutil
from contextlib import ExitStack
from importlib.metadata import version
from pathlib import Path

from xray_assets import clock
from xray_assets.backup import copying
from xray_assets.backup.stores import FIRST, LAKE, LAST, files_of, is_database
from xray_assets.catalog import (
    ENDPOINT_CONFIG,
    EXPERIMENTS,
    FEEDBACK_PENDING,
    FILM_FEATURES,
    PAIRED_PREDICTIONS,
    PREDICTIONS,
    PROMOTION_DECISION,
)
from xray_assets.errors import XrayError
from xray_assets.serving.log.retention import PURGE_LOCK
from xray_assets.settings import Settings
from xray_assets.storage.atomic import replace_file
from xray_assets.storage.copied_database import copy_database
from xray_assets.storage.list_identity import MEASURING, PAIRING, TABLES

MANIFEST, FORMAT = "manifest.json", 1
_DECIDED = {key[-1] for key in (EXPERIMENTS, ENDPOINT_CONFIG, PROMOTION_DECISION)}
_TRIES = 10


class BackupRefused(XrayError):
    """Nothing was changed; the message says what to do."""


def backup(settings: Settings, folder: Path) -> int:
    """Copy the state into an empty or new folder; returns how many files.

    Raises BackupRefused for a folder that holds something, a lake that is not on this machine, and
    where decisions are made too fast to find a quiet moment.
    """
    if "://" in settings.lake:
        raise BackupRefused(f"the lake lies at {settings.lake}: use that storage's own backup")
    _demand_empty(folder)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with ExitStack() as held:
        if settings.endpoint_folder.exists():
            lock = held.enter_context((settings.endpoint_folder / PURGE_LOCK).open("w"))
            fcntl.flock(lock, fcntl.LOCK_EX)
        pins = _moment(settings, folder)
        for table, at in pins.items():
            place = folder / LAKE / table.relative_to(settings.lake)
            copying.copy_table(table, place, at)
        for store in LAST:
            _copy(settings.state, store, folder)
    _clamp(settings, folder)
    files = {str(path.relative_to(folder)): _digest(path) for path in _all_files(folder)}
    manifest = {
        "format": FORMAT,
        "release": version("xray-assets"),
        "made_at": clock.now().isoformat(),
        "state": str(settings.state),
        "files": files,
    }
    replace_file(folder / MANIFEST, json.dumps(manifest, indent=1))
    return len(files)


def restore(settings: Settings, folder: Path) -> int:
    """Make the state that a backup holds; returns how many files.

    Raises BackupRefused for a state that is not empty (so for a running stack too) and for a backup
    that is not what its manifest says; nothing is written then.
    """
    if "://" in settings.lake or Path(settings.lake) != settings.state / LAKE:
        raise BackupRefused("restore with XRAY_LAKE_URI unset: the lake comes with the state")
    _demand_empty(settings.state)
    manifest = verified(folder)
    draft = settings.state.with_name(f".{settings.state.name}.restoring")
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir(mode=0o700, parents=True)
    for name in manifest["files"]:
        copying.copy_file(folder / name, draft / name)
        (draft / name).chmod(0o600)
    if (draft / "mlflow" / "mlflow.db").exists():
        database = draft / "mlflow" / "mlflow.db"
        copying.move_artifacts(database, manifest["state"], str(settings.state))
    draft.replace(settings.state)
    return len(manifest["files"])


def verified(folder: Path) -> dict:
    """The manifest of a backup whose every file is what it says. Raises BackupRefused."""
    try:
        manifest = json.loads((folder / MANIFEST).read_text())
    except (OSError, ValueError) as error:
        raise BackupRefused(
            f"{folder} is no finished backup: {MANIFEST} cannot be read ({error})"
        ) from error
    if manifest["format"] != FORMAT:
        raise BackupRefused(
            f"{folder} has format {manifest['format']}; this release reads {FORMAT}"
        )
    for name, digest in manifest["files"].items():
        path = folder / name
        if not path.resolve().is_relative_to(folder.resolve()):
            raise BackupRefused(f"{MANIFEST} names {name}, outside of {folder}")
        if not path.is_file() or _digest(path) != digest:
            raise BackupRefused(f"{path} is missing or not what was backed up: use another backup")
    return manifest


def _moment(settings: Settings, folder: Path) -> dict[Path, int]:
    """The tables' versions and copies of the first stores that belong to them."""
    lake = Path(settings.lake)
    for _ in range(_TRIES):
        pins = copying.pinned(lake)
        for store in FIRST:
            _copy(settings.state, store, folder)
        now = copying.pinned(lake)
        if all(now[table] == at for table, at in pins.items() if table.name in _DECIDED):
            return pins
    raise BackupRefused("decisions are made without a pause: try again when no ramp is under way")


def _copy(state: Path, store: str, folder: Path) -> None:
    for path in files_of(state, store):
        target = folder / path.relative_to(state)
        if not is_database(path):
            copying.copy_file(path, target)
        elif store in FIRST or not target.exists():
            target.unlink(missing_ok=True)
            copy_database(path, target)


def _clamp(settings: Settings, folder: Path) -> None:
    from xray_assets.lake.delta import DeltaTables

    tables = DeltaTables(root=str(folder / LAKE), environment=settings.environment)
    for file, source, consumers in (
        (settings.inference_log, "inference_log", _OF_THE_LOG),
        (settings.feedback_inbox, "feedback_inbox", {TABLES: FEEDBACK_PENDING}),
    ):
        copy = folder / file.relative_to(settings.state)
        if copy.exists():
            taken = {name: tables.position(key, source) for name, key in consumers.items()}
            copying.clamp_consumers(copy, taken)


_OF_THE_LOG = {
    TABLES: PREDICTIONS,
    PAIRING: PAIRED_PREDICTIONS,
    MEASURING: FILM_FEATURES,
}
"""The table by which each consumer of the log says how far it came."""


def _demand_empty(folder: Path) -> None:
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise BackupRefused(f"{folder} is not empty: choose a new or an empty folder")


def _all_files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
