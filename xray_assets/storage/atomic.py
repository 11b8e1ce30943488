"""The one way to put a file in its place: who opens it sees the old content or the new, never half.

Durable unless said otherwise: the content is on the disk before it has its name, and the name
before the call returns, so a power cut leaves the old file or the new one. Standard library only.
"""

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

PRIVATE, ORDINARY = 0o600, 0o666
"""Modes of a new file: the owner's alone, or what the umask leaves."""

UNFINISHED = ".part"
"""End of a draft's name, which starts with a dot: what a kill leaves."""


def replace_file(
    path: Path, content: bytes | str, *, mode: int = PRIVATE, durable: bool = True
) -> None:
    """Write a file anew. Raises OSError; the old content stays then, and no draft does."""
    with replacing(path, mode=mode, durable=durable) as file:
        file.write(content.encode() if isinstance(content, str) else content)


@contextmanager
def replacing(path: Path, *, mode: int = PRIVATE, durable: bool = True) -> Iterator[BinaryIO]:
    """A file to write the new content to; it takes its place when the block ends without error."""
    draft = _draft(path)
    try:
        with _created(draft, mode) as file:
            yield file
        put_in_place(draft, path, durable=durable)
    finally:
        draft.unlink(missing_ok=True)


def make_file(path: Path, content: bytes | str, *, mode: int = PRIVATE) -> bool:
    """Write a file that is not there yet; False when another process was first: its file stays."""
    draft = _draft(path)
    try:
        with _created(draft, mode) as file:
            file.write(content.encode() if isinstance(content, str) else content)
        _sync(draft)
        os.link(draft, path)
        _sync(path.parent)
    except FileExistsError:
        return False
    finally:
        draft.unlink(missing_ok=True)
    return True


def make_private(path: Path) -> None:
    """Let an empty file be there, its owner's alone. A file that is there is never opened: POSIX
    drops all locks of a process on a file when it closes any descriptor of it, and SQLite in the
    same process would lose its own.
    """
    with suppress(FileExistsError):
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, PRIVATE))


def put_in_place(draft: Path, path: Path, *, durable: bool = True) -> None:
    """Give a finished file of the same disk its name."""
    if durable:
        _sync(draft)
    draft.replace(path)
    if durable:
        _sync(path.parent)


def _draft(path: Path) -> Path:
    return path.with_name(f".{path.name}.{os.getpid()}-{secrets.token_hex(4)}{UNFINISHED}")


def _created(draft: Path, mode: int) -> BinaryIO:
    return os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb")


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
