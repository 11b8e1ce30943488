"""The classifiers as assets: what a script that is no training does to them, and how they are set.
What a real training leaves is in `test_end_to_end`.
"""

import os
import signal
import sys
import threading
import time

import dagster as dg
import pytest

from xray_assets.assets.classifiers import TrainingConfig, classifier, classifiers
from xray_assets.catalog import XRAY_METADATA
from xray_assets.errors import NotYetOnDatabricks
from xray_assets.resources.databricks.training import DatabricksTraining
from xray_assets.resources.local.training import LocalTraining
from xray_assets.settings import Settings
from xray_assets.settings.training_plan import TrainingPlan
from xray_assets.training.gates import GATES
from xray_assets_tests.assets.parquet_tables import ParquetTables
from xray_assets_tests.training.small_films import write_films


@pytest.fixture(scope="module")
def state(tmp_path_factory):
    folder = tmp_path_factory.mktemp("state")
    write_films(folder / "films").write_parquet(folder / "silver.parquet")
    return folder


def local_training(state, **changes):
    settings = {
        "environment": "dev",
        "tracking_uri": f"sqlite:///{state}/mlflow/mlflow.db",
        "artifacts_uri": (state / "mlflow" / "artifacts").as_uri(),
        "mlflow_url": "http://127.0.0.1:8602",
        "folder": str(state / "training"),
        "plan": {"epochs": 2},
    }
    return LocalTraining(**(settings | changes))


def materialize(state, family, *, instance=None, config=None, **changes):
    asset = classifier(family)
    return dg.materialize(
        [asset],
        instance=instance,
        resources={
            "tables": ParquetTables(path=str(state / "silver.parquet")),
            "training": local_training(state, **changes),
        },
        run_config=dg.RunConfig({asset.op.name: TrainingConfig(**(config or {}))}),
        raise_on_error=False,
    )


def failure(result):
    return next(event for event in result.all_events if event.is_step_failure)


def scripted(tmp_path, body):
    script = tmp_path / "script.py"
    script.write_text(
        "from dagster_pipes import open_dagster_pipes\nimport os, sys, time, pathlib\n"
        f"with open_dagster_pipes() as pipes:\n    {body}\n"
    )
    return [sys.executable, str(script)]


def test_a_training_that_reports_nothing_is_a_failure(state, tmp_path):
    result = materialize(state, "keras", command=scripted(tmp_path, "pass"))
    assert not result.success
    assert "without answering" in failure(result).event_specific_data.error.message
    assert result.get_asset_materialization_events() == []


def test_passed_gates_without_a_materialization_are_a_failure(state, tmp_path):
    body = f"[pipes.report_asset_check(name, passed=True) for name in {list(GATES)}]"
    result = materialize(state, "keras", command=scripted(tmp_path, body))
    assert not result.success
    assert "no registered version" in failure(result).event_specific_data.error.message
    assert result.get_asset_materialization_events() == []


def test_a_materialization_without_its_gates_is_a_failure(state, tmp_path):
    body = "pipes.report_asset_materialization(data_version='1')"
    result = materialize(state, "keras", command=scripted(tmp_path, body))
    assert not result.success
    assert result.get_asset_materialization_events() == []


def test_a_training_that_crashes_is_a_failure(state, tmp_path):
    result = materialize(state, "keras", command=scripted(tmp_path, "sys.exit(3)"))
    assert not result.success
    assert result.get_asset_materialization_events() == []


def test_a_cancelled_training_is_a_failure_and_leaves_no_process(state, tmp_path):
    marker = tmp_path / "pid"
    body = f"pathlib.Path({str(marker)!r}).write_text(str(os.getpid())); time.sleep(600)"

    def interrupt():
        for _ in range(2400):
            if marker.exists() and marker.read_text():
                os.kill(os.getpid(), signal.SIGINT)
                return
            time.sleep(0.05)

    threading.Thread(target=interrupt).start()
    result = materialize(state, "keras", command=scripted(tmp_path, body))
    assert not result.success
    assert result.get_asset_materialization_events() == []
    with pytest.raises(ProcessLookupError):
        os.kill(int(marker.read_text()), 0)


def test_the_run_may_choose_and_else_the_deployment_decides(state):
    training = local_training(
        state, plan={"seed": 7, "train_limits": {"keras": 30}, "gate_min_auc": 0.6}
    )
    settled = training.request("keras", "films", {})
    assert (settled.plan.seed, settled.limit, settled.plan.gate_min_auc) == (7, 30, 0.6)
    assert training.request("pytorch", "films", {}).limit is None
    choices = TrainingConfig(seed=0, train_limits={"keras": 10}, learning_rate=0.01)
    chosen = training.request("keras", "films", choices.model_dump(exclude_none=True))
    assert (chosen.plan.seed, chosen.limit, chosen.plan.gate_min_auc) == (0, 10, 0.6)
    assert (chosen.plan.learning_rate, chosen.plan.batch_size) == (0.01, 32)


def test_every_knob_of_a_training_is_a_setting_and_may_be_chosen_by_a_run():
    knobs = TrainingPlan.model_fields.keys()
    assert knobs <= Settings.model_fields.keys()
    assert knobs == TrainingConfig.model_fields.keys()


def test_both_families_come_from_one_factory_with_the_documented_names():
    assert {asset.key.path[-1] for asset in classifiers} == {
        "pneumonia_poc_classifier",
        "pneumonia_poc_classifier_pytorch",
    }
    for asset in classifiers:
        spec = asset.get_asset_spec()
        assert [dep.asset_key for dep in spec.deps] == [dg.AssetKey(XRAY_METADATA)]
        assert spec.group_name == "models"
        assert spec.automation_condition is None
        assert asset.op.pool == "training"
        assert {check.name for check in asset.check_specs} == GATES.keys()


def test_training_on_databricks_says_that_it_comes_later():
    with pytest.raises(NotYetOnDatabricks, match="training is not connected"):
        DatabricksTraining().train(None, DatabricksTraining().request("keras", "films", {}))
