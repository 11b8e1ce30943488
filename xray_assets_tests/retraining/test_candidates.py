"""The job from a person's word to a registered candidate: real tables, films, ONNX networks, gates
and MLflow; only the training and the times of requests are stand-ins (`test_trial_endpoint` takes
real ones).
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from xray_assets.assets.retraining.training_set import nobody_is_on_two_sides
from xray_assets.catalog import BACKTESTS, CANDIDATES, GOLDEN_FILMS, TRAINING_FILMS
from xray_assets.resources.serving import trial_endpoint
from xray_assets.retraining.films.kept import erase_films
from xray_assets.retraining.gates.demands import DEMANDS, GOLDEN
from xray_assets.rollout.state import read_state
from xray_assets.scoring.session import OnnxClassifier
from xray_assets_tests.retraining.made_candidates import Workshop


@pytest.fixture(scope="module", autouse=True)
def _quick() -> Iterator[None]:
    """No endpoint is started: both models take a millisecond."""
    times = [1.0] * 200
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(trial_endpoint, "request_times", lambda *_: (times, times))
        yield


@pytest.fixture(scope="module")
def passed(tmp_path_factory: pytest.TempPathFactory) -> Workshop:
    """A person has asked, and the candidate passed."""
    shop = Workshop(tmp_path_factory.mktemp("passed") / "state", mode="shadow")
    shop.production(160)
    assert shop.retrain().success
    return shop


@pytest.fixture(scope="module")
def others(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """On one state: nothing is asked; a candidate calls everything by the wrong name; then films of
    production are darker, and the champion is recalibrated.
    """
    shop = Workshop(tmp_path_factory.mktemp("others") / "state")
    shop.production(100, darker=20.0)
    nothing = shop.retrain(ask="")
    sets = shop.stored(TRAINING_FILMS).height, shop.stored(GOLDEN_FILMS).height
    asked_nothing = {"result": nothing, "rows": shop.rows, "sets": sets}
    shop.leaves(slope=-20.0, offset=10.0)
    failed = shop.retrain()
    versions = shop.room.registry.versions(shop.settings.catalog.table(CANDIDATES))
    a_failure = {"result": failed, "row": shop.rows[-1], "versions": versions}
    shop.production(100, darker=20.0, first=20_000)
    mended = shop.retrain(recalibrate=True)
    return {"shop": shop, "nothing": asked_nothing, "failed": a_failure, "mended": mended}


def test_a_candidate_that_passes_is_registered_with_its_lineage(passed: Workshop) -> None:
    row = passed.rows[0]
    assert (row["method"], row["version"]) == ("retrain", 1)
    assert set(json.loads(row["gates"])["attempts"][0]["gates"]) == set(DEMANDS)
    registered = passed.room.registry.version(row["model"], 1)
    tags = registered.tags
    assert registered.artifact_sha256 == row["artifact_sha256"]
    assert tags["parent_model"] == "pneumonia_poc_classifier-1"
    assert tags["retraining_request"] == row["request_id"]
    assert (tags["retraining_triggers"], tags["decision"]) == ("manual", "registered")
    assert tags["training_set_sha256"] == row["training_set_sha256"]
    assert tags["seeds"] == "0,1,2"


def test_the_champions_hyper_parameters_are_taken_and_its_seed_is_not(passed: Workshop) -> None:
    asked = json.loads(Path(passed.training.folder, "asked.json").read_text())["plan"]
    assert (asked["epochs"], asked["learning_rate"], asked["seed"]) == (7, 0.002, 0)


def test_the_set_holds_the_data_set_and_reads_and_nobody_who_judges(passed: Workshop) -> None:
    films, golden = passed.stored(TRAINING_FILMS), passed.stored(GOLDEN_FILMS)
    assert films.height == passed.rows[0]["training_films"]
    assert {*films["dataset_split"]} == {"train", "val"}
    production = films.filter(source="production")
    assert 100 < production.height < 150  # a fifth of the patients is kept out for ever
    assert production["weight"].mean() == pytest.approx(1.0, abs=0.01)
    assert all(Path(path).read_bytes() for path in production["file_path"])
    assert set(golden["patient_key"]) & set(films["patient_key"]) == set()
    assert golden["patient_key"].n_unique() == golden.height


def test_a_backtested_candidate_is_opened_in_shadow(passed: Workshop) -> None:
    passed.retrain(ask="due")
    assert passed.stored(BACKTESTS).height == 1
    row = passed.rows[0]
    assert row["state"] == "opened"
    experiment = read_state(passed.tables).last
    assert experiment.experiment_id == row["experiment_id"]
    assert (experiment.stage, experiment.starting_share) == (0, 0)
    assert experiment.challenger.artifact_sha256 == row["artifact_sha256"]


def test_the_blocking_check_sees_a_patient_on_two_sides(passed: Workshop) -> None:
    look = {"tables": passed.tables, "retraining_desk": passed.room.retraining_desk}
    assert nobody_is_on_two_sides(**look).passed
    golden, films = passed.stored(GOLDEN_FILMS), passed.stored(TRAINING_FILMS)
    stolen = films.head(1).with_columns(patient_key=golden["patient_key"].head(1))
    passed.tables.merge(TRAINING_FILMS, stolen)
    found = nobody_is_on_two_sides(**look)
    passed.tables.merge(TRAINING_FILMS, films.head(1))
    assert not found.passed
    assert found.metadata["patient_key_held_out"].value == 1


def test_an_erased_patient_leaves_sets_and_the_films_that_were_kept_for_them(
    passed: Workshop,
) -> None:
    films = passed.stored(TRAINING_FILMS).filter(source="production")
    mine, other = films.row(0, named=True), films.row(1, named=True)
    volume = passed.room.volume.open()
    counts = erase_films(passed.tables, volume, mine["patient_key"], [mine["pixel_sha256"]])
    assert counts == {"training_films": 1, "golden_films": 0, "kept_films": 1}
    assert not Path(mine["file_path"]).exists()
    assert Path(other["file_path"]).exists()
    left = passed.stored(TRAINING_FILMS)["patient_key"]
    assert mine["patient_key"] not in left and other["patient_key"] in left


def test_materialize_all_leaves_candidates_alone_and_says_how_to_start(
    others: dict[str, Any],
) -> None:
    found = others["nothing"]
    assert found["result"].success
    assert found["rows"] == []
    sets, golden = found["sets"]
    assert sets == 0 < golden
    (event,) = found["result"].asset_materializations_for_node("models__candidates")
    assert "xray retrain" in str(event.metadata["how_to_start"].value)


def test_a_candidate_that_fails_a_gate_is_not_registered_and_the_run_is_no_failure(
    others: dict[str, Any],
) -> None:
    found = others["failed"]
    assert found["result"].success
    row = found["row"]
    assert (row["state"], row["reason_code"], row["version"]) == ("gated", "gates", None)
    checks = found["result"].get_asset_check_evaluations()
    assert GOLDEN in {check.check_name for check in checks if not check.passed}
    assert found["versions"] == []


def test_films_that_only_moved_the_scores_are_mended_by_the_champions_own_network(
    others: dict[str, Any],
) -> None:
    shop: Workshop = others["shop"]
    assert others["mended"].success
    row = shop.rows[-1]
    attempt = json.loads(row["gates"])["attempts"][0]
    assert (row["state"], row["method"]) == ("registered", "recalibrate"), attempt
    champion = shop.room.registry.fetch(shop.settings.catalog.classifiers[0], 1)
    made = shop.room.registry.fetch(row["model"], 1)
    assert made.outputs == champion.outputs
    films = np.random.default_rng(0).random((5, 64, 64), np.float32)
    before, after = (OnnxClassifier(one).embeddings(films) for one in (champion, made))
    np.testing.assert_array_equal(before[1], after[1])
    tags = shop.room.registry.version(row["model"], 1).tags
    scale, shift = (json.loads(tags["made_by"])[name] for name in ("logit_scale", "logit_shift"))
    p = before[0].astype(float)
    z = np.log(p / (1 - p))
    np.testing.assert_allclose(after[0], 1 / (1 + np.exp(-(scale * z + shift))), atol=1e-5)
