"""The image volume in Unity Catalog."""

from xray_assets.resources.databricks.unconnected import NotYetOnDatabricks
from xray_assets.resources.images import ImageVolume
from xray_assets.storage.film_folder import FilmFolder


class UnityCatalogVolume(ImageVolume):
    """The volume in Unity Catalog."""

    environment: str = "dev"

    def open(self) -> FilmFolder:
        """See ImageVolume."""
        raise NotYetOnDatabricks("the image volume")
