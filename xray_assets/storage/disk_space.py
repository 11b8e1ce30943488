"""Refuse to start what the disk cannot hold: a full disk midway would harm every other process."""

from xray_assets.errors import XrayError

SPARE_BYTES = 64 * 1024**2
"""What has to stay free."""


class NoSpace(XrayError, OSError):
    """The disk is too small for what was asked; nothing was written."""


def demand_space(needed: int, *, free: int | None, place: str, what: str, cure: str) -> None:
    """Raise NoSpace when `needed` bytes do not fit into `free` (None: no limit is known)."""
    if free is not None and needed + SPARE_BYTES > free:
        raise NoSpace(
            f"{place} has {free / 1e6:.0f} MB free, {what} needs {(needed + SPARE_BYTES) / 1e6:.0f}"
            f" MB: free some space or {cure}"
        )
