"""The dashboard from tables alone: what each part says, also where there is nothing, and that no
large table is read for it.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from xray_assets.catalog import (
    HOURLY_TRAFFIC,
    PERFORMANCE,
    PREDICTIONS,
    RECENT_MISTAKES,
    SCORE_BANDS,
    Key,
)
from xray_assets.lake.delta import DeltaTables
from xray_assets.room.dashboard.summaries import SUMMARIES, NotASummary, Summaries
from xray_assets.room.dashboard.verdict import verdict_view
from xray_assets.room.figures import NOT_ENOUGH
from xray_assets_tests.room import made_board
from xray_assets_tests.room.shown_board import board, html


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> DeltaTables:
    tables = DeltaTables(str(tmp_path_factory.mktemp("lake")))
    made_board.whole_board(tables)
    return tables


@pytest.fixture
def empty(tmp_path: Path) -> DeltaTables:
    return DeltaTables(str(tmp_path))


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


def test_each_model_has_the_same_colour_in_every_chart_the_champion_first(
    whole: DeltaTables,
) -> None:
    charts = {chart.name: chart.specification for chart in board(whole).charts.shown}
    for name in ("accuracy", "images"):
        colour = charts[name]["layer"][0]["encoding"]["color"]["scale"]
        assert colour["domain"] == [
            "pneumonia_poc_classifier-1",
            "pneumonia_poc_classifier_pytorch-2",
        ]


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


def test_the_headline_says_where_an_experiment_ended_otherwise_than_its_verdict() -> None:
    roles = {f"{role}_model": role for role in ("champion", "challenger")}
    ended = roles | {f"{role}_version": 1 for role in ("champion", "challenger")}
    ended |= {"state": "rolled_back", "stage": 0, "cause": "a person's word"}
    decided = {"verdict": "PROMOTE", "decided_at": None, "reasons": "", "reason_codes": ""}
    view = verdict_view(ended, decided, {})
    assert view.headline == "challenger-1 was rolled back: champion-1 serves."
    assert view.state.endswith("Why: a person's word. The last verdict was PROMOTE.")
