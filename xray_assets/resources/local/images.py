"""The image volume as a folder on a disk or below an s3:// root."""

import dagster as dg
from typing_extensions import override

from xray_assets.catalog import XRAY_IMAGES, Catalog
from xray_assets.resources.images import ImageVolume, S3Access
from xray_assets.storage.film_folder import FilmFolder
from xray_assets.storage.opening import open_folder


class LocalVolume(ImageVolume):
    """The volume as a folder: `<root>/<catalog>/bronze/xray_images`."""

    root: str
    environment: str = "dev"

    @override
    def open(self) -> FilmFolder:
        return open_folder("/".join((self.root, Catalog(self.environment).name, *XRAY_IMAGES)))


class S3Volume(ImageVolume):
    """The volume below an s3:// root: `<root>/<catalog>/bronze/xray_images`."""

    root: str
    environment: str = "dev"
    s3: dg.ResourceDependency[S3Access]

    @override
    def open(self) -> FilmFolder:
        address = "/".join((self.root.rstrip("/"), Catalog(self.environment).name, *XRAY_IMAGES))
        return open_folder(address, s3_client=self.s3.client())
