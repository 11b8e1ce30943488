"""Download one Kaggle data set with the real client: resumable, and refused early if at all.

The client resumes a cut download by itself and, through its `.kaggle-partial` marker, one whose
process died. `import kaggle` authenticates at import and may end the process, so credentials are
looked for first. Not here: reading the archive (`storage/zip_folder.py`).
"""

import contextlib
import os
import shutil
import threading
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from xray_assets.errors import XrayError
from xray_assets.progress import Progress
from xray_assets.storage.atomic import put_in_place
from xray_assets.storage.disk_space import NoSpace, demand_space
from xray_assets.storage.zip_folder import ZipFolder

_MEGABYTE = 1024**2
_SECONDS_BETWEEN_REPORTS = 2.0


class KaggleRefused(XrayError):
    """Kaggle has no credentials to check, or turns them or the data set down."""


_FILES = ("kaggle.json", "access_token", "access_token.txt", "credentials.json")


def has_credentials(variables: Mapping[str, str] = os.environ) -> bool:
    """True when Kaggle's client would find credentials: a token, a user name with its key, or one
    of its files.
    """
    if variables.get("KAGGLE_API_TOKEN"):
        return True
    if variables.get("KAGGLE_USERNAME") and variables.get("KAGGLE_KEY"):
        return True
    home = Path(variables.get("KAGGLE_CONFIG_DIR") or Path.home() / ".kaggle")
    return any((home / name).is_file() for name in _FILES)


def download(
    dataset: str,
    folder: Path,
    *,
    progress: Progress | None = None,
    free_bytes: Callable[[Path], int] = lambda folder: shutil.disk_usage(folder).free,
) -> Path:
    """The data set's archive below `folder`; downloaded only when it is not there.

    `dataset` is owner/name, `progress` counts megabytes. Raises KaggleRefused, NoSpace before the
    first byte, UnsafeArchive for an archive that must not be used, OSError when the network fails
    (the next call resumes).
    """
    name = dataset.split("/")[1]
    archive = folder / f"{name}.zip"
    if archive.exists():
        return archive
    api = _authenticated()
    incoming = folder / "incoming" / archive.name
    incoming.parent.mkdir(parents=True, exist_ok=True)
    with _refusals(dataset), api.build_kaggle_client() as client:
        response = _request(api, client, dataset)
        size = int(response.headers.get("Content-Length") or 0)
        held = incoming.stat().st_size if incoming.exists() else 0
        try:
            demand_space(
                size - held,
                free=free_bytes(folder),
                place=str(folder),
                what=f"downloading {dataset}",
                cure="set XRAY_STATE to a folder on another disk",
            )
        except NoSpace:
            response.close()
            raise
        with _reporting(incoming, size, progress):
            api.download_file(response, str(incoming), client.http_client(), True, True)
    ZipFolder(incoming)
    put_in_place(incoming, archive)
    return archive


def _authenticated() -> Any:
    if not has_credentials():
        raise KaggleRefused(
            "there are no Kaggle credentials: set KAGGLE_API_TOKEN, or KAGGLE_USERNAME and "
            "KAGGLE_KEY (kaggle.com, Settings, API), or choose another XRAY_SOURCE"
        )
    from kaggle.api.kaggle_api_extended import KaggleApi

    api = KaggleApi()
    with _refusals("the account"):
        try:
            api.authenticate()
        except SystemExit:  # the client's way to say that no credentials worked
            raise KaggleRefused(
                "Kaggle does not accept the credentials: renew KAGGLE_API_TOKEN, or "
                "KAGGLE_USERNAME and KAGGLE_KEY (kaggle.com, Settings, API)"
            ) from None
    return api


def _request(api: Any, client: Any, dataset: str) -> Any:
    """Ask for the archive; the answer's body is not read yet."""
    from kagglesdk.datasets.types.dataset_api_service import ApiDownloadDatasetRequest

    owner, name, version = api.split_dataset_string(dataset)
    request = ApiDownloadDatasetRequest()
    request.owner_slug, request.dataset_slug = owner, name
    request.dataset_version_number = int(version) if version else None
    return client.datasets.dataset_api_client.download_dataset(request)


@contextlib.contextmanager
def _refusals(what: str) -> Iterator[None]:
    """Say what to do about an answer that no retry will change."""
    from requests.exceptions import HTTPError

    try:
        yield
    except HTTPError as error:
        status = error.response.status_code if error.response is not None else None
        if status in (401, 403):
            raise KaggleRefused(
                f"Kaggle refuses {what} ({status}): check the credentials, and whether the data "
                "set's terms were accepted on its page"
            ) from error
        if status == 404:
            raise KaggleRefused(f"Kaggle knows no {what} (404): check its owner/name") from error
        raise


@contextlib.contextmanager
def _reporting(file: Path, size: int, progress: Progress | None) -> Iterator[None]:
    """Report the size of a growing file, in megabytes, while the body runs."""
    if progress is None:
        yield
        return
    finished = threading.Event()

    def report() -> None:
        held = file.stat().st_size if file.exists() else 0
        progress(held // _MEGABYTE, size // _MEGABYTE)

    def keep_reporting() -> None:
        while not finished.wait(_SECONDS_BETWEEN_REPORTS):
            report()

    reporter = threading.Thread(target=keep_reporting, daemon=True, name="download-progress")
    reporter.start()
    try:
        yield
    finally:
        finished.set()
        reporter.join()
    report()
