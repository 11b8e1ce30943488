"""The pictures of a training: curves, ROC with confusion matrix, calibration. Drawing only."""

import base64
from io import BytesIO

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from xray_assets.catalog import LABELS
from xray_assets.statistics.roc import roc_curve
from xray_assets.training.evaluation import Evaluation
from xray_assets.training.fitting import History

mpl.use("Agg")

BLUE, ORANGE, GREY = "#2b6cb0", "#c05621", "#718096"


def training_curve(history: History) -> Figure:
    """Loss on train and validation films by epoch; the kept epoch is marked."""
    figure = Figure(figsize=(5, 3.2), layout="constrained")
    axes = figure.subplots()
    numbers = np.arange(1, len(history.epochs) + 1)
    axes.plot(
        numbers, [e.train_loss for e in history.epochs], color=GREY, label="train (augmented)"
    )
    axes.plot(numbers, [e.validation_loss for e in history.epochs], color=BLUE, label="validation")
    axes.axvline(history.best + 1, color=ORANGE, ls=":", label=f"kept: epoch {history.best + 1}")
    axes.set(xlabel="epoch", ylabel="cross-entropy")
    axes.legend(frameon=False)
    return figure


def roc_and_confusion(
    evaluation: Evaluation, labels: NDArray[np.float32], probabilities: NDArray[np.float32]
) -> Figure:
    """ROC curve with the operating point, beside the confusion matrix, on the test films."""
    figure = Figure(figsize=(7, 3.2), layout="constrained")
    left, right = figure.subplots(1, 2)
    curve, auc, metrics = roc_curve(labels, probabilities), evaluation.auc, evaluation.metrics
    left.plot(curve.false_positive_rate, curve.sensitivity, color=BLUE)
    left.plot([0, 1], [0, 1], color=GREY, lw=0.8, ls=":")
    left.plot(1 - metrics.specificity.value, metrics.sensitivity.value, "o", color=ORANGE)
    left.set(
        xlabel="1 - specificity",
        ylabel="sensitivity",
        title=f"AUC {auc.value:.3f} ({auc.low:.3f}-{auc.high:.3f})",
    )
    counts = evaluation.counts
    _matrix(right, np.array([[counts["tn"], counts["fp"]], [counts["fn"], counts["tp"]]]))
    right.set_title(f"threshold {evaluation.threshold:.2f}")
    return figure


def reliability(evaluation: Evaluation) -> Figure:
    """Observed share of pneumonia against the mean probability, by bin, with 95 % intervals."""
    figure = Figure(figsize=(3.6, 3.2), layout="constrained")
    axes, bins = figure.subplots(), evaluation.calibration
    filled = np.isfinite(bins.mean_probability)
    x, y = bins.mean_probability[filled], bins.observed.value[filled]
    spread = np.abs(np.stack([y - bins.observed.low[filled], bins.observed.high[filled] - y]))
    axes.plot([0, 1], [0, 1], color=GREY, lw=0.8, ls=":")
    axes.errorbar(x, y, spread, fmt="o", color=BLUE, ms=4, lw=1)
    ece = bins.expected_calibration_error
    axes.set(xlabel="probability", ylabel="observed", title=f"calibration, ECE {ece:.3f}")
    return figure


def png(figure: Figure, dpi: int = 80) -> bytes:
    """The figure as PNG."""
    buffer = BytesIO()
    figure.savefig(buffer, format="png", dpi=dpi)
    return buffer.getvalue()


def markdown_image(picture: bytes, text: str) -> str:
    """A PNG inside Markdown, for Dagster's metadata: keep it small, it lives in the event log."""
    return f"![{text}](data:image/png;base64,{base64.b64encode(picture).decode()})"


def _matrix(axes: Axes, counts: NDArray[np.int64]) -> None:
    axes.imshow(counts, cmap="Blues")
    for (row, column), count in np.ndenumerate(counts):
        shade = "white" if count > counts.max() / 2 else "black"
        axes.text(column, row, str(count), ha="center", va="center", color=shade)
    axes.set_xticks([0, 1], LABELS)
    axes.set_yticks([0, 1], LABELS)
    axes.set(xlabel="predicted", ylabel="truth")
