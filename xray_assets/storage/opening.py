"""Open a folder of films, or read one film, by its address: a path or an s3:// URI."""

from pathlib import Path
from typing import Any

from xray_assets.storage.film_folder import FilmFolder


def open_folder(address: str, *, s3_client: Any | None = None) -> FilmFolder:
    """The folder at `address`: a path, a zip archive, or s3://bucket/prefix with a boto3 client."""
    if address.startswith("s3://"):
        from xray_assets.storage.s3_folder import S3Folder

        return S3Folder(address, client=s3_client)
    if address.endswith(".zip"):
        from xray_assets.storage.zip_folder import ZipFolder

        return ZipFolder(Path(address))
    from xray_assets.storage.local_folder import LocalFolder

    return LocalFolder(Path(address))


def read_film(location: str, *, s3_client: Any | None = None) -> bytes:
    """The bytes of a film by the `file_path` that the tables hold.

    Raises FileNotFoundError when it is not there, OSError when the storage fails.
    """
    parent, _, name = location.rpartition("/")
    return open_folder(parent, s3_client=s3_client).read(name)
