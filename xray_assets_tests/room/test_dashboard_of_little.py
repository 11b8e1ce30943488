"""The dashboard where there is little or nothing to show: no part invents a number."""

from pathlib import Path

import polars as pl
import pytest

from xray_assets.catalog import ENDPOINT_CONFIG, EXPERIMENTS, HOURLY_TRAFFIC
from xray_assets.contracts.tables import CONTRACTS
from xray_assets.lake.delta import DeltaTables
from xray_assets_tests.room import made_board
from xray_assets_tests.room.shown_board import board, html

INVENTED = ("nan", "None", "NaN", ">0 %<", ">1.0<")


@pytest.fixture
def empty(tmp_path: Path) -> DeltaTables:
    return DeltaTables(str(tmp_path))


def test_before_anything_happened_each_part_says_so(empty: DeltaTables) -> None:
    page = html(board(empty))
    assert "No experiment has been opened" in page
    assert "No request has been counted yet" in page
    assert not any(word in page for word in INVENTED)


def test_an_experiment_without_a_read_has_no_figure(empty: DeltaTables) -> None:
    made_board.open_experiment(empty)
    page = html(board(empty))
    assert "No verdict yet" in page
    assert "The first reads." in page
    assert not any(word in page for word in INVENTED)


def test_one_model_alone_is_shown_with_its_traffic(empty: DeltaTables) -> None:
    experiment = made_board.open_experiment(empty)
    made_board.serve(empty, 40, 0)
    configs = empty.read(ENDPOINT_CONFIG).collect()
    empty.overwrite(ENDPOINT_CONFIG, configs.filter(configs["role"] == "champion"))
    shown = board(empty)
    assert [arm.served_name for arm in shown.traffic.shown.arms] == [
        experiment.champion.served_name
    ]
    assert "One model serves." in html(shown)
    assert not any(word in html(shown) for word in INVENTED)


def test_a_stage_that_failed_leaves_the_other_parts(empty: DeltaTables) -> None:
    made_board.whole_board(empty)
    for file in Path(empty.uri(HOURLY_TRAFFIC)).glob("*.parquet"):
        file.unlink()
    shown = board(empty)
    assert shown.traffic.shown is None
    assert "cannot be shown" in shown.traffic.nothing
    assert shown.health.shown is None
    assert shown.verdict.shown is not None


def test_of_200_experiments_the_newest_are_offered_and_any_can_be_asked_for(
    empty: DeltaTables,
) -> None:
    opened = [made_board.open_experiment(empty, number=number, config=False) for number in range(3)]
    rows = empty.read(EXPERIMENTS).sort("opened_at").collect().to_dicts()
    contract = CONTRACTS[EXPERIMENTS]
    more = [rows[0] | {"experiment_id": f"e{n:03}"} for n in range(197)]
    empty.append(EXPERIMENTS, pl.DataFrame(more, schema=contract.schema))
    shown = board(empty)
    assert len(shown.experiments) == 50
    assert shown.experiment_id == opened[-1].experiment_id
    assert board(empty, opened[0].experiment_id).experiment_id == opened[0].experiment_id
    with pytest.raises(LookupError):
        board(empty, "none of them")
