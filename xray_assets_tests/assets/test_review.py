"""The draws as an asset: its checks, on real Delta."""

import dagster as dg
import pytest
from deltalake import DeltaTable

from xray_assets.assets import review
from xray_assets.catalog import REVIEW_ASSIGNMENTS, REVIEW_POLICY
from xray_assets.definitions import build_definitions
from xray_assets.deployments import resources
from xray_assets_tests.logged_world import LoggedWorld

DRAWS, BACKLOG = "every_draw_is_what_was_ordered", "reads_keep_up"


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> LoggedWorld:
    """Cases that a run drew without waiting for feedback."""
    made = LoggedWorld(tmp_path_factory.mktemp("review") / "state", films=20, logged=True)
    made.predict(60, 3_600_000_000)
    with dg.DagsterInstance.ephemeral() as instance:
        job = build_definitions(made.settings).resolve_job_def("follow")
        result = job.execute_in_process(instance=instance)
    assert all(check.passed for check in result.get_asset_check_evaluations())
    return made


def checked(world: LoggedWorld) -> dict[str, dg.AssetCheckEvaluation]:
    """The checks of the draws, after a run that had nothing to do."""
    parts = dg.load_assets_from_modules([review]), dg.load_asset_checks_from_modules([review])
    result = dg.materialize(
        [*parts[0], *parts[1]],
        resources=resources(world.settings).by_name(),
        raise_on_error=False,
    )
    return {check.check_name: check for check in result.get_asset_check_evaluations()}


def test_a_run_that_pairs_draws_and_fixes_the_morning(world: LoggedWorld) -> None:
    tables = resources(world.settings).tables
    assert tables.row_count(REVIEW_ASSIGNMENTS) == 60
    assert tables.row_count(REVIEW_POLICY) == 4, "a morning, and what the experiment froze"
    assert world.settings.review_key.stat().st_mode & 0o077 == 0
    found = checked(world)
    assert found[DRAWS].passed and "60 draws made again" in str(found[DRAWS].description)
    assert found[BACKLOG].passed


@pytest.mark.parametrize(
    ("check", "change", "severity"),
    [
        (DRAWS, {"chance": "0.35"}, dg.AssetCheckSeverity.ERROR),
        (BACKLOG, {"state": "'overdue'", "prediction_date": "current_date"},
         dg.AssetCheckSeverity.WARN),
    ],
)  # fmt: skip
def test_a_check_finds_what_it_is_for(
    world: LoggedWorld, check: str, change: dict[str, str], severity: dg.AssetCheckSeverity
) -> None:
    table = DeltaTable(resources(world.settings).tables.uri(REVIEW_ASSIGNMENTS))
    version = table.version()
    table.update(updates=change, predicate="drawn")
    found = checked(world)[check]
    table.restore(version)
    assert not found.passed and found.severity is severity
