import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from xray_assets.settings.training_plan import TrainingPlan
from xray_assets.training.evaluation import (
    AIM_SENSITIVITY,
    AIM_SPECIFICITY,
    calibrated,
    evaluate,
    operating_threshold,
)
from xray_assets.training.fitting import sigmoid
from xray_assets.training.gates import AUC, BOTH_CLASSES, GATES, PARITY, SENSITIVITY, gates

PLAN = TrainingPlan(gate_min_sensitivity=0.8, gates_cause="test")


def scored(n=400, sharpness=1.0, seed=0):
    rng = np.random.default_rng(seed)
    logits = rng.normal(0, 2, n).astype(np.float32)
    labels = (rng.random(n) < sigmoid(logits)).astype(np.float32)
    return labels, logits * np.float32(sharpness)


def test_with_many_films_the_calibration_undoes_overconfidence_and_bias():
    labels, logits = scored(n=8000, sharpness=3.0)
    found = calibrated(logits + np.float32(1.5), labels)
    assert found.scale == pytest.approx(1 / 3, rel=0.15)
    assert found.shift == pytest.approx(-0.5, abs=0.15)


def test_with_few_films_that_lie_on_their_side_the_scale_stays_near_one():
    labels = np.array([0, 1] * 50, np.float32)
    found = calibrated(np.where(labels == 1, 4, -4).astype(np.float32), labels)
    assert 0.9 < found.scale < 1.2
    assert found.shift == pytest.approx(0, abs=1e-6)


@settings(deadline=None)
@given(st.integers(0, 50), st.floats(0.3, 4), st.floats(-3, 3))
def test_the_calibrated_mean_is_the_prevalence_of_the_validation_films(seed, sharpness, bias):
    labels, logits = scored(n=80, sharpness=sharpness, seed=seed)
    found = calibrated(logits + np.float32(bias), labels)
    assert found.scale > 0
    mean = found.applied(logits + np.float32(bias)).mean()
    assert mean == pytest.approx(labels.mean(), abs=0.01)


def test_a_network_without_errors_still_gets_a_calibration_and_a_threshold_inside_zero_and_one():
    labels = np.array([0, 0, 1, 1], np.float32)
    logits = np.array([-90, -80, 80, 90], np.float32)
    found = calibrated(logits, labels)
    assert np.isfinite([found.scale, found.shift]).all()
    assert 0 < operating_threshold(labels, found.applied(logits)) < 1


def test_the_threshold_prefers_sensitivity_by_as_much_as_the_aims_do():
    labels, logits = scored(n=20000)
    found = evaluate(labels, sigmoid(logits), operating_threshold(labels, sigmoid(logits)))
    sensitivity, specificity = found.metrics.sensitivity.value, found.metrics.specificity.value
    assert sensitivity - specificity == pytest.approx(AIM_SENSITIVITY - AIM_SPECIFICITY, abs=0.02)


@pytest.mark.parametrize("spread", [1e-3, 1.0, 30.0])
def test_a_network_that_knows_little_still_answers_with_both_classes(spread):
    rng = np.random.default_rng(0)
    labels = np.array([0, 1] * 50, np.float32)
    probabilities = sigmoid(spread * (rng.normal(0, 1, 100) + 0.3 * labels))
    flagged = (probabilities >= operating_threshold(labels, probabilities)).mean()
    assert 0.3 < flagged < 0.7


def test_a_network_that_answers_always_the_same_gets_a_threshold_too():
    labels = np.array([0, 1] * 10, np.float32)
    for constant in (0.0, 0.5, 1.0):
        assert 0 < operating_threshold(labels, np.full(20, constant)) < 1


def test_one_film_hardly_moves_the_threshold():
    labels, logits = scored(n=100)
    probabilities = sigmoid(logits)
    thresholds = [
        operating_threshold(np.delete(labels, i), np.delete(probabilities, i)) for i in range(100)
    ]
    assert max(thresholds) - min(thresholds) < 0.05


def judged(labels, probabilities, threshold=0.5, parity=1e-7, plan=PLAN):
    found = gates(evaluate(labels, probabilities, threshold), parity, plan)
    return {gate.name: gate for gate in found}


def test_a_good_network_passes_every_gate():
    labels = np.array([0, 1] * 20, np.float32)
    found = judged(labels, np.where(labels == 1, 0.9, 0.1))
    assert list(found) == list(GATES)
    assert all(gate.passed for gate in found.values())


@pytest.mark.parametrize("parity", [1.1e-5, float("nan"), float("inf")])
def test_an_export_that_answers_otherwise_fails_parity(parity):
    labels = np.array([0, 1] * 20, np.float32)
    assert not judged(labels, np.where(labels == 1, 0.9, 0.1), parity=parity)[PARITY].passed


def test_a_network_that_guesses_fails_the_auc_floor_and_says_with_what():
    labels = np.array([0, 1, 1, 0] * 20, np.float32)
    gate = judged(labels, np.tile([0.2, 0.8], 40))[AUC]
    assert not gate.passed
    assert str(gate) == "auc_reaches_floor: 0.5 against 0.9 (test)"


def test_a_network_that_always_says_normal_fails_two_gates():
    labels = np.array([0, 1] * 20, np.float32)
    found = judged(labels, np.where(labels == 1, 0.4, 0.1))
    assert not found[SENSITIVITY].passed
    assert not found[BOTH_CLASSES].passed
    assert found[AUC].passed


def test_figures_without_a_class_are_left_out_and_fail_their_gates():
    labels = np.zeros(10, np.float32)
    evaluation = evaluate(labels, np.full(10, 0.2), 0.5)
    assert "auc" not in evaluation.figures()
    assert [g.name for g in gates(evaluation, 0.0, PLAN) if g.passed] == [PARITY]
