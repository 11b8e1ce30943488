"""The settings and the state folder of a demo."""

import os
import shutil
from pathlib import Path

from xray_assets.demo.orchestrator import RunFailed
from xray_assets.demo.scenarios import Scenario
from xray_assets.settings import PROJECT, Settings
from xray_assets.stack import running


def prepare(scenario: Scenario) -> Settings:
    """The scenario's settings, where the caller's environment does not say otherwise, and an empty
    state folder. Raises RunFailed when the folder is in use, or not a demo's.
    """
    for name, value in scenario.variables.items():
        os.environ.setdefault(name, value)
    os.environ.setdefault("XRAY_STATE", str(PROJECT / ".state" / f"demo-{scenario.name}"))
    settings = Settings()
    if alive := running.running(settings):
        raise RunFailed(
            f"{', '.join(alive)} still run from {settings.state}: stop them with "
            f"`XRAY_STATE={settings.state} xray down`"
        )
    _clear(settings.state)
    return settings


def _clear(state: Path) -> None:
    """Remove an earlier demo's state, and nothing that is not one: the folder must carry the demo's
    mark.
    """
    mark = state / "demo"
    if state.exists():
        if not mark.exists() and any(state.iterdir()):
            raise RunFailed(
                f"{state} holds state that is not a demo's: set XRAY_STATE to another folder or "
                "leave it unset"
            )
        shutil.rmtree(state)
    state.mkdir(parents=True)
    mark.touch()
