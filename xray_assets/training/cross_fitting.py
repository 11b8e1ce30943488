"""A classifier of every film that is learned from, and what it makes of films it never saw.

Calibration and threshold need scores of unseen films, and nine tenths of the films are too good to
be spent on nothing else: so classifiers of patient folds score the films that they did not see
(out-of-fold scores; Stone 1974), and the classifier that is kept learns from all of them.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from xray_assets.settings.training_plan import TrainingPlan
from xray_assets.training.families import build, filterbank
from xray_assets.training.families.ensemble import Ensemble
from xray_assets.training.families.network import Array, Network
from xray_assets.training.films import Films, FilmsError
from xray_assets.training.fitting import METHOD, Epoch, Method, cross_entropy, fit

FOLDS = 3

OnEpoch = Callable[[str, int, int, Epoch], None]
"""Called with what is fitted, epoch, epochs, figures."""


@dataclass(frozen=True, eq=False)
class OutOfFold:
    """(N,) log odds of each film, by a classifier that saw no film of its patient; how the first
    fold's network came to them; and their cross-entropy.
    """

    logits: Array
    curve: list[Epoch]
    loss: float


def folds(films: Films, *, count: int = FOLDS, seed: int) -> NDArray[np.intp]:
    """(N,) the fold of each film, from 0: all films of a patient in one, the classes spread evenly.

    Drawn by hash, so that equal films and seeds give equal folds. Raises FilmsError when a class
    has too few patients to be left out of a fold.
    """
    sick = set(films.patients[films.labels == 1])
    ranked = sorted(set(films.patients), key=lambda patient: _rank(patient, seed))
    place: dict[object, int] = {}
    for group in ([p for p in ranked if p in sick], [p for p in ranked if p not in sick]):
        if len(group) < 2:
            raise FilmsError(
                "films of at least two patients of each class are needed to learn from, there are "
                f"{len(group)} of one class: ingest more images"
            )
        place |= {patient: number % count for number, patient in enumerate(group)}
    return np.array([place[patient] for patient in films.patients])


def cross_fitted(
    family: str, films: Films, plan: TrainingPlan, *, method: Method = METHOD, on_epoch: OnEpoch
) -> OutOfFold:
    """Out-of-fold log odds of all films, from one classifier of the family a fold."""
    fold, logits = folds(films, seed=plan.seed), np.empty(len(films), np.float32)
    curves: list[list[Epoch]] = []
    for number in np.unique(fold):
        unseen = films.where(fold == number)
        made, curve = fitted(
            family,
            films.where(fold != number),
            plan,
            unseen=None if curves else unseen,  # looking at it costs a sixth of a training
            method=method,
            on_epoch=lambda *epoch, name=f"fold {number + 1}": on_epoch(name, *epoch),
        )
        logits[fold == number] = made.logits(unseen.images)
        curves.append(curve)
    drawn = films.drawn()
    return OutOfFold(logits, curves[0], cross_entropy(logits[drawn], films.labels[drawn]))


def fitted(
    family: str,
    films: Films,
    plan: TrainingPlan,
    *,
    unseen: Films | None = None,
    method: Method = METHOD,
    on_epoch: Callable[[int, int, Epoch], None],
) -> tuple[Ensemble, list[Epoch]]:
    """The family's network and the filter bank, both learned from the films; and its epochs."""
    network: Network = build(family, seed=plan.seed, threads=plan.training_threads)
    curve = fit(network, films, plan, validation=unseen, method=method, on_epoch=on_epoch)
    return Ensemble((network, filterbank.fitted(films))), curve


def _rank(patient: object, seed: int) -> str:
    return hashlib.sha256(f"{seed}:{patient}".encode()).hexdigest()
