"""Where films come from and where they are kept: the image source and the image volume.

Both hand out plain folders (`storage/`), so what is done with films knows no Dagster. Not here:
what is done with them (`sources/`, `curation/`). Boto3 and the like are imported inside.
"""

from abc import ABC, abstractmethod
from pathlib import Path
from typing import Any

import dagster as dg
from typing_extensions import override

from xray_assets.imaging.acceptable import DecodeLimits
from xray_assets.progress import Progress
from xray_assets.resources.kaggle import KaggleDataset
from xray_assets.settings import PROJECT
from xray_assets.sources.origins import OpenSource, open_films, open_phantoms, source_kind
from xray_assets.storage.film_folder import FilmFolder


class FilmSettings(dg.ConfigurableResource):
    """What a person may choose about films: how many, how they are drawn and split, how fast."""

    limit: int | None = 1000
    seed: int = 0
    train_share: float = 0.7
    val_share: float = 0.1
    test_share: float = 0.2
    threads: int = 2
    modalities: list[str] = ["CR", "DX"]

    @property
    def limits(self) -> DecodeLimits:
        """Which films are accepted."""
        return DecodeLimits(modalities=frozenset(self.modalities))

    @property
    def shares(self) -> dict[str, float]:
        """Share of the patients in each split."""
        return {"train": self.train_share, "val": self.val_share, "test": self.test_share}


class S3Access(dg.ConfigurableResource):
    """How S3 is reached; credentials come from boto3's own chain (environment, profile, role)."""

    region: str | None = None
    endpoint_url: str | None = None

    def client(self) -> Any:
        """A boto3 S3 client, through dagster-aws."""
        from dagster_aws.s3 import S3Resource

        return S3Resource(region_name=self.region, endpoint_url=self.endpoint_url).get_client()


class ImageSource(dg.ConfigurableResource, ABC):
    """Where films come from."""

    @abstractmethod
    def open(self, progress: Progress | None = None) -> OpenSource:
        """Make the source ready (draw, download) and open it.

        Raises NoSource, KaggleRefused or OSError with what to do.
        """


class ConfiguredSource(ImageSource):
    """The source that a setting names; which one `auto` means is decided when a run asks."""

    setting: str = "auto"
    """auto | phantom | kaggle | folder:PATH | folder:s3://BUCKET/PREFIX"""

    folder: str
    """Where phantoms are drawn."""

    films: dg.ResourceDependency[FilmSettings]
    kaggle: dg.ResourceDependency[KaggleDataset]
    s3: dg.ResourceDependency[S3Access]

    @override
    def open(self, progress: Progress | None = None) -> OpenSource:
        kind, address = source_kind(self.setting)
        if kind == "kaggle":
            return self.kaggle.open(progress)
        if kind == "folder":
            client = self.s3.client() if address.startswith("s3://") else None
            return open_films(address, base=PROJECT, s3_client=client)
        count, seed = self.films.limit, self.films.seed
        return open_phantoms(Path(self.folder), count=count, seed=seed, progress=progress)


class ImageVolume(dg.ConfigurableResource, ABC):
    """Where ingested films are kept, one folder a class."""

    @abstractmethod
    def open(self) -> FilmFolder:
        """The volume's folder."""
