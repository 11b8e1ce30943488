"""Secrets that the first run makes: a file of mode 0600, written once, read by every process of the
project.
"""

import os
import secrets
from contextlib import suppress
from pathlib import Path


def read_or_make(path: Path) -> str:
    """The secret in `path`, 64 hex digits when it had to be made; safe when several processes start
    at once.

    The file appears complete or not at all. Raises PermissionError when others than its owner may
    read it.
    """
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            with os.fdopen(descriptor, "w") as file:
                file.write(secrets.token_hex(32) + "\n")
                file.flush()
                os.fsync(file.fileno())
            with suppress(FileExistsError):  # another process was first; its secret holds
                os.link(draft, path)
        finally:
            draft.unlink()
    if path.stat().st_mode & 0o077:
        raise PermissionError(f"{path} can be read by others: chmod 600 {path}")
    secret = path.read_text().strip()
    if not secret:
        raise PermissionError(f"{path} is empty: delete it, and the next start makes a new one")
    return secret
