"""The record's pages: empty, with 200 experiments, with names and causes as long as they come."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest
from fastapi import FastAPI

from benchmarks.rollout.ramp_world import a_decision
from xray_assets.cases.summaries.scores import bands
from xray_assets.catalog import EXPERIMENTS, PROMOTION_DECISION, SCORE_BANDS
from xray_assets.lake.delta import DeltaTables
from xray_assets.reasons import Reason
from xray_assets.rollout.candidates import Candidate
from xray_assets.rollout.experiment import ROLLED_BACK, Experiment
from xray_assets.rollout.experiment_rows import row_of
from xray_assets.rollout.served import ServedConfig, wanted_entities
from xray_assets.rollout.state import record
from xray_assets.room.export.files import EXPORTED
from xray_assets.room.records.paging import paged
from xray_assets.room.records.timeline import Kind, between, timeline
from xray_assets.settings import Settings
from xray_assets_tests.room.test_impact import settled
from xray_assets_tests.room.visitor import Visitor, room_with

PAGES = ("/experiments", "/models", "/deployments", "/timeline", "/export")
START = datetime(2026, 1, 1, tzinfo=UTC)
HOSTILE = "<script>alert('x')</script> " + "long" * 60


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    return Settings(state=tmp_path_factory.mktemp("state"))


@pytest.fixture(scope="module")
def room(settings: Settings) -> FastAPI:
    return room_with(settings, vera="viewer", rita="reader")


@pytest.fixture(scope="module")
def vera(room: FastAPI) -> Visitor:
    visitor = Visitor(room)
    visitor.sign_in("vera")
    return visitor


def an_experiment(number: int) -> Experiment:
    champion = Candidate("c.models.one", number + 1, f"{number:064x}", 0.5)
    challenger = Candidate("c.models.two", number + 1, f"{number + 1000:064x}", 0.4)
    opened = Experiment.open(
        champion,
        challenger,
        rule_hash="r" * 64,
        starting_share=50,
        now=START + timedelta(days=number),
        by="ada",
        cause=f"{HOSTILE} {number}",
    )
    if number == 199:
        return opened
    later = START + timedelta(days=number, hours=6)
    ended = opened.ended(ROLLED_BACK, now=later, by="ada", cause="complaints")
    return ended.settled(now=later)


@pytest.fixture(scope="module")
def tables(settings: Settings, vera: Visitor) -> Iterator[DeltaTables]:
    """200 experiments, the last one running with 30 decisions; first of all every page is empty."""
    for path in PAGES:
        assert vera.get(path).status_code == 200, path
    lake = DeltaTables(root=settings.lake, environment=settings.environment)
    every = [an_experiment(number) for number in range(200)]
    lake.merge(EXPERIMENTS, pl.DataFrame(map(row_of, every), infer_schema_length=None))
    entities = wanted_entities(every[-1])
    served = ServedConfig(1, every[-1].experiment_id, entities)
    record(lake, served, decided_by="ada", cause=HOSTILE)
    verdicts = ["KEEP_TESTING"] * 29 + ["PROMOTE"]
    rows = [
        a_decision(every[-1], verdict, [Reason("a_code", HOSTILE)], number)
        for number, verdict in enumerate(verdicts, 1)
    ]
    lake.append(PROMOTION_DECISION, pl.concat(rows).with_columns(report=pl.lit('{"a":1}')))
    yield lake


def test_200_experiments_are_shown_by_the_page_and_each_has_its_own(
    tables: DeltaTables, vera: Visitor
) -> None:
    seen: list[str] = []
    path: str | None = "/experiments"
    while path:
        page = vera.get(path).text
        seen += re.findall(r'<a href="/experiments/([\w-]+)">', page)
        after = re.search(r'rel="next" href="([^"]+)"', page)
        path = after[1] if after else None
    assert len(seen) == len(set(seen)) == 200
    assert seen[0] == an_experiment(199).experiment_id
    detail = vera.get(f"/experiments/{seen[0]}").text
    assert "page 1 of 2, 30 in all" in detail
    assert vera.get(f"/experiments/{seen[0]}/decisions/30").status_code == 200
    for missing in ("/experiments/none", f"/experiments/{seen[1]}/decisions/30"):
        assert vera.get(missing).status_code == 404


def test_nothing_that_people_wrote_becomes_markup(tables: DeltaTables, vera: Visitor) -> None:
    newest = an_experiment(199).experiment_id
    paths = (*PAGES, f"/experiments/{newest}", f"/experiments/{newest}/decisions/1")
    pages = {path: vera.get(path).text for path in paths}
    assert not [path for path, page in pages.items() if "<script>alert" in page]
    assert "&lt;script&gt;alert" in pages["/timeline"]


def test_the_timeline_has_each_event_once_newest_first(tables: DeltaTables) -> None:
    events = timeline(tables)
    assert [event.at for event in events] == sorted((e.at for e in events), reverse=True)
    kinds = [event.kind for event in events]
    assert kinds.count(Kind.EXPERIMENT) == 200 + 199
    assert kinds.count(Kind.CONFIG) == 1
    assert kinds.count(Kind.VERDICT) == 2
    day = between(events, START, START + timedelta(days=1))
    assert [event.by for event in day] == ["ada", "ada"]


def test_a_page_that_is_not_there_is_the_nearest_one() -> None:
    assert paged([], 7).last == 1
    assert list(paged(range(60), 99).items) == list(range(50, 60))
    assert (paged(range(60), 2).before, paged(range(60), 2).after) == (1, 3)


def test_files_hold_what_the_table_holds_and_run_nothing(
    tables: DeltaTables, vera: Visitor, tmp_path: Path
) -> None:
    formula = an_experiment(3)
    row = row_of(formula) | {"cause": "=1+1", "closed_by": "@x"}
    tables.merge(EXPERIMENTS, pl.DataFrame([row], infer_schema_length=None))
    answer = vera.get("/export/gold.experiments.parquet")
    assert "version-" in answer.headers["content-disposition"]
    (tmp_path / "f.parquet").write_bytes(answer.content)
    stored = tables.read(EXPERIMENTS).sort("opened_at", descending=True).collect()
    assert pl.read_parquet(tmp_path / "f.parquet").equals(stored)
    csv = vera.get("/export/gold.experiments.csv").text
    assert len(csv.splitlines()) == 201
    assert "'=1+1" in csv and ",=1+1" not in csv and ",'@x" in csv
    tables.merge(SCORE_BANDS, bands(settled(), formula.experiment_id))
    for name, key in EXPORTED.items():
        (tmp_path / "f.csv").write_bytes(vera.get(f"/export/{name}.csv").content)
        written = pl.read_csv(tmp_path / "f.csv", infer_schema=False)
        assert (written.columns, written.height) == (
            tables.read(key).collect_schema().names(),
            tables.row_count(key) if tables.version(key) is not None else 0,
        )
    for refused in ("gold.prediction_feedback.csv", "gold.experiments.exe"):
        assert vera.get(f"/export/{refused}").status_code in (400, 404, 422)


def test_a_reader_sees_no_page_of_the_record(room: FastAPI) -> None:
    rita = Visitor(room)
    rita.sign_in("rita")
    for path in (*PAGES, "/acts", "/try", "/export/gold.experiments.csv"):
        assert rita.get(path).status_code == 403, path
