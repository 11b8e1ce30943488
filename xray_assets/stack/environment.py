"""Settings as environment variables: what a child process needs to read the same `Settings()`."""

import os
from pathlib import Path
from typing import Any

from xray_assets.settings import Settings

ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
"""Numeric libraries start a thread a core in every process; ours share the cores already."""

QUIET = {
    "DO_NOT_TRACK": "1",
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "TF_CPP_MIN_LOG_LEVEL": "3",
    "PYTHONUNBUFFERED": "1",
}


def variable(name: str) -> str:
    """The environment variable of a setting."""
    return f"{Settings.model_config.get('env_prefix', '')}{name}".upper()


def settings_environment(settings: Settings) -> dict[str, str]:
    """Every setting that differs from its default, as variables that `Settings()` reads back."""
    return {
        variable(name): spelled(name, getattr(settings, name))
        for name, field in Settings.model_fields.items()
        if getattr(settings, name) != field.default
    }


def process_environment(settings: Settings) -> dict[str, str]:
    """The environment of a child process: ours, with exactly these settings and DAGSTER_HOME."""
    ours = {variable(name) for name in Settings.model_fields}
    inherited = {name: value for name, value in os.environ.items() if name.upper() not in ours}
    home = {"DAGSTER_HOME": str(settings.dagster_home)}
    return ONE_THREAD | QUIET | inherited | settings_environment(settings) | home


def spelled(name: str, value: Any) -> str:
    """A value as its own setting reads it: shares as a/b/c, tuples and name=value by commas."""
    if isinstance(value, dict):
        value = [f"{key}={one}" for key, one in value.items()]
    if isinstance(value, tuple | list):
        return ("/" if name == "split_shares" else ",").join(map(str, value))
    return value.as_posix() if isinstance(value, Path) else str(value)
