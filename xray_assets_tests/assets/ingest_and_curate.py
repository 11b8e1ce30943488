"""A small world for the assets up to silver: a folder of films, resources below tmp_path, a run."""

from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import Any

import dagster as dg
import numpy as np
import polars as pl
from PIL import Image

from xray_assets.assets import images, metadata
from xray_assets.catalog import KAGGLE_XRAY_METADATA, XRAY_METADATA, XRAY_REJECTS, Key
from xray_assets.checks.keeps_its_contract import contract_checks
from xray_assets.resources.images import ConfiguredSource, FilmSettings, S3Access
from xray_assets.resources.kaggle import KaggleDataset
from xray_assets.resources.local.images import LocalVolume
from xray_assets.resources.local.tables import LocalDelta

TABLES: tuple[Key, ...] = (KAGGLE_XRAY_METADATA, XRAY_METADATA, XRAY_REJECTS)
STAGES = [images, metadata]


def film(seed: int, *, side: int = 48) -> bytes:
    """JPEG bytes of a film that no other seed gives."""
    coarse = np.random.default_rng(seed).integers(0, 256, (6, 6), dtype=np.uint8)
    stream = BytesIO()
    Image.fromarray(coarse).resize((side, side + 4), Image.Resampling.BICUBIC).save(stream, "JPEG")
    return stream.getvalue()


def write_films(root: Path, *, patients: int, first: int = 0) -> Path:
    """Two films a patient and class, in Kaggle's layout."""
    for patient in range(first, first + patients):
        for view in (1, 2):
            normal = root / "chest_xray" / "train" / "NORMAL" / f"IM-{patient:04d}-{view:04d}.jpeg"
            ill = root / "chest_xray" / "test" / "PNEUMONIA" / f"person{patient}_virus_{view}.jpeg"
            for place, path in enumerate((normal, ill)):
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(film(4 * patient + 2 * place + view))
    return root / "chest_xray"


@dataclass
class World:
    """Resources below one folder, and runs of the stages up to silver."""

    state: Path
    setting: str
    limit: int | None = None
    shares: tuple[float, float, float] = (0.7, 0.1, 0.2)
    instance: dg.DagsterInstance = field(default_factory=dg.DagsterInstance.ephemeral)
    overrides: dict[str, Any] = field(default_factory=dict)

    @property
    def tables(self) -> LocalDelta:
        return LocalDelta(root=str(self.state / "lake"))

    def run(self, *, full_refresh: bool = False, fails: bool = False) -> dg.ExecuteInProcessResult:
        films = FilmSettings(
            limit=self.limit,
            train_share=self.shares[0],
            val_share=self.shares[1],
            test_share=self.shares[2],
        )
        source = ConfiguredSource(
            setting=self.setting,
            folder=str(self.state / "sources"),
            films=films,
            kaggle=KaggleDataset(folder=str(self.state / "sources" / "kaggle")),
            s3=self.overrides.get("s3", S3Access()),
        )
        volume = self.overrides.get("volume", LocalVolume(root=str(self.state / "volumes")))
        assets = dg.load_assets_from_modules(STAGES)
        return dg.materialize(
            [*assets, *dg.load_asset_checks_from_modules(STAGES), *contract_checks(assets)],
            instance=self.instance,
            resources={
                "tables": self.tables,
                "volume": volume,
                "source": source,
                "films": films,
            },
            run_config={"ops": {"curated_films": {"config": {"full_refresh": full_refresh}}}},
            raise_on_error=not fails,
        )

    def rows(self, key: Key) -> pl.DataFrame:
        return self.tables.read(key).collect().sort("image_id")

    def versions(self) -> list[int | None]:
        return [self.tables.version(key) for key in TABLES]

    def volume_films(self) -> dict[str, bytes]:
        root = self.state / "volumes"
        return {path.name: path.read_bytes() for path in root.rglob("*.jpeg")}


def shown(result: dg.ExecuteInProcessResult, key: tuple[str, ...]) -> dict[str, Any]:
    """Metadata of the materialization of an asset."""
    (event,) = [
        event.materialization
        for event in result.get_asset_materialization_events()
        if event.asset_key == dg.AssetKey(key)
    ]
    return {name: value.value for name, value in event.metadata.items()}
