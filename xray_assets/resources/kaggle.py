"""The Kaggle data set as a source: where its archive is kept. The download is in `sources/`."""

from pathlib import Path

import dagster as dg

from xray_assets.progress import Progress
from xray_assets.sources.origins import OpenSource

CHEST_XRAYS = "paultimothymooney/chest-xray-pneumonia"


class KaggleDataset(dg.ConfigurableResource):
    """One data set on Kaggle, downloaded once with the real client and read from its archive."""

    dataset: str = CHEST_XRAYS
    folder: str

    def open(self, progress: Progress | None = None) -> OpenSource:
        """Download what is missing and open the archive. `progress` counts MB.

        Raises KaggleRefused (credentials, data set), NoSpace, UnsafeArchive.
        """
        from xray_assets.sources.kaggle_download import download
        from xray_assets.storage.zip_folder import ZipFolder

        archive = download(self.dataset, Path(self.folder), progress=progress)
        return OpenSource(ZipFolder(archive), "kaggle", f"kaggle:{self.dataset}", synthetic=False)
