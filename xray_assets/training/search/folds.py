"""Choices of a family, judged on films that they did not learn from: one fold for a try, all folds
for a finalist. Given films to learn from; test films cannot be reached from here.
"""

import numpy as np

from xray_assets.training.cross_fitting import folds
from xray_assets.training.families.network import Array
from xray_assets.training.films import Films
from xray_assets.training.fitting import Epoch, cross_entropy
from xray_assets.training.search.choosing import Finalist, loss_and_error
from xray_assets.training.search.families import FAMILIES
from xray_assets.training.search.space import Choices, Report


class FirstFold:
    """The objective of a family: the loss on the first fold of what learned from the others."""

    def __init__(self, family: str, films: Films, *, seed: int) -> None:
        self._family, self._seed = FAMILIES[family], seed
        first = folds(films, seed=seed) == 0
        self._learned, self._unseen = films.where(~first), films.where(first)

    def __call__(self, choices: Choices, report: Report) -> float:
        """Mean cross-entropy; raises what `report` raises."""

        def on_epoch(number: int, epochs: int, epoch: Epoch) -> None:
            if number + 1 < epochs:  # nothing is saved by stopping after the last one
                report(number + 1, epoch.validation_loss)

        made = self._family.fit(choices, self._learned, self._unseen, self._seed, on_epoch)
        return cross_entropy(made.member.logits(self._unseen.images), self._unseen.labels)


def cross_validated(family: str, choices: Choices, films: Films, *, seed: int) -> Finalist:
    """Out-of-fold log odds of all films, and their loss."""
    fold, logits = folds(films, seed=seed), np.empty(len(films), np.float32)
    parameters = 0
    for number in np.unique(fold):
        unseen = films.where(fold == number)
        made = FAMILIES[family].fit(
            choices, films.where(fold != number), None, seed, lambda *_: None
        )
        logits[fold == number] = made.member.logits(unseen.images)
        parameters = made.parameters
    return finalist(family, choices, parameters, logits, films, seed=seed)


def finalist(
    family: str, choices: Choices, parameters: int, logits: Array, films: Films, *, seed: int
) -> Finalist:
    """With the loss of its out-of-fold log odds."""
    loss, error = loss_and_error(logits, films.labels, films.patients)
    return Finalist(family, choices, parameters, logits, loss, error, seed)
