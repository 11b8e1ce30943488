import os
import signal
import sys
import threading
import time

import dagster as dg
import pytest

from xray_assets.assets.classifiers import TrainingConfig, classifier, classifiers
from xray_assets.catalog import FAMILIES, XRAY_METADATA, Catalog
from xray_assets.errors import NotYetOnDatabricks
from xray_assets.resources.databricks.training import DatabricksTraining
from xray_assets.resources.local.registry import LocalRegistry
from xray_assets.resources.local.training import LocalTraining
from xray_assets.scoring.registered import DIGEST_TAG
from xray_assets.scoring.session import OnnxClassifier
from xray_assets.settings import Settings
from xray_assets.training.films import load_splits
from xray_assets.training.gates import AUC, GATES
from xray_assets.training.tracking import EXPERIMENT
from xray_assets.training_plan import TrainingPlan
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


def registry(state):
    return LocalRegistry(
        tracking_uri=f"sqlite:///{state}/mlflow/mlflow.db", cache=str(state / "artifacts")
    )


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


@pytest.fixture(scope="module", params=sorted(FAMILIES))
def trained(request, state):
    """A real training of each family through Pipes, with floors that its figures reach."""
    result = materialize(
        state,
        request.param,
        config={"gate_min_auc": 0.0, "gate_min_sensitivity": 0.0, "gates_cause": "two epochs"},
    )
    assert result.success
    return request.param, result


def test_a_training_registers_a_version_that_scores_without_its_framework(trained, state):
    family, result = trained
    materialization = result.asset_materializations_for_node(classifier(family).op.name)[0]
    model = Catalog("dev").table(FAMILIES[family].model)
    latest = registry(state).latest(model)
    assert materialization.metadata["version"].value == latest.version
    assert materialization.tags["dagster/data_version"] == str(latest.version)
    assert materialization.metadata["artifact_sha256"].value == latest.artifact_sha256
    artifact = registry(state).fetch(model, latest.version)
    splits = load_splits(str(state / "silver.parquet"), seed=0, limit=None, threads=1)
    scores = OnnxClassifier(artifact).probabilities(splits.test.images)
    assert scores.shape == (len(splits.test),)
    assert artifact.family == family


def test_a_materialization_explains_itself(trained):
    family, result = trained
    metadata = result.asset_materializations_for_node(classifier(family).op.name)[0].metadata
    for figure in ("auc", "sensitivity", "specificity"):
        low, value, high = (metadata[f"{figure}{end}"].value for end in ("_low", "", "_high"))
        assert low <= value <= high
    assert 0 <= metadata["ece"].value <= 1
    picture = metadata["roc"].value
    assert picture.startswith("![") and "data:image/svg+xml;base64," in picture
    assert len(picture) < 40_000
    run = metadata["mlflow_run_id"].value
    assert metadata["mlflow_run"].value.startswith("http://127.0.0.1:8602/#/experiments/")
    assert metadata["mlflow_run"].value.endswith(run)


def test_every_gate_is_a_check_with_its_value_limit_and_cause(trained):
    _, result = trained
    checks = {check.check_name: check for check in result.get_asset_check_evaluations()}
    assert checks.keys() == GATES.keys()
    assert all(check.passed for check in checks.values())
    assert checks[AUC].metadata["cause"].value == "two epochs"
    assert checks[AUC].metadata["limit"].value == 0.0


def test_the_run_in_mlflow_holds_parameters_curves_pictures_and_the_native_model(trained, state):
    import mlflow

    family, result = trained
    metadata = result.asset_materializations_for_node(classifier(family).op.name)[0].metadata
    client = mlflow.MlflowClient(f"sqlite:///{state}/mlflow/mlflow.db")
    run = client.get_run(metadata["mlflow_run_id"].value)
    assert client.get_experiment(run.info.experiment_id).name == EXPERIMENT
    assert run.info.run_name.startswith(f"{family}, ")
    assert "trained on" in run.data.tags["mlflow.note.content"]
    (films,) = run.inputs.dataset_inputs
    assert films.dataset.digest == metadata["films_sha256"].value[:36]
    assert (run.data.params["seed"], run.data.params["batch_size"]) == ("0", "32")
    assert run.data.params["gates_cause"] == "two epochs"
    assert run.data.metrics["test_auc"] == pytest.approx(metadata["auc"].value)
    assert len(client.get_metric_history(run.info.run_id, "validation_loss")) >= 2
    pictures = {file.path for file in client.list_artifacts(run.info.run_id, "plots")}
    names = ("training_curve", "roc", "calibration")
    assert pictures == {f"plots/{name}.svg" for name in names}
    assert "native_model" in run.data.tags
    files = [path.name for path in (state / "mlflow" / "artifacts").rglob("*")]
    assert not [name for name in files if name.endswith((".pkl", ".pickle", ".pth"))]
    assert {"keras": "model.keras", "pytorch": "model.pt2"}[family] in files


@pytest.fixture(scope="module")
def refused(trained, state):
    """The same training in another process, under a limit that no export keeps, and what was the
    latest version before.
    """
    family, _ = trained
    before = registry(state).latest(Catalog("dev").table(FAMILIES[family].model))
    return materialize(state, family, plan={"epochs": 2, "gate_max_parity": 1e-30}), before


ONE_FAMILY = pytest.mark.parametrize("trained", ["keras"], indirect=True)
"""The one whose exporter orders."""


@ONE_FAMILY
def test_a_failed_gate_registers_nothing_and_says_which_value_met_which_floor(refused, state):
    result, before = refused
    assert not result.success
    assert registry(state).latest(before.model_name) == before
    message = failure(result).event_specific_data.error.message
    assert "onnx_matches_native" in message and "against 1e-30 (default floors)" in message
    checks = {check.check_name: check.passed for check in result.get_asset_check_evaluations()}
    assert checks.keys() == GATES.keys()
    assert checks["onnx_matches_native"] is False


@ONE_FAMILY
def test_the_same_films_and_seed_give_the_same_artifact_in_another_process(trained, refused, state):
    import mlflow

    client = mlflow.MlflowClient(f"sqlite:///{state}/mlflow/mlflow.db")
    runs = client.search_runs([client.get_experiment_by_name(EXPERIMENT).experiment_id])
    one, again = (run.data for run in runs if run.data.params["family"] == trained[0])
    assert one.tags["gates"] != again.tags["gates"]
    assert one.tags[DIGEST_TAG] == again.tags[DIGEST_TAG]
    assert one.metrics == again.metrics


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
