"""The asset: from the endpoint's log to rows, and what the log may delete from then on."""

from pathlib import Path

import dagster as dg
import pytest

from xray_assets.assets.monitoring.films import film_features
from xray_assets.assets.predictions import pneumonia_classifier_predictions
from xray_assets.catalog import FILM_FEATURES
from xray_assets.deployments import resources
from xray_assets.serving.log.retention import purge
from xray_assets.settings import Settings
from xray_assets.storage.list_identity import PAIRING
from xray_assets_tests.logged_world import LoggedWorld


def materialized(settings: Settings, *assets: dg.AssetsDefinition) -> None:
    assert dg.materialize(assets, resources=resources(settings).by_name()).success


@pytest.fixture
def world(tmp_path: Path) -> LoggedWorld:
    """60 requests of long ago, all of them needed no more but for their films."""
    world = LoggedWorld(tmp_path / "state", films=6)
    world.predict(60, 3_600_000_000)
    materialized(world.settings, pneumonia_classifier_predictions)
    resources(world.settings).inference_log.acknowledge(PAIRING, 60)
    return world


def test_the_log_deletes_a_film_only_when_it_was_measured(world: LoggedWorld) -> None:
    log, tables = world.settings.inference_log, resources(world.settings).tables
    assert purge(log, days=1).rows == 0
    materialized(world.settings, film_features)
    rows = tables.read(FILM_FEATURES).collect()
    assert rows.height == 60 and rows["embedding"].null_count() == 0
    assert purge(log, days=1).rows == 59, "all but the last, by which the log is known again"


def test_before_the_first_request_there_is_nothing_to_measure(tmp_path: Path) -> None:
    settings = Settings(state=tmp_path)
    materialized(settings, film_features)
    assert resources(settings).tables.row_count(FILM_FEATURES) == 0
