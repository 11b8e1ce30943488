"""Secrets that the first run makes, in files that nobody else may read (mode 0600)."""

import secrets
from pathlib import Path

from xray_assets.storage.atomic import make_file

PRIVATE = 0o077
"""The umask of every process of the house: films and readers' notes are for nobody else."""


def read_or_make(path: Path) -> str:
    """The secret in `path`, 64 hex digits when it had to be made; safe when several processes start
    at once.

    The file appears complete or not at all. Raises PermissionError when others than its owner may
    read it.
    """
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        make_file(path, secrets.token_hex(32) + "\n")  # or another process was first: its holds
    demand_private(path)
    secret = path.read_text().strip()
    if not secret:
        raise PermissionError(f"{path} is empty: delete it, and the next start makes a new one")
    return secret


def demand_private(path: Path) -> None:
    """Raise PermissionError when others than its owner may read or write a file."""
    if path.stat().st_mode & 0o077:
        raise PermissionError(f"{path} can be read by others: chmod 600 {path}")
