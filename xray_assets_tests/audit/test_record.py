"""The record of decisions on real Delta, Dagster and MLflow: what `xray audit verify` finds."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import dagster as dg
import polars as pl
import pytest
from deltalake import DeltaTable
from typer.testing import CliRunner

from xray_assets.audit.chain import Head, sealed
from xray_assets.audit.verify import Audit, verify
from xray_assets.backup.erasure import erase
from xray_assets.catalog import (
    ENDPOINT_CONFIG,
    EXPERIMENTS,
    PREDICTION_FEEDBACK,
    PROMOTION_DECISION,
    Key,
)
from xray_assets.cli import app
from xray_assets.contracts.tables import CONTRACTS
from xray_assets.definitions import build_definitions
from xray_assets.deployments import resources
from xray_assets.resources.witness import DecisionWitness
from xray_assets.serving.hot_path.case_keys import CaseKeys
from xray_assets.stack.environment import process_environment
from xray_assets.stack.state import prepare_state
from xray_assets_tests.logged_world import LoggedWorld

STEP_US = 3_600_000_000


class Crash(RuntimeError):
    pass


class Hospital:
    """A logged world with its own Dagster instance, in which decisions are made."""

    def __init__(
        self,
        state: Path,
        monkeypatch: pytest.MonkeyPatch,
        *,
        logged: bool = False,
        decisions: int = 2,
    ) -> None:
        self.world = LoggedWorld(state, films=20, logged=logged)
        self.settings = self.world.settings
        prepare_state(self.settings)
        for name, value in process_environment(self.settings).items():
            monkeypatch.setenv(name, value)
        self.room = resources(self.settings)
        self.tables = self.room.tables
        self.instance = dg.DagsterInstance.get()
        self.decide(decisions)

    def decide(self, times: int = 1, *, raise_on_error: bool = True) -> bool:
        succeeded = True
        for _ in range(times):
            self.world.read(self.world.predict(30, STEP_US)[::3])
            succeeded = (
                build_definitions(self.settings)
                .resolve_job_def("evaluate")
                .execute_in_process(instance=self.instance, raise_on_error=raise_on_error)
                .success
            )
        return succeeded

    def rows(self) -> list[dict[str, Any]]:
        return self.tables.read(PROMOTION_DECISION).sort("chain_position").collect().to_dicts()

    def replace(self, rows: list[dict[str, Any]]) -> None:
        schema = CONTRACTS[PROMOTION_DECISION].schema
        self.tables.overwrite(PROMOTION_DECISION, pl.DataFrame(rows, schema=schema))

    def findings(self) -> tuple[str, ...]:
        return self.verified().findings

    def verified(self) -> Audit:
        key = self.room.review_desk.key()
        return verify(self.tables, self.instance, self.room.decision_witness, review_key=key)


@pytest.fixture(scope="module")
def hospital(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hospital]:
    """Each test puts back what it edits; some make more decisions."""
    with pytest.MonkeyPatch.context() as patch:
        made = Hospital(tmp_path_factory.mktemp("hospital") / "state", patch)
        with made.instance:
            yield made


@contextmanager
def edited(hospital: Hospital, key: Key) -> Iterator[DeltaTable]:
    """A table that is put back as it was, after which nothing is found any more."""
    assert hospital.findings() == ()
    table = DeltaTable(hospital.tables.uri(key))
    before = table.version()
    try:
        yield table
    finally:
        DeltaTable(hospital.tables.uri(key)).restore(before)
    assert hospital.findings() == ()


def test_a_row_names_tables_digests_rule_verdict_and_who_decided(hospital: Hospital) -> None:
    row = hospital.rows()[0]
    experiment = hospital.world.experiment
    assert '"gold.reviewed_cases": ' in row["input_versions"]
    assert row["champion_sha256"] == experiment.champion.artifact_sha256
    assert row["challenger_sha256"] == experiment.challenger.artifact_sha256
    assert row["rule_hash"] == experiment.rule_hash
    assert row["run_id"] in {run.run_id for run in hospital.instance.get_runs()}
    assert row["decided_by"] and row["verdict"] == "KEEP_TESTING"


def test_edits_drops_and_rewrites_are_found_and_end_the_record(hospital: Hospital) -> None:
    rows = hospital.rows()
    assert [row["chain_position"] for row in rows] == list(range(1, len(rows) + 1))
    said = CliRunner().invoke(app, ["audit", "verify"])
    assert said.exit_code == 0 and "their chain is unbroken" in said.output

    with edited(hospital, PROMOTION_DECISION) as table:
        table.update(predicate="chain_position = 2", updates={"verdict": "'PROMOTE'"})
        assert "row 2" in hospital.findings()[0] and "edited" in hospital.findings()[0]
        found = CliRunner().invoke(app, ["audit", "verify"])
        assert found.exit_code == 1 and "edited" in found.output

    with edited(hospital, PROMOTION_DECISION) as table:
        table.delete(f"chain_position = {len(rows)}")
        assert sorted(found.split(" saw")[0].split("'")[0] for found in hospital.findings()) == [
            "Dagster",
            "MLflow",
        ]

    with edited(hospital, PROMOTION_DECISION):
        forged = sealed(rows[-1] | {"verdict": "PROMOTE"}, Head.of(rows[-2]))
        hospital.replace([*rows[:-1], forged])
        assert all("rewritten" in finding for finding in hospital.findings())
        assert not hospital.decide(raise_on_error=False), "a rewritten record was continued"
        assert hospital.rows()[-1]["row_hash"] == forged["row_hash"]


def test_a_crash_before_the_head_is_witnessed_is_mended_by_the_next_run(
    hospital: Hospital, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = len(hospital.rows())
    with monkeypatch.context() as patched:
        patched.setattr(DecisionWitness, "write", _crash)
        assert not hospital.decide(raise_on_error=False)
    assert f"no witness saw rows {known + 1} to {known + 1}" in hospital.findings()[0]
    hospital.decide()
    assert len(hospital.rows()) == known + 2
    assert hospital.findings() == ()


def test_a_lost_table_is_no_unbroken_record(hospital: Hospital) -> None:
    with edited(hospital, PROMOTION_DECISION) as table:
        table.delete()
        assert {found.split("'")[0].split(" saw")[0] for found in hospital.findings()} == {
            "Dagster",
            "MLflow",
        }


def test_an_erasure_is_no_finding_and_hides_no_edit(hospital: Hospital) -> None:
    world, settings = hospital.world, hospital.settings
    (request,) = world.predict(1, STEP_US)
    case_key = CaseKeys(settings.endpoint_folder).of_patient("MRN-4711")
    world.log.execute(
        "UPDATE predictions SET case_key = ? WHERE request_id = ?", (case_key, request)
    )
    world.log.commit()
    world.read([request])
    hospital.decide()
    assert erase(settings, hospital.tables, "MRN-4711", by="a")["prediction_feedback"] == 1
    assert hospital.decide()  # also where a check had read the erased rows
    seen = hospital.verified()
    assert seen.findings == ()
    assert any(sentence.endswith("gold.erasures: 1") for sentence in seen.checked)

    with edited(hospital, PREDICTION_FEEDBACK) as reads:
        reads.update(predicate="acceptance_rank = 5", updates={"notes": "'another'"})
        assert any("are not those" in finding for finding in hospital.findings())
    with edited(hospital, PREDICTION_FEEDBACK) as reads:
        reads.delete("acceptance_rank = 5")
        assert hospital.findings() != ()


def _crash(*_: object) -> None:
    raise Crash("before the head was written down")


@pytest.mark.parametrize(
    ("key", "update", "found"),
    [
        (ENDPOINT_CONFIG, {"decided_by": "'somebody'"}, "endpoint configs 1 to 1"),
        (ENDPOINT_CONFIG, {"traffic_percentage": "1"}, "endpoint configs 1 to 1"),
        (EXPERIMENTS, {"decided_by": "'somebody'"}, "gold.experiments was edited"),
        (PREDICTION_FEEDBACK, {"ground_truth": "'NORMAL'"}, "reads 1 to "),
    ],
)
def test_an_edit_of_what_a_decision_rests_on_is_found(
    hospital: Hospital, key: Key, update: dict[str, str], found: str
) -> None:
    with edited(hospital, key) as table:
        table.update(updates=update)
        assert any(found in finding for finding in hospital.findings())
