"""A folder of films below a prefix of an S3 bucket."""

from collections.abc import Iterator
from typing import Any

from typing_extensions import override

from xray_assets.errors import XrayError
from xray_assets.storage.film_folder import FilmFolder, StoredFile

FILES_A_PAGE = 1000


class S3Folder(FilmFolder):
    """Objects below s3://bucket/prefix. A put is whole or absent by S3's own promise."""

    workers = 16

    def __init__(self, address: str, *, client: Any | None = None) -> None:
        """`client` is a boto3 S3 client; without one, boto3's own credential chain makes it."""
        bucket, _, prefix = address.removeprefix("s3://").partition("/")
        if not bucket:
            raise XrayError(f"{address!r} names no bucket; write s3://bucket/prefix")
        self._bucket = bucket
        self._prefix = prefix.rstrip("/") + "/" if prefix.strip("/") else ""
        self.address = f"s3://{bucket}/{self._prefix}".rstrip("/")
        self._client = client or _default_client()

    @override
    def files(self) -> Iterator[StoredFile]:
        pages = self._client.get_paginator("list_objects_v2")
        with _storage_errors(self.address):
            for page in pages.paginate(
                Bucket=self._bucket,
                Prefix=self._prefix,
                PaginationConfig={"PageSize": FILES_A_PAGE},
            ):
                for found in page.get("Contents", ()):
                    path = found["Key"].removeprefix(self._prefix)
                    if path and not path.endswith("/"):
                        yield StoredFile(path, found["Size"])

    @override
    def read(self, path: str) -> bytes:
        with _storage_errors(self.location(path)):
            found = self._client.get_object(Bucket=self._bucket, Key=self._prefix + path)
            return found["Body"].read()

    @override
    def write(self, path: str, data: bytes) -> None:
        with _storage_errors(self.location(path)):
            self._client.put_object(Bucket=self._bucket, Key=self._prefix + path, Body=data)

    @override
    def remove(self, path: str) -> bool:
        with _storage_errors(self.location(path)):
            try:
                self._client.head_object(Bucket=self._bucket, Key=self._prefix + path)
            except self._client.exceptions.ClientError:
                return False
            self._client.delete_object(Bucket=self._bucket, Key=self._prefix + path)
        return True

    @override
    def location(self, path: str) -> str:
        return f"{self.address}/{path}"


class _storage_errors:  # noqa: N801 - used like a function
    """Turn boto3's errors into OSError, so that callers know one kind of failing storage."""

    def __init__(self, place: str) -> None:
        self._place = place

    def __enter__(self) -> None:
        return None

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        from botocore.exceptions import BotoCoreError, ClientError

        if isinstance(error, ClientError):
            code = error.response.get("Error", {}).get("Code", "")
            if code in ("NoSuchKey", "404"):
                raise FileNotFoundError(f"{self._place} does not exist") from error
            raise OSError(f"{self._place}: S3 answered {code or error}") from error
        if isinstance(error, BotoCoreError):
            raise OSError(f"{self._place}: {error}") from error


def _default_client() -> Any:
    from boto3 import client

    return client("s3")
