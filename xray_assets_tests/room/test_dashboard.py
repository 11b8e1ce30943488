"""The dashboard from tables alone: what each part says, also where there is nothing, and that no
large table is read for it.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from xray_assets.catalog import (
    ENDPOINT_CONFIG,
    EXPERIMENTS,
    HOURLY_TRAFFIC,
    PERFORMANCE,
    PREDICTIONS,
    RECENT_MISTAKES,
    SCORE_BANDS,
    Key,
)
from xray_assets.contracts.tables import CONTRACTS
from xray_assets.lake.delta import DeltaTables
from xray_assets.room.dashboard.look import Look
from xray_assets.room.dashboard.page import dashboard
from xray_assets.room.dashboard.routes import limits
from xray_assets.room.dashboard.summaries import SUMMARIES, NotASummary, Summaries
from xray_assets.room.figures import NOT_ENOUGH
from xray_assets.room.pages import TEMPLATES
from xray_assets.settings import Settings
from xray_assets_tests.room import made_board


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> DeltaTables:
    tables = DeltaTables(str(tmp_path_factory.mktemp("lake")))
    made_board.whole_board(tables)
    return tables


@pytest.fixture
def empty(tmp_path: Path) -> DeltaTables:
    return DeltaTables(str(tmp_path))


def board(tables: DeltaTables, experiment: str | None = None) -> Any:
    """The page; Any, because a part that is not there fails its test."""
    look = Look(Summaries(tables, "http://dagster"), experiment)
    return dashboard(look, limits(Settings()))


def html(shown: Any, *, sees_cases: bool = True) -> str:
    frame = {"account": None, "csrf": "", "links": [], "path": "/dashboard"}
    template = TEMPLATES.get_template("dashboard/page.html")
    return template.render(frame | {"board": shown, "sees_cases": sees_cases})


def test_the_verdict_is_a_sentence_with_why_and_what_is_missing(whole: DeltaTables) -> None:
    verdict = board(whole).verdict.shown
    assert verdict is not None
    assert verdict.headline == (
        "Keep testing pneumonia_poc_classifier_pytorch-2 against pneumonia_poc_classifier-1."
    )
    assert all(reason[0].isupper() and reason.endswith(".") for reason in verdict.why)
    assert "more reads expected" in verdict.missing


def test_both_models_stand_side_by_side_with_cases_and_intervals(whole: DeltaTables) -> None:
    rows = {row.name: row for row in board(whole).models.shown.rows}
    assert list(rows) == [
        *("Accuracy", "Sensitivity", "Specificity", "Precision", "F1", "AUC", "Calibration")
    ]
    accuracy = rows["Accuracy"]
    assert accuracy.champion.value == pytest.approx(76 / 89)
    assert accuracy.challenger.value == pytest.approx(85 / 89)
    assert accuracy.difference.low < accuracy.difference.value < accuracy.difference.high
    assert rows["Precision"].challenger.value == pytest.approx(40 / 43)
    assert rows["F1"].challenger.value == pytest.approx(2 * 40 / (2 * 40 + 3 + 1))
    for row in rows.values():
        for one in (row.champion, row.challenger):
            assert one.is_known, row.name
            assert one.interval
            assert one.n


def test_under_the_minimum_there_is_no_number(empty: DeltaTables) -> None:
    experiment = made_board.open_experiment(empty)
    made_board.decide(empty, experiment, (0.05,))
    for row in board(empty).models.shown.rows:
        shown = [one.shown for one in (row.champion, row.challenger, row.difference) if one]
        assert set(shown) == {NOT_ENOUGH}, row.name


def test_traffic_has_what_was_wanted_and_what_came(whole: DeltaTables) -> None:
    traffic = board(whole).traffic.shown
    assert [arm.role for arm in traffic.arms] == ["challenger", "champion"]
    assert [arm.wanted.shown for arm in traffic.arms] == ["50 %", "50 %"]
    assert sum(arm.actual.value for arm in traffic.arms) == pytest.approx(1)
    for arm in traffic.arms:
        assert 0 <= arm.coverage.value <= 1
        assert arm.p50.value < arm.p95.value
    assert sum(one.fn for one in traffic.confusions)


def test_every_part_names_its_tables_with_their_versions(whole: DeltaTables) -> None:
    shown = board(whole)
    parts = [part for part in vars(shown).values() if hasattr(part, "sources")]
    assert len(parts) == 9
    for part in parts:
        assert part.shown is not None
        for source in part.sources:
            key: Key = tuple(source.table.split("."))  # type: ignore[assignment]
            assert source.version == whole.version(key)


class OfARun(DeltaTables):
    """Writes as a run of Dagster does."""

    def run_id(self) -> str:
        return "5f9d0c1e-run"


def test_a_part_links_to_the_run_that_wrote_its_table(tmp_path: Path) -> None:
    tables = OfARun(str(tmp_path))
    made_board.whole_board(tables)
    DeltaTables(str(tmp_path)).tidy(HOURLY_TRAFFIC)  # upkeep names no run
    shown = board(tables)
    links = {source.run_url for source in shown.traffic.sources}
    assert links == {"http://dagster/runs/5f9d0c1e-run"}
    assert '<a href="http://dagster/runs/5f9d0c1e-run">run 5f9d0c1e</a>' in html(shown)


def test_a_red_light_blocks_promotion_and_says_so(empty: DeltaTables) -> None:
    made_board.whole_board(empty)
    assert not board(empty).health.shown.blocks_promotion
    lost = empty.read(HOURLY_TRAFFIC).collect()
    empty.merge(HOURLY_TRAFFIC, lost.with_columns(missing=1))
    health = board(empty).health.shown
    assert health.blocks_promotion
    assert [light.name for light in health.lights if light.state == "red"] == ["Log"]
    assert "Red blocks promotion" in html(board(empty))


def test_cases_that_somebody_can_be_asked_about_are_not_listed(empty: DeltaTables) -> None:
    made_board.whole_board(empty)
    asked = board(empty).mistaken.shown[0].request_id
    rows = empty.read(RECENT_MISTAKES).collect()
    empty.overwrite(RECENT_MISTAKES, rows.with_columns(is_settled=rows["request_id"] != asked))
    listed = board(empty).mistaken.shown
    assert asked not in {one.request_id for one in listed}
    kinds = [one.kind for one in listed]
    assert kinds == sorted(kinds)  # false negatives first
    assert len(set(kinds)) == 2


def test_an_account_that_may_not_see_cases_gets_no_list(whole: DeltaTables) -> None:
    shown = board(whole)
    request = shown.mistaken.shown[0].request_id
    assert request in html(shown)
    assert request not in html(shown, sees_cases=False)


@pytest.fixture
def looked_at(monkeypatch: pytest.MonkeyPatch) -> Iterator[set[Key]]:
    """Every table that is opened."""
    keys: set[Key] = set()
    opened = DeltaTables._open

    def recording(self: DeltaTables, key: Key) -> Any:
        keys.add(key)
        return opened(self, key)

    monkeypatch.setattr(DeltaTables, "_open", recording)
    yield keys


def test_the_page_opens_summary_tables_and_nothing_else(
    whole: DeltaTables, looked_at: set[Key]
) -> None:
    board(whole)
    assert looked_at == set(SUMMARIES) - {SCORE_BANDS}  # of the page of impact
    assert not looked_at & {PREDICTIONS, PERFORMANCE}
    with pytest.raises(NotASummary):
        Summaries(whole, "").read(PREDICTIONS)


EMPTY = ("nan", "None", "NaN", ">0 %<", ">1.0<")


def test_before_anything_happened_each_part_says_so(empty: DeltaTables) -> None:
    page = html(board(empty))
    assert "No experiment has been opened" in page
    assert "No request has been counted yet" in page
    assert not any(word in page for word in EMPTY)


def test_an_experiment_without_a_read_has_no_figure(empty: DeltaTables) -> None:
    made_board.open_experiment(empty)
    page = html(board(empty))
    assert "No verdict yet" in page
    assert "The first reads." in page
    assert not any(word in page for word in EMPTY)


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
    assert not any(word in html(shown) for word in EMPTY)


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
