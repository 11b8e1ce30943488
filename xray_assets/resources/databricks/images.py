"""The image volume in Unity Catalog."""

from typing_extensions import override

from xray_assets.errors import NotYetOnDatabricks
from xray_assets.resources.images import ImageVolume
from xray_assets.storage.film_folder import FilmFolder


class UnityCatalogVolume(ImageVolume):
    """The volume in Unity Catalog."""

    environment: str = "dev"

    @override
    def open(self) -> FilmFolder:
        raise NotYetOnDatabricks("the image volume")
