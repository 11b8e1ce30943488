"""The state folder: made and put in order before any process starts. Safe to call again."""

import shutil

from xray_assets.errors import XrayError
from xray_assets.settings import PROJECT, Settings

DAGSTER_YAML = PROJECT / "dagster.yaml"
WORKSPACE = PROJECT / "workspace.yaml"


class StateError(XrayError):
    """The state folder cannot be made or written; the message says what to do."""


def prepare_state(settings: Settings) -> None:
    """Make the state folder, with the project's dagster.yaml in DAGSTER_HOME.

    Raises StateError when the folder cannot be written.
    """
    folders = (
        settings.state,
        settings.dagster_home,
        settings.mlflow_folder,
        settings.state / "logs",
        settings.state / "run",
    )
    try:
        for folder in folders:
            folder.mkdir(parents=True, exist_ok=True)
        settings.state.chmod(0o700)  # whatever an earlier release left readable inside
        shutil.copyfile(DAGSTER_YAML, settings.dagster_home / "dagster.yaml")
    except OSError as error:
        raise StateError(
            f"the state folder {settings.state} cannot be written ({error.strerror}): "
            "make it writable or choose another with XRAY_STATE=<folder>"
        ) from error
