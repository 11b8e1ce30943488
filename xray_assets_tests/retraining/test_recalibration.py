"""The champion's own network at another operating point."""

import numpy as np
import onnx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx import helper
from onnxruntime import InferenceSession

from xray_assets.retraining.recalibration import fitted, log_odds, why_not
from xray_assets.scoring.onnx_scan import refuse_unsafe
from xray_assets.training.families.recalibrated_onnx import recalibrated
from xray_assets_tests.serving.networks import film_mean_network

FILMS = np.random.default_rng(0).random((20, 64, 64), np.float32)
NETWORK = film_mean_network(slope=8, offset=-4, embedding=True)


def averaged() -> bytes:
    """A network that ends in no sigmoid: the mean of its probability and one half."""
    model = onnx.load_from_string(film_mean_network(slope=8, offset=-4))
    model.graph.node[-1].output[0] = "alone"
    model.graph.initializer.append(onnx.numpy_helper.from_array(np.array(0.5, np.float32), "half"))
    model.graph.node.extend(
        [
            helper.make_node("Mul", ["alone", "half"], ["halved"]),
            helper.make_node("Add", ["halved", "half_of_half"], ["probability"]),
        ]
    )
    quarter = onnx.numpy_helper.from_array(np.array(0.25, np.float32), "half_of_half")
    model.graph.initializer.append(quarter)
    return model.SerializeToString()


def run(network: bytes) -> list[np.ndarray]:
    return [np.asarray(one) for one in InferenceSession(network).run(None, {"films": FILMS})]


@settings(max_examples=20)
@given(st.floats(0.1, 4), st.floats(-4, 4))
def test_probabilities_are_those_of_the_rescaled_log_odds_and_nothing_else_changes(
    scale: float, shift: float
) -> None:
    for network in (NETWORK, averaged()):
        before, after = run(network), run(recalibrated(network, scale, shift))
        z = log_odds(before[0]).astype(float)
        np.testing.assert_allclose(after[0], 1 / (1 + np.exp(-(scale * z + shift))), atol=2e-6)
        for one, other in zip(before[1:], after[1:], strict=True):
            np.testing.assert_array_equal(one, other)


def test_it_can_be_done_again_and_is_served_like_any_other() -> None:
    twice = recalibrated(recalibrated(NETWORK, 2.0, 1.0), 0.5, -0.5)
    np.testing.assert_allclose(run(twice)[0], run(NETWORK)[0], atol=1e-6)
    refuse_unsafe(twice)
    assert twice == recalibrated(recalibrated(NETWORK, 2.0, 1.0), 0.5, -0.5)


def test_a_network_of_other_outputs_is_refused() -> None:
    model = onnx.load_from_string(NETWORK)
    model.graph.node[3].output[0] = "something"
    with pytest.raises(ValueError, match="no output probability"):
        recalibrated(model.SerializeToString(), 1, 0)


def reads(n: int, moved: float, *, ranks: float = 1.0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Log odds, truths and weights of new films whose scores moved."""
    rng = np.random.default_rng(3)
    labels = (np.arange(n) // 2 % 2).astype(np.float32)
    z = ranks * 6 * (labels - 0.5) + rng.normal(size=n) + moved
    return z.astype(np.float32), labels, np.ones(n)


def test_scores_that_moved_are_moved_back() -> None:
    z, labels, weights = reads(100, moved=4.0)
    assert why_not(z, labels, weights, threshold=0.5, usual_auc=0.99) == ""
    found = fitted(z, labels, weights)
    after = found.calibration.applied(z) >= found.threshold
    assert (after == labels).mean() > 0.93 > ((z >= 0) == labels).mean()


@pytest.mark.parametrize(
    ("n", "moved", "ranks", "why"),
    [(40, 4.0, 1.0, "too_few_reads"), (100, 4.0, -1.0, "ranks_broken"), (100, 0.0, 1.0, "no_gain")],
)
def test_what_it_cannot_mend_is_not_tried(n, moved, ranks, why) -> None:
    z, labels, weights = reads(n, moved, ranks=ranks)
    assert why_not(z, labels, weights, threshold=0.5, usual_auc=0.99) == why
