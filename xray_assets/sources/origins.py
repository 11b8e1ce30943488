"""The three kinds of source behind one answer: an open folder of films, and what to call it.

Here: which source a setting means, and how a folder or phantoms are made ready. Kaggle's download
is in `kaggle_download`.
"""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from xray_assets.errors import XrayError
from xray_assets.progress import Progress
from xray_assets.storage.film_folder import FilmFolder
from xray_assets.storage.opening import open_folder

DEFAULT_PHANTOMS = 1000


class NoSource(XrayError):
    """The setting XRAY_SOURCE names no source, or one that is not there."""


@dataclass(frozen=True)
class OpenSource:
    """A source that can be read now. `origin` names it; synthetic films are never called films."""

    folder: FilmFolder
    kind: str
    origin: str
    synthetic: bool


def source_kind(setting: str) -> tuple[str, str]:
    """(kind, address) that a source setting means: phantom, kaggle or folder with its address.

    `auto` is kaggle when its credentials are in the environment, else phantom.
    Raises NoSource for anything else.
    """
    if setting == "auto":
        from xray_assets.sources.kaggle_download import has_credentials

        return ("kaggle" if has_credentials() else "phantom"), ""
    kind, _, address = setting.partition(":")
    if (kind in ("phantom", "kaggle") and not address) or (kind == "folder" and address):
        return kind, address
    raise NoSource(
        f"XRAY_SOURCE={setting!r} names no source: write auto, phantom, kaggle, folder:PATH or "
        "folder:s3://BUCKET/PREFIX"
    )


def open_films(address: str, *, base: Path, s3_client: Any | None = None) -> OpenSource:
    """A folder in the Kaggle layout; a relative path starts at `base`.

    A zip archive is read where it is. Raises NoSource when nothing is there.
    """
    if not address.startswith("s3://"):
        path = (base / Path(address).expanduser()).resolve()
        if not path.is_dir() and not (path.is_file() and path.suffix == ".zip"):
            raise NoSource(
                f"there is no folder and no zip archive {path} (XRAY_SOURCE=folder:{address}); "
                f"give an absolute path or one relative to {base}"
            )
        address = os.fspath(path)
    folder = open_folder(address, s3_client=s3_client)
    return OpenSource(folder, "folder", folder.address, synthetic=False)


def open_phantoms(
    root: Path, *, count: int | None, seed: int, progress: Progress | None = None
) -> OpenSource:
    """Phantoms of `seed`, drawn below `root`/phantom-<seed> where they are missing.

    A later, larger count adds phantoms and changes none. `count` is rounded up to pairs; None
    means DEFAULT_PHANTOMS.
    """
    from xray_assets.sources.phantoms.folder import PHANTOM_VERSION, write_phantoms

    wanted = DEFAULT_PHANTOMS if count is None else count
    root = root / f"phantom-{seed}"
    write_phantoms(root, count=max(2, wanted + wanted % 2), seed=seed, progress=progress)
    origin = f"synthetic phantoms (seed {seed}, version {PHANTOM_VERSION})"
    return OpenSource(open_folder(os.fspath(root)), "phantom", origin, synthetic=True)
