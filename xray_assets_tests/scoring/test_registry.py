import base64
import json
import shutil
import subprocess
import sys
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from xray_assets.scoring.artifact import ArtifactError, ServingArtifact
from xray_assets.scoring.registered import RegistryError
from xray_assets.scoring.registry import ModelRegistry, main
from xray_assets.settings import Settings
from xray_assets.training.records import tracking
from xray_assets_tests.serving.networks import film_mean_network

KERAS, TORCH = "c.models.one", "c.models.one_pytorch"
MODELS = [KERAS, TORCH]


@pytest.fixture(scope="module")
def settings(tmp_path_factory):
    return Settings(state=tmp_path_factory.mktemp("state"))


@pytest.fixture(scope="module")
def digests(settings):
    """Two versions of one model and one of another, registered as training does it."""
    found = {}
    tracker = tracking.open_tracker(settings.mlflow_uri)
    artifacts = (settings.mlflow_folder / "artifacts").as_uri()
    with tracking.tracked_run(tracker, "keras", artifacts) as run:
        for model, version, slope in ((KERAS, 1, 4.0), (KERAS, 2, 5.0), (TORCH, 1, 6.0)):
            artifact = ServingArtifact.write(
                settings.state / "made" / f"{model}-{version}",
                onnx=film_mean_network(slope=slope, offset=-slope / 2),
                threshold=0.4,
                preprocessing_version="1",
                family="keras",
                opset=17,
            )
            assert tracking.register(run, artifact, model, {"run": run.path}) == version
            found[model, version] = artifact.sha256
    return found


@pytest.fixture
def registry(settings, digests):
    return ModelRegistry(settings.mlflow_uri, settings.artifact_cache)


@pytest.fixture
def without_aliases(registry):
    aliases = ("champion", "challenger", "previous_champion")
    registry.reconcile_aliases(dict.fromkeys(aliases), MODELS)
    return registry


def test_the_latest_version_is_the_newest_and_carries_its_identity(registry, digests):
    latest = registry.latest(KERAS)
    assert (latest.version, latest.artifact_sha256) == (2, digests[KERAS, 2])
    assert (latest.threshold, latest.family) == (0.4, "keras")
    assert latest.tags["run"].endswith(latest.run_id)


def test_a_model_that_was_never_trained_has_no_latest_version_and_no_alias(registry):
    assert registry.latest("c.models.none") is None
    assert registry.aliases(["c.models.none"]) == {}


@pytest.mark.parametrize("number", [2, "2"])
def test_a_version_is_an_int_whatever_it_was_asked_with(registry, number):
    assert registry.version(KERAS, number).version == 2


def test_an_unknown_version_is_an_error_that_says_what_to_do(registry):
    with pytest.raises(RegistryError, match="train it first"):
        registry.version(KERAS, 9)


def test_a_fetched_artifact_is_the_registered_one_and_stays_in_the_cache(registry, digests):
    artifact = registry.fetch(KERAS, 1)
    assert artifact.sha256 == digests[KERAS, 1]
    assert artifact.folder == registry.cache / artifact.sha256
    again = ModelRegistry(registry.tracking_uri, registry.cache)
    again._download = None  # a second fetch must not need it
    assert again.fetch(KERAS, 1) == artifact


def test_a_damaged_cache_is_repaired_from_the_registry(registry):
    artifact = registry.fetch(KERAS, 2)
    artifact.onnx_path.write_bytes(b"damaged")
    assert registry.fetch(KERAS, 2) == artifact
    assert artifact.onnx_path.read_bytes() != b"damaged"


def test_bytes_that_are_not_the_registered_ones_are_refused_and_leave_nothing(
    registry, digests, tmp_path, monkeypatch
):
    def other(self, registered, destination):
        return ServingArtifact.write(
            destination / "serving",
            onnx=film_mean_network(slope=1, offset=0),
            threshold=0.4,
            preprocessing_version="1",
            family="keras",
            opset=17,
        ).folder

    monkeypatch.setattr(ModelRegistry, "_download", other)
    with pytest.raises(ArtifactError, match="not " + digests[TORCH, 1][:12]):
        ModelRegistry(registry.tracking_uri, tmp_path / "cache").fetch(TORCH, 1)
    assert list((tmp_path / "cache").iterdir()) == []


def test_aliases_become_what_is_wanted_and_a_second_time_nothing_changes(without_aliases):
    registry = without_aliases
    wanted = {"champion": (KERAS, 1), "challenger": (TORCH, "1"), "previous_champion": None}
    assert len(registry.reconcile_aliases(wanted, MODELS)) == 2
    assert registry.aliases(MODELS) == {"champion": (KERAS, 1), "challenger": (TORCH, 1)}
    assert registry.reconcile_aliases(wanted, MODELS) == []


def test_a_promotion_moves_the_champion_to_another_model_and_removes_stale_aliases(without_aliases):
    registry = without_aliases
    registry.reconcile_aliases({"champion": (KERAS, 2), "challenger": (TORCH, 1)}, MODELS)
    changed = registry.reconcile_aliases(
        {"champion": (TORCH, 1), "previous_champion": (KERAS, 2), "challenger": None}, MODELS
    )
    assert registry.aliases(MODELS) == {"champion": (TORCH, 1), "previous_champion": (KERAS, 2)}
    assert len(changed) == 4


def test_an_alias_that_is_not_asked_about_is_left_alone(without_aliases):
    registry = without_aliases
    registry.reconcile_aliases({"champion": (KERAS, 1)}, MODELS)
    registry.reconcile_aliases({"challenger": (KERAS, 2)}, MODELS)
    assert registry.aliases(MODELS) == {"champion": (KERAS, 1), "challenger": (KERAS, 2)}


def test_a_wanted_version_that_does_not_exist_moves_nothing(without_aliases):
    registry = without_aliases
    registry.reconcile_aliases({"champion": (KERAS, 1)}, MODELS)
    with pytest.raises(RegistryError):
        registry.reconcile_aliases({"challenger": (KERAS, 2), "champion": (TORCH, 7)}, MODELS)
    assert registry.aliases(MODELS) == {"champion": (KERAS, 1)}


def test_an_alias_on_two_models_is_an_error_until_it_is_reconciled(without_aliases):
    registry = without_aliases
    for model in MODELS:  # what a crash between setting and deleting leaves
        registry._client.set_registered_model_alias(model, "champion", "1")
    with pytest.raises(RegistryError, match="reconciles the aliases"):
        registry.aliases(MODELS)
    registry.reconcile_aliases({"champion": (TORCH, 1)}, MODELS)
    assert registry.aliases(MODELS) == {"champion": (TORCH, 1)}


def test_tags_can_be_added_but_the_identity_never_changes(registry):
    registry.set_tags(KERAS, 1, {"reviewed_by": "DR001"})
    assert registry.version(KERAS, 1).tags["reviewed_by"] == "DR001"
    with pytest.raises(RegistryError, match="artifact_sha256"):
        registry.set_tags(KERAS, 1, {"artifact_sha256": "0"})


def test_a_version_without_the_identity_tags_is_refused(registry):
    client = registry._client
    client.create_registered_model("c.models.foreign")
    client.create_model_version("c.models.foreign", source="file:///nowhere")
    with pytest.raises(RegistryError, match="artifact_sha256"):
        registry.latest("c.models.foreign")


def test_the_command_line_prints_folder_and_digest(settings, digests, monkeypatch, capsys):
    monkeypatch.setenv("XRAY_STATE", str(settings.state))
    assert main(["fetch", KERAS, "2"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert answer["sha256"] == digests[KERAS, 2]
    assert ServingArtifact.load(Path(answer["folder"])).sha256 == answer["sha256"]
    assert main(["fetch", KERAS, "9"]) == 1
    assert "train it first" in capsys.readouterr().err


def test_importing_the_registry_loads_no_mlflow():
    code = "import sys, xray_assets.scoring.registry; sys.exit('mlflow' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_a_registered_version_answers_as_a_pyfunc_from_its_own_code(settings, digests, tmp_path):
    """In a process that cannot see this project: code and artifact come from the registry."""
    film = np.full((40, 40), 200, np.uint8)
    buffer = BytesIO()
    Image.fromarray(film).save(buffer, format="PNG")
    image = base64.b64encode(buffer.getvalue()).decode()
    (tmp_path / "ask.py").write_text(
        "import sys, mlflow, pandas as pd\n"
        "mlflow.set_tracking_uri(sys.argv[1])\n"
        f"model = mlflow.pyfunc.load_model('models:/{KERAS}/2')\n"
        "answer = model.predict(pd.DataFrame({'image': [sys.argv[2]] * 2}))\n"
        "import xray_assets; assert sys.argv[3] in xray_assets.__file__, xray_assets.__file__\n"
        "print(answer.to_json(orient='records'))\n"
    )
    command = [sys.executable, "ask.py", settings.mlflow_uri, image, str(settings.mlflow_folder)]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
    answer = json.loads(done.stdout.splitlines()[-1])
    expected = 1 / (1 + np.exp(-(5.0 * 200 / 255 - 2.5)))
    assert [row["label"] for row in answer] == ["PNEUMONIA"] * 2
    assert answer[0]["probability"] == pytest.approx(expected, abs=1e-5)


def test_a_copied_state_fetches_from_itself(settings, digests, tmp_path):
    copied = Settings(state=tmp_path / "copy")
    shutil.copytree(settings.mlflow_folder, copied.mlflow_folder)
    away = settings.mlflow_folder.rename(settings.state / "mlflow-moved-away")
    try:
        fetched = ModelRegistry(copied.mlflow_uri, copied.artifact_cache).fetch(KERAS, 1)
    finally:
        away.rename(settings.mlflow_folder)
    assert fetched.sha256 == digests[KERAS, 1]
    own = (copied.mlflow_folder / "artifacts").as_uri()
    with tracking.tracked_run(tracking.open_tracker(copied.mlflow_uri), "keras", own) as run:
        assert run.mlflow.get_artifact_uri().startswith(own)


def test_every_version_is_listed_newest_first_with_its_trainings_figures(registry, digests):
    found = registry.versions(KERAS)
    assert [one.version for one in found] == [2, 1]
    assert found[0].artifact_sha256 == digests[KERAS, 2]
    assert found[0].created_at is not None and found[0].run_id
    registry._client.log_metric(found[0].run_id, "test_accuracy", 0.9)
    assert registry.figures(found[0].run_id) == {"test_accuracy": 0.9}
    assert registry.figures("0" * 32) == {}
    assert registry.versions("c.models.unknown") == []
