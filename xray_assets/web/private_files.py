"""Private files (mode 0600): secrets that the first run makes, and files replaced as a whole."""

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path


def read_or_make(path: Path) -> str:
    """The secret in `path`, 64 hex digits when it had to be made; safe when several processes start
    at once.

    The file appears complete or not at all. Raises PermissionError when others than its owner may
    read it.
    """
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        made = f"{secrets.token_hex(32)}\n".encode()
        # Where another process was first, its secret holds.
        with _draft(path, made) as draft, suppress(FileExistsError):
            os.link(draft, path)
    demand_private(path)
    secret = path.read_text().strip()
    if not secret:
        raise PermissionError(f"{path} is empty: delete it, and the next start makes a new one")
    return secret


def write_private(path: Path, content: bytes) -> None:
    """Replace a file with this content; it holds the old or the new, also after a power cut."""
    with _draft(path, content) as draft:
        draft.replace(path)


def demand_private(path: Path) -> None:
    """Raise PermissionError when others than its owner may read or write a file."""
    if path.stat().st_mode & 0o077:
        raise PermissionError(f"{path} can be read by others: chmod 600 {path}")


@contextmanager
def _draft(path: Path, content: bytes) -> Iterator[Path]:
    """A private file with this content on the disk, beside `path`; gone afterwards."""
    draft = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    try:
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        yield draft
    finally:
        draft.unlink(missing_ok=True)
