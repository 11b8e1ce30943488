"""A short folder for Unix sockets: their paths hold about 100 characters, a state folder may not.

It is a temporary folder of this user (mode 0700); a link in the state folder finds it again.
"""

import shutil
import tempfile
from contextlib import suppress
from pathlib import Path

LINK = "sockets"


def socket_folder(run_folder: Path) -> Path:
    """The folder of this state's sockets, made where it does not exist."""
    link = run_folder / LINK
    if link.is_dir():
        return link.readlink()
    link.unlink(missing_ok=True)
    made = Path(tempfile.mkdtemp(prefix="xray-"))
    link.symlink_to(made)
    return made


def remove_socket_folder(run_folder: Path) -> None:
    """Remove folder and link, where they exist."""
    link = run_folder / LINK
    if link.is_symlink():
        with suppress(FileNotFoundError):  # `xray up` and `xray down` may both be here at an end
            shutil.rmtree(link.readlink(), ignore_errors=True)
            link.unlink()
