"""The families that are searched: what may be chosen of each, how choices become a classifier."""

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from xray_assets.catalog import SEARCHED
from xray_assets.settings.training_plan import TrainingPlan
from xray_assets.training.families import filterbank
from xray_assets.training.families.filterbank import BankPlan
from xray_assets.training.families.network import Member
from xray_assets.training.films import Films
from xray_assets.training.fitting import Epoch, Method, fit
from xray_assets.training.search.space import Between, Choices, Space

OnEpoch = Callable[[int, int, Epoch], None]

LONGEST = 16
"""Epochs of a try that is not stopped, and of every network that is kept."""
_NETWORK: Space = {
    "learning_rate": Between(5e-4, 5e-3, log=True),
    "batch_size": (16, 32, 64),
    "dropout": Between(0.2, 0.6),
    "width": (0.5, 0.75, 1.0, 1.25, 1.5),
    "largest_shift": Between(0, 5, whole=True),
    "weight_decay": Between(1e-5, 1e-1, log=True),
    "average_decay": (0.95, 0.98, 0.99),
}


@dataclass(frozen=True)
class Fitted:
    """A fitted member and how many numbers it learned."""

    member: Member
    parameters: int


@dataclass(frozen=True)
class SearchedFamily:
    """`fit(choices, films, unseen, seed, on_epoch)`: unseen films are only looked at."""

    space: Space
    fit: Callable[[Choices, Films, Films | None, int, OnEpoch], Fitted]


def _network(module: str, name: str) -> SearchedFamily:
    def fitted(
        choices: Choices, films: Films, unseen: Films | None, seed: int, on_epoch: OnEpoch
    ) -> Fitted:
        from xray_assets.training.families.torch_classifier import Shape

        made: Any = getattr(import_module(f"xray_assets.training.families.{module}"), name)
        shape = Shape(choices["width"], choices["dropout"], choices["weight_decay"])
        network = made(seed=seed, threads=1, shape=shape)
        plan = TrainingPlan(
            seed=seed,
            epochs=LONGEST,
            batch_size=choices["batch_size"],
            learning_rate=choices["learning_rate"],
        )
        method = Method(choices["average_decay"], largest_shift=choices["largest_shift"])
        fit(network, films, plan, validation=unseen, method=method, on_epoch=on_epoch)
        return Fitted(network, int(network.describe()["parameters"]))

    return SearchedFamily(_NETWORK, fitted)


def _bank(
    choices: Choices, films: Films, unseen: Films | None, seed: int, on_epoch: OnEpoch
) -> Fitted:
    cells = {"fine": (4,), "coarse": (8,), "both": (4, 8)}[choices["cells"]]
    plan = BankPlan(choices["orientations"], cells, choices["floor"], choices["penalty"])
    made = filterbank.fitted(films, plan)
    return Fitted(made, made.parameters)


FAMILIES: dict[str, SearchedFamily] = dict(
    zip(
        SEARCHED,
        (
            _network("torch_classifier", "TorchNetwork"),
            _network("residual", "ResidualNetwork"),
            SearchedFamily(
                {
                    "orientations": (6, 9, 12),
                    "cells": ("fine", "coarse", "both"),
                    "floor": Between(0.02, 0.5, log=True),
                    "penalty": Between(10, 1000, log=True),
                },
                _bank,
            ),
        ),
        strict=True,
    )
)
"""Every searched family by its name in `catalog.SEARCHED`."""
