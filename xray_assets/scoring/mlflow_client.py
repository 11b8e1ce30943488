"""The one way to import MLflow: late, silent, and without telemetry.

Nothing here knows models or metrics. MLflow is imported by a call because it costs 1.6 s.
"""

import logging
import os
import sqlite3
from contextlib import closing
from pathlib import Path
from types import ModuleType
from typing import Any


def import_mlflow() -> ModuleType:
    """MLflow, with telemetry off: a hospital's training run tells nobody that it happened."""
    os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
    os.environ.setdefault("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")
    import mlflow
    from mlflow.utils.logging_utils import disable_logging

    for chatty in ("alembic", "mlflow"):
        logging.getLogger(chatty).setLevel(logging.WARNING)
    disable_logging()  # "Successfully registered": the caller says so itself
    return mlflow


def prepare(tracking_uri: str) -> None:
    """Make the SQLite file's folder. MLflow makes the file and its tables at the first call."""
    if tracking_uri.startswith("sqlite:///"):
        Path(tracking_uri.removeprefix("sqlite:///")).parent.mkdir(parents=True, exist_ok=True)


def figures_of_run(client: Any, run_id: str) -> dict[str, float]:
    """The metrics of a run; nothing where MLflow has it no more."""
    run = _run(client, run_id)
    return dict(run.data.metrics) if run else {}


def parameters_of_run(client: Any, run_id: str) -> dict[str, str]:
    """The parameters of a run, as MLflow keeps them; nothing where it has it no more."""
    run = _run(client, run_id)
    return dict(run.data.params) if run else {}


def _run(client: Any, run_id: str) -> Any:
    from mlflow.exceptions import MlflowException

    try:
        return client.get_run(run_id)
    except MlflowException as error:
        if error.error_code != "RESOURCE_DOES_NOT_EXIST":
            raise
        return None


def move_experiment(tracking_uri: str, experiment_id: str, location: str) -> None:
    """Give an experiment of a state that was copied or moved its own place for artifacts.

    MLflow keeps absolute places and has no call that changes them. Nothing is changed elsewhere
    than in a SQLite file.
    """
    if not tracking_uri.startswith("sqlite:///"):
        return
    database = tracking_uri.removeprefix("sqlite:///")
    with closing(sqlite3.connect(database, timeout=30)) as connection, connection:
        connection.execute(
            "UPDATE experiments SET artifact_location = ? WHERE experiment_id = ?",
            (location, experiment_id),
        )
