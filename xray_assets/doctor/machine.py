"""Disk space and the state folder."""

import shutil
import stat
import tempfile
from pathlib import Path

from xray_assets.doctor.finding import FAIL, OK, WARN, Finding
from xray_assets.settings import Settings
from xray_assets.web.private_files import PRIVATE

GIGABYTE = 10**9
NEEDED_BYTES, COMFORTABLE_BYTES = GIGABYTE, 5 * GIGABYTE
"""A demo's state is about 0.5 GB; all films of the Kaggle set are 1.3 GB more."""


def disk(settings: Settings) -> Finding:
    """Free space where the state folder lies."""
    folder = _nearest(settings.state)
    free = shutil.disk_usage(folder).free
    found = f"{free / GIGABYTE:.1f} GB free at {folder}"
    advice = "free some space, or choose another disk with XRAY_STATE=<folder>"
    if free < NEEDED_BYTES:
        return Finding(FAIL, "Disk", found, advice)
    return (
        Finding(WARN, "Disk", found, advice)
        if free < COMFORTABLE_BYTES
        else Finding(OK, "Disk", found)
    )


def state_folder(settings: Settings) -> Finding:
    """Whether the state folder can be written, or made, and who else can read it."""
    folder = _nearest(settings.state)
    try:
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        return Finding(
            FAIL,
            "State folder",
            f"{settings.state} cannot be written: {error.strerror}",
            "make it writable, or choose another with XRAY_STATE=<folder>",
        )
    if folder != settings.state:
        return Finding(OK, "State folder", f"{settings.state} is made at the first start")
    if (mode := stat.S_IMODE(folder.stat().st_mode)) & PRIVATE:
        return Finding(
            FAIL,
            "State folder",
            f"mode {mode:o}: others can read films, reads and logs",
            f"`chmod 700 {folder}`, as the next `xray up` does",
        )
    return Finding(OK, "State folder", f"{settings.state} can be written, by its owner only")


def _nearest(folder: Path) -> Path:
    """The folder, or its nearest parent that exists."""
    return next(one for one in (folder, *folder.parents) if one.exists())
