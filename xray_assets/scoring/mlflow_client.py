"""The one way to import MLflow: late, silent, and without telemetry.

Nothing here knows models or metrics. MLflow is imported by a call because it costs 1.6 s.
"""

import logging
import os
from pathlib import Path
from types import ModuleType


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
