"""The pictures of a training: its curve, ROC, calibration. Specifications only."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from xray_assets.pictures.charts import COLOURS, line_chart
from xray_assets.statistics.roc import roc_curve
from xray_assets.training.evaluation import Evaluation
from xray_assets.training.fitting import Epoch


def training_curve(curve: Sequence[Epoch]) -> Any:
    """Loss of a fold's network by epoch, on films that it learned from and on unseen ones."""
    losses = {
        "train (augmented)": [epoch.train_loss for epoch in curve],
        "unseen": [epoch.validation_loss for epoch in curve],
    }
    return line_chart(
        "Cross-entropy of the first fold's network alone",
        {name: list(enumerate(values, start=1)) for name, values in losses.items()},
        x_label="epoch",
    )


def roc(
    evaluation: Evaluation, labels: NDArray[np.float32], probabilities: NDArray[np.float32]
) -> Any:
    """ROC curve on the test films, with the operating point."""
    curve, auc, metrics = roc_curve(labels, probabilities), evaluation.auc, evaluation.metrics
    points = zip(curve.false_positive_rate.tolist(), curve.sensitivity.tolist(), strict=True)
    at = (1 - float(metrics.specificity.value), float(metrics.sensitivity.value))
    return line_chart(
        f"ROC on the test films: AUC {auc.value:.3f} ({auc.low:.3f}-{auc.high:.3f})",
        {"roc": list(points)},
        x_label="1 - specificity",
        y_label="sensitivity",
        marks={f"threshold {evaluation.threshold:.2f}": at},
        diagonal=True,
    )


def reliability(evaluation: Evaluation) -> Any:
    """Observed share of pneumonia against the mean probability, by bin, with 95 % intervals."""
    import altair as alt

    bins = evaluation.calibration
    filled = np.isfinite(bins.mean_probability)
    names = ("mean", "observed", "low", "high")
    columns = (bins.mean_probability, bins.observed.value, bins.observed.low, bins.observed.high)
    rows = [
        dict(zip(names, map(float, row), strict=True))
        for row in np.stack([column[filled] for column in columns], axis=1)
    ]
    base = alt.Chart(alt.Data(values=rows)).encode(
        x=alt.X("mean:Q", title="probability", scale=alt.Scale(domain=[0, 1]))
    )
    spread = base.mark_rule(color=COLOURS[0]).encode(
        y=alt.Y("low:Q", title="observed"), y2="high:Q"
    )
    shares = base.mark_point(color=COLOURS[0], filled=True).encode(y="observed:Q")
    title = f"Calibration on the test films: ECE {bins.expected_calibration_error:.3f}"
    return alt.layer(spread, shares).properties(title=title, width=300, height=240)
