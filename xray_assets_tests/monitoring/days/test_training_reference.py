"""What a champion was trained on is measured once, and no day is compared with it."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import polars as pl
import pytest

from xray_assets.catalog import FEATURES, MONITORING_BASELINES, XRAY_METADATA
from xray_assets.monitoring.baselines.frozen import thaw
from xray_assets.monitoring.baselines.store import known
from xray_assets.monitoring.baselines.training import make_reference
from xray_assets.scoring.artifact import ArtifactError, ServingArtifact
from xray_assets.scoring.session import OnnxClassifier
from xray_assets.sources.phantoms.folder import write_phantoms
from xray_assets_tests.feedback.memory_tables import MemoryTables
from xray_assets_tests.monitoring.days.made_days import CHALLENGER, FIRST, midnight, rows, serve
from xray_assets_tests.serving.networks import film_mean_network, write_artifact

SPLITS = ("train", "val", "test")


@pytest.fixture(scope="module")
def films(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    folder = tmp_path_factory.mktemp("films")
    write_phantoms(folder, count=6, seed=0)
    return sorted(folder.rglob("*.jpeg"))


@pytest.fixture
def tables(films: list[Path]) -> MemoryTables:
    tables = MemoryTables()
    records = [
        {"image_id": f"i{number}", "label": number % 2, "label_name": "NORMAL",
         "dataset_split": SPLITS[number % 3], "file_path": str(path), "image_width": 9,
         "image_height": 9, "quality_score": 1.0, "processed_at": midnight(FIRST),
         "source_batch_id": "b", "patient_id": f"p{number}", "patient_id_source": "digest",
         "sha256": f"s{number}", "pixel_sha256": f"x{number}"}
        for number, path in enumerate([*films, Path("gone.jpeg")])
    ]  # fmt: skip
    tables.append(XRAY_METADATA, rows(XRAY_METADATA, records))
    return tables


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(1) as pool:
        yield pool


def lost(*_: object) -> OnnxClassifier:
    raise ArtifactError("it is gone")


def made(tables: MemoryTables, pool: ThreadPoolExecutor, load=lost) -> str | None:
    return make_reference(
        tables, load, lambda path: Path(path).read_bytes(), pool,
        timezone="UTC", now=midnight(FIRST),
    )  # fmt: skip


def test_it_holds_features_of_train_and_val_films_once_a_champion(
    tables: MemoryTables, pool: ThreadPoolExecutor
) -> None:
    assert made(tables, pool) is None  # nothing is served yet
    serve(tables, FIRST)
    name = made(tables, pool)
    assert made(tables, pool) is None
    (row,) = tables.read(MONITORING_BASELINES).collect().to_dicts()
    assert (row["baseline_id"], row["kind"], row["effective_from"]) == (name, "training", None)
    films, reads = thaw(row)
    assert films["mean"].is_not_null().to_list().count(True) == 4  # one film is gone
    assert (films.height, reads.height, films["embedding"].null_count()) == (5, 5, 5)
    assert set(FEATURES) <= {*films.columns}
    assert known(tables).is_empty()
    serve(tables, FIRST + timedelta(days=1), CHALLENGER)
    assert made(tables, pool) is not None


def test_the_embeddings_are_the_champions_where_its_artifact_gives_them(
    tables: MemoryTables, pool: ThreadPoolExecutor, tmp_path: Path
) -> None:
    network = film_mean_network(slope=4.0, offset=-2, embedding=True)
    artifact = write_artifact(tmp_path, network, embedding=True)
    loaded = OnnxClassifier(ServingArtifact.load(tmp_path / artifact.sha256), threads=1)
    serve(tables, FIRST)
    made(tables, pool, lambda *_: loaded)
    films, _ = thaw(tables.read(MONITORING_BASELINES).collect().row(0, named=True))
    assert films["embedding"].null_count() == 1  # the film that is gone
    assert films.schema["embedding"] == pl.Array(pl.Float32, 64)
