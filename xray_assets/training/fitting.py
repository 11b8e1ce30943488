"""The training loop, the same for every network: batches, learning rate, averaging.

As many epochs as asked for: the learning rate falls to nothing and the weights are averaged, so the
last epoch is the one to keep (stopping early by 90 films is choosing by noise). No framework and no
MLflow here.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from math import cos, nan, pi
from typing import Any

import numpy as np
from numpy.typing import NDArray

from xray_assets.settings.training_plan import TrainingPlan
from xray_assets.statistics.roc import area_under_curve
from xray_assets.training.augmentation import shifted
from xray_assets.training.families.network import Array, Network
from xray_assets.training.films import Films
from xray_assets.training.weighted import drawn_by_weight


@dataclass(frozen=True)
class Method:
    """What is not chosen but part of the method; changing it changes every model.

    The judged weights are a moving average of the trained ones. `least_steps` gives a handful of
    films more epochs than asked for.
    """

    average_decay: float = 0.98
    least_steps: int = 120
    largest_shift: int = 3

    def epochs(self, plan: TrainingPlan, films: int) -> int:
        """Epochs for so many films: those asked for, or as many as give `least_steps`."""
        steps = -(-films // plan.batch_size)
        return max(plan.epochs, min(-(-self.least_steps // steps), 4 * plan.epochs))


METHOD = Method()


@dataclass(frozen=True)
class Epoch:
    """One epoch; the validation figures are NaN where no films were held out."""

    train_loss: float
    learning_rate: float
    validation_loss: float = nan
    validation_auc: float = nan


def fit(
    network: Network,
    train: Films,
    plan: TrainingPlan,
    *,
    validation: Films | None = None,
    method: Method = METHOD,
    on_epoch: Callable[[int, int, Epoch], None] = lambda number, epochs, epoch: None,
) -> list[Epoch]:
    """Train, and leave the network with its averaged weights; returns all epochs."""
    rng = np.random.default_rng(plan.seed)
    epochs, steps = method.epochs(plan, len(train)), -(-len(train) // plan.batch_size)
    averaged = network.weights()
    history: list[Epoch] = []
    for number in range(epochs):
        order = rng.permutation(_epoch(train, rng))
        images = shifted(train.images[order], rng, method.largest_shift)
        labels = train.labels[order]
        losses = []
        for step in range(steps):
            done = number * steps + step
            rate = plan.learning_rate * 0.5 * (1 + cos(pi * done / (epochs * steps)))
            batch = slice(step * plan.batch_size, (step + 1) * plan.batch_size)
            losses.append(network.step(images[batch], labels[batch], rate))
            # A young average forgets faster, or the random start would weigh on it for epochs.
            decay = min(method.average_decay, (1 + done) / (10 + done))
            averaged = _moved(averaged, toward=network.weights(), by=1 - decay)
        epoch = Epoch(train_loss=float(np.mean(losses)), learning_rate=rate)
        if validation is not None:
            current = network.weights()
            network.set_weights(averaged)
            epoch = _judged(epoch, network, validation)
            network.set_weights(current)
        history.append(epoch)
        on_epoch(number, epochs, epoch)
    network.set_weights(averaged)
    return history


def _epoch(train: Films, rng: np.random.Generator) -> NDArray[np.intp]:
    """The films of one epoch: all of them, or as many drawn by weight, others each time."""
    if train.weights is None:
        return np.arange(len(train))
    return drawn_by_weight(train.weights, len(train), start=rng.random())


def _judged(epoch: Epoch, network: Network, validation: Films) -> Epoch:
    logits = network.logits(validation.images)
    return replace(
        epoch,
        validation_loss=cross_entropy(logits, validation.labels),
        validation_auc=area_under_curve(validation.labels, sigmoid(logits)).value,
    )


def _moved(weights: list[Array], *, toward: list[Array], by: float) -> list[Array]:
    """Weights a share `by` of the way to others."""
    moved: list[Array] = []
    for old, new in zip(weights, toward, strict=True):
        new -= old
        new *= np.float32(by)
        new += old
        moved.append(new)
    return moved


def cross_entropy(logits: Array, labels: Array) -> float:
    """Mean binary cross-entropy of (N,) log odds, stable for large ones."""
    z = logits.astype(np.float64)
    return float(np.mean(np.logaddexp(0, z) - labels * z))


def sigmoid(logits: NDArray[Any]) -> NDArray[np.float64]:
    """Probabilities as float64, of any shape; large log odds saturate without a warning."""
    z = np.clip(logits.astype(np.float64), -60, 60)
    probabilities: NDArray[np.float64] = 1 / (1 + np.exp(-z))
    return probabilities
