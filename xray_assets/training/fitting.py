"""The training loop, the same for every family: batches, learning rate, averaging, early stopping.

Looks at the train and validation films only. No framework and no MLflow here.
"""

from collections.abc import Callable
from dataclasses import dataclass
from math import cos, pi
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

    The judged weights are a moving average of the trained ones. `patience` counts epochs without a
    lower validation loss. `least_steps` gives a handful of films more epochs than asked for.
    """

    average_decay: float = 0.98
    patience: int = 6
    least_steps: int = 120
    largest_shift: int = 3

    def epochs(self, plan: TrainingPlan, films: int) -> int:
        """Epochs for so many films: those asked for, or as many as give `least_steps`."""
        steps = -(-films // plan.batch_size)
        return max(plan.epochs, min(-(-self.least_steps // steps), 4 * plan.epochs))


METHOD = Method()


@dataclass(frozen=True)
class Epoch:
    """One epoch as the validation films saw it."""

    train_loss: float
    validation_loss: float
    validation_auc: float
    learning_rate: float


@dataclass(frozen=True)
class History:
    """All epochs; the network was left with the weights of epoch `best` (from 0)."""

    epochs: tuple[Epoch, ...]
    best: int

    @property
    def lowest(self) -> float:
        """Validation loss of the best epoch."""
        return self.epochs[self.best].validation_loss


def fit(
    network: Network,
    train: Films,
    validation: Films,
    plan: TrainingPlan,
    *,
    method: Method = METHOD,
    on_epoch: Callable[[int, int, Epoch], None] = lambda number, epochs, epoch: None,
) -> History:
    """Train and leave the network with its best averaged weights by validation loss."""
    rng = np.random.default_rng(plan.seed)
    epochs, steps = method.epochs(plan, len(train)), -(-len(train) // plan.batch_size)
    averaged = network.weights()
    best_weights, best, lowest = averaged, 0, np.inf
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
        current = network.weights()
        network.set_weights(averaged)
        epoch = _judged(network, validation, float(np.mean(losses)), rate)
        history.append(epoch)
        on_epoch(number, epochs, epoch)
        if epoch.validation_loss < lowest:
            best_weights, best, lowest = averaged, number, epoch.validation_loss
        elif number - best >= method.patience:
            break
        network.set_weights(current)
    network.set_weights(best_weights)
    return History(tuple(history), best)


def _epoch(train: Films, rng: np.random.Generator) -> NDArray[np.intp]:
    """The films of one epoch: all of them, or as many drawn by weight, others each time."""
    if train.weights is None:
        return np.arange(len(train))
    return drawn_by_weight(train.weights, len(train), start=rng.random())


def _judged(network: Network, validation: Films, train_loss: float, rate: float) -> Epoch:
    logits = network.logits(validation.images)
    return Epoch(
        train_loss=train_loss,
        validation_loss=cross_entropy(logits, validation.labels),
        validation_auc=area_under_curve(validation.labels, sigmoid(logits)).value,
        learning_rate=rate,
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
