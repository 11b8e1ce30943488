"""A simulation's state folder: its settings, what is refused, and the films and model it begins
with, which later simulations in the same folder begin with too.
"""

import fcntl
import hashlib
import json
import os
import shutil
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import dagster as dg

from xray_assets import catalog
from xray_assets.assets.classifiers import CODE_VERSION
from xray_assets.catalog import FAMILIES, SIMULATION
from xray_assets.errors import XrayError
from xray_assets.serving.hot_path.case_keys import KEY_FILE
from xray_assets.settings import PROJECT, Settings
from xray_assets.simulation.endpoint import free_port
from xray_assets.simulation.scenarios import NEW_SITE, SITES
from xray_assets.stack import running
from xray_assets.stack.state import prepare_state
from xray_assets.storage.atomic import make_file
from xray_assets.storage.copied_database import copy_database

DEFAULTS: dict[str, Any] = {
    "state": PROJECT / ".state" / SIMULATION,
    "sites": (*SITES, NEW_SITE),
    "image_limit": 500,
    "baseline_patients": 500,
    "starting_share": 0,
    "ramp_dwell_requests": 40,
}
"""Settings of a simulation, where the caller's environment says nothing else."""

FAMILY = "pytorch"
"""The champion that a simulation begins with is of this family, and nothing is tried against it."""

_FILMS = (catalog.KAGGLE_XRAY_METADATA, catalog.XRAY_METADATA, catalog.XRAY_REJECTS)
_KEPT = ("volumes", "sources", "artifacts", "mlflow", "lake", SIMULATION)
_MADE, _REGISTRY = "made.json", "mlflow.db"


class StateRefused(XrayError):
    """A simulation may not use this state folder; the message says why."""


def simulation_settings(also: Mapping[str, Any] | None = None, **chosen: Any) -> Settings:
    """The settings of a simulation: `chosen` ones, else the environment's, else `also`, else
    DEFAULTS. The endpoint is at a port that is free now.
    """
    defaults = DEFAULTS | dict(also or {})
    unset = {
        name: value for name, value in defaults.items() if f"XRAY_{name.upper()}" not in os.environ
    }
    return Settings(**(unset | chosen | {"environment": SIMULATION, "endpoint_port": free_port()}))


@contextmanager
def alone(settings: Settings) -> Iterator[None]:
    """Nobody else simulates in this state meanwhile. Raises StateRefused where somebody does."""
    state = settings.state
    state.parent.mkdir(parents=True, exist_ok=True)
    with state.with_name(f".{state.name}.lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise StateRefused(f"another simulation runs in {state}: wait for its end") from None
        yield


def prepare(settings: Settings, *, seed: int, progress: Callable[[str], None]) -> None:
    """Let the state hold the films and the model that a simulation begins with, and keys of the
    seed (who is drawn and who is served by whom follow from them), and nothing else.

    Raises StateRefused, and what ingesting and training raise.
    """
    _demand_simulated(settings)
    kept, made = settings.state / SIMULATION, _made_of(settings)
    if (kept / _MADE).exists() and json.loads((kept / _MADE).read_text()) == made:
        _clear(settings)
        prepare_state(settings)
    else:
        progress("films and a model to begin with: made once, kept in the state folder")
        if settings.state.exists():
            shutil.rmtree(settings.state)
        prepare_state(settings)
        kept.mkdir()
        begin(settings)
        copy_database(settings.mlflow_folder / _REGISTRY, kept / _REGISTRY)
        (kept / _MADE).write_text(json.dumps(made))
    for file in (settings.review_key, settings.endpoint_folder / KEY_FILE):
        secret = hashlib.sha256(f"{seed}:{file.name}".encode()).hexdigest()
        file.parent.mkdir(exist_ok=True)
        make_file(file, secret + "\n")


def _demand_simulated(settings: Settings) -> None:
    state = settings.state
    if settings.deployment != "local" or settings.lake_uri:
        raise StateRefused(
            "a simulation keeps its tables in its own state folder: no XRAY_LAKE_URI"
        )
    if alive := running.running(settings):
        raise StateRefused(
            f"{', '.join(alive)} still run from {state}: stop them with "
            f"`XRAY_STATE={state} xray down`"
        )
    if state.exists() and any(state.iterdir()) and not (state / SIMULATION).is_dir():
        raise StateRefused(f"{state} holds a state that is not a simulation's: set XRAY_STATE")
    if others := _other_purposes(settings.inference_log):
        raise StateRefused(
            f"the log of {state} holds requests that are not simulated ({', '.join(others)}): "
            "set XRAY_STATE to another folder"
        )


def _other_purposes(log: Path) -> list[str]:
    if not log.exists():
        return []
    with closing(sqlite3.connect(log)) as connection:
        found = connection.execute(
            "SELECT DISTINCT purpose FROM predictions WHERE purpose <> ?", (SIMULATION,)
        )
        return sorted(purpose for (purpose,) in found)


def _made_of(settings: Settings) -> dict[str, Any]:
    """What the films and the model depend on."""
    names = ("source", "image_limit", "split_shares", "seed", "epochs", "train_limits")
    return {"family": FAMILY, "code": CODE_VERSION} | {
        name: json.loads(json.dumps(getattr(settings, name), default=str)) for name in names
    }


def begin(settings: Settings) -> None:
    """The films and the model that a simulation begins with, in an empty state."""
    from xray_assets.definitions import build_definitions

    keys = (catalog.XRAY_IMAGES, *_FILMS, FAMILIES[FAMILY].model)
    job = dg.define_asset_job("begin", dg.AssetSelection.assets(*keys))
    both = dg.Definitions.merge(build_definitions(settings), dg.Definitions(jobs=[job]))
    with dg.DagsterInstance.ephemeral() as instance:
        both.resolve_job_def("begin").execute_in_process(instance=instance)


def _clear(settings: Settings) -> None:
    """Remove what earlier simulations left."""
    for found in settings.state.iterdir():
        if found.name not in _KEPT:
            shutil.rmtree(found) if found.is_dir() else found.unlink()
    lake = Path(settings.lake, settings.catalog.name)
    for table in lake.glob("*/*"):
        if table.relative_to(lake).parts not in _FILMS:
            shutil.rmtree(table)
    copy_database(settings.state / SIMULATION / _REGISTRY, settings.mlflow_folder / _REGISTRY)
