"""The job from a person's word to a registered candidate: real tables, films, ONNX networks, gates,
MLflow, and once a real endpoint; only the training is a stand-in.
"""

import json
from pathlib import Path

import numpy as np
import pytest

from xray_assets.assets.retraining.training_set import nobody_is_on_two_sides
from xray_assets.catalog import BACKTESTS, GOLDEN_FILMS, TRAINING_FILMS
from xray_assets.resources.serving import trial_endpoint
from xray_assets.retraining.films.kept import erase_films
from xray_assets.retraining.gates.demands import DEMANDS, GOLDEN
from xray_assets.rollout.state import read_state
from xray_assets.scoring.session import OnnxClassifier
from xray_assets_tests.retraining.made_candidates import Workshop


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """No endpoint is started: both models take a millisecond."""
    times = [1.0] * 200
    monkeypatch.setattr(trial_endpoint, "request_times", lambda *_: (times, times))


def test_a_candidate_that_passes_is_registered_with_its_lineage_and_then_opened_in_shadow(
    tmp_path: Path,
) -> None:
    shop = Workshop(tmp_path / "state", mode="shadow")
    shop.production(160)
    assert shop.retrain().success
    (row,) = shop.rows
    assert (row["state"], row["method"], row["version"]) == ("registered", "retrain", 1)
    assert set(json.loads(row["gates"])["attempts"][0]["gates"]) == set(DEMANDS)
    registered = shop.room.registry.version(row["model"], 1)
    tags = registered.tags
    assert registered.artifact_sha256 == row["artifact_sha256"]
    assert tags["parent_model"] == "pneumonia_poc_classifier-1"
    assert (tags["retraining_request"], tags["retraining_triggers"]) == (
        row["request_id"],
        "manual",
    )
    assert tags["training_set_sha256"] == row["training_set_sha256"]
    assert tags["seeds"] == "0,1,2"
    asked = json.loads((tmp_path / "state" / "training" / "asked.json").read_text())
    assert (asked["plan"]["epochs"], asked["plan"]["learning_rate"]) == (7, 0.002)
    assert asked["plan"]["seed"] == 0

    films, golden = shop.stored(TRAINING_FILMS), shop.stored(GOLDEN_FILMS)
    assert films.height == row["training_films"]
    assert {*films["dataset_split"]} == {"train", "val"}
    production = films.filter(source="production")
    assert 100 < production.height < 150  # a fifth of the patients is kept out for ever
    assert production["weight"].mean() == pytest.approx(1.0)
    assert all(Path(path).read_bytes() for path in production["file_path"])
    assert set(golden["patient_key"]) & set(films["patient_key"]) == set()
    assert golden["patient_key"].n_unique() == golden.height

    shop.retrain(ask="due")
    assert shop.stored(BACKTESTS).height == 1
    (row,) = shop.rows
    assert row["state"] == "opened"
    experiment = read_state(shop.tables).last
    assert experiment.experiment_id == row["experiment_id"]
    assert (experiment.stage, experiment.starting_share) == (0, 0)
    assert experiment.challenger.artifact_sha256 == row["artifact_sha256"]


def test_a_candidate_that_fails_a_gate_is_not_registered_and_the_run_is_no_failure(
    tmp_path: Path, quick: None
) -> None:
    shop = Workshop(tmp_path / "state")
    shop.production(160)
    shop.leaves(slope=-20.0, offset=10.0)
    result = shop.retrain()
    assert result.success
    (row,) = shop.rows
    assert (row["state"], row["reason_code"], row["version"]) == ("gated", "gates", None)
    failed = {c.check_name for c in result.get_asset_check_evaluations() if not c.passed}
    assert GOLDEN in failed
    assert shop.room.registry.versions(shop.settings.catalog.table(("models", "candidates"))) == []


def test_films_that_only_moved_the_scores_are_mended_by_the_champions_own_network(
    tmp_path: Path, quick: None
) -> None:
    shop = Workshop(tmp_path / "state")
    shop.production(100, darker=20.0)
    champion = shop.room.registry.fetch(shop.settings.catalog.classifiers[0], 1)
    assert shop.retrain(recalibrate=True).success
    (row,) = shop.rows
    attempt = json.loads(row["gates"])["attempts"][0]
    assert (row["state"], row["method"]) == ("registered", "recalibrate"), attempt
    made = shop.room.registry.fetch(row["model"], 1)
    assert made.outputs == champion.outputs
    films = np.random.default_rng(0).random((5, 64, 64), np.float32)
    before, after = (
        OnnxClassifier(champion).embeddings(films),
        OnnxClassifier(made).embeddings(films),
    )
    np.testing.assert_array_equal(before[1], after[1])
    tags = shop.room.registry.version(row["model"], 1).tags
    scale, shift = (json.loads(tags["made_by"])[name] for name in ("logit_scale", "logit_shift"))
    z = np.log(before[0].astype(float) / (1 - before[0].astype(float)))
    np.testing.assert_allclose(after[0], 1 / (1 + np.exp(-(scale * z + shift))), atol=1e-5)


def test_the_blocking_check_sees_a_patient_on_two_sides(tmp_path: Path, quick: None) -> None:
    shop = Workshop(tmp_path / "state")
    shop.production(160)
    assert shop.retrain().success
    look = {"tables": shop.tables, "retraining_desk": shop.room.retraining_desk}
    assert nobody_is_on_two_sides(**look).passed
    golden, films = shop.stored(GOLDEN_FILMS), shop.stored(TRAINING_FILMS)
    stolen = films.head(1).with_columns(patient_key=golden["patient_key"].head(1))
    shop.tables.merge(TRAINING_FILMS, stolen)
    found = nobody_is_on_two_sides(**look)
    assert not found.passed
    assert found.metadata["patient_key_held_out"].value == 1


def test_an_erased_patient_leaves_sets_and_the_films_that_were_kept_for_them(
    tmp_path: Path, quick: None
) -> None:
    shop = Workshop(tmp_path / "state")
    shop.production(160)
    shop.retrain()
    films = shop.stored(TRAINING_FILMS).filter(source="production")
    mine, other = films.row(0, named=True), films.row(1, named=True)
    volume = shop.room.volume.open()
    counts = erase_films(shop.tables, volume, mine["patient_key"], [mine["pixel_sha256"]])
    assert counts == {"training_films": 1, "golden_films": 0, "kept_films": 1}
    assert not Path(mine["file_path"]).exists()
    assert Path(other["file_path"]).exists()
    left = shop.stored(TRAINING_FILMS)["patient_key"]
    assert mine["patient_key"] not in left and other["patient_key"] in left


def test_materialize_all_leaves_candidates_alone_and_says_how_to_start(
    tmp_path: Path, quick: None
) -> None:
    shop = Workshop(tmp_path / "state")
    shop.production(160)
    result = shop.retrain(ask="")
    assert result.success
    assert shop.rows == []
    assert shop.stored(TRAINING_FILMS).is_empty()
    assert not shop.stored(GOLDEN_FILMS).is_empty()
    (event,) = result.asset_materializations_for_node("models__candidates")
    assert "xray retrain" in str(event.metadata["how_to_start"].value)
