"""The search as an asset: never by itself, and green until a person names a family."""

import dagster as dg

from xray_assets.assets.retraining.search import BY_HAND, CHECKS, search
from xray_assets.catalog import CANDIDATES, ENSEMBLE
from xray_assets.resources.local.training import LocalTraining
from xray_assets_tests.assets.parquet_tables import ParquetTables


def test_without_a_family_nothing_is_searched_and_the_page_says_how() -> None:
    resources = {"tables": ParquetTables(path="none"), "training": LocalTraining(folder="none")}
    result = dg.materialize([search], resources=resources)
    assert result.success
    (made,) = result.asset_materializations_for_node(search.op.name)
    assert made.metadata["how_to_start"].value == BY_HAND
    assert {check.check_name for check in result.get_asset_check_evaluations()} == CHECKS.keys()


def test_no_condition_starts_a_search() -> None:
    assert search.op.pool == "training"
    assert search.get_asset_spec().automation_condition is None


def test_what_a_search_finds_is_a_candidate() -> None:
    training = LocalTraining(folder="f", studies="s", environment="dev")
    request = training.search_request(ENSEMBLE, 3, "films")
    assert request.model_name.endswith(".".join(CANDIDATES))
    assert (request.tries, request.folder) == (3, "s")
