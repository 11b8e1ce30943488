"""Registered versions: who they are, what they measured, which alias names them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from xray_assets.catalog import served_name
from xray_assets.scoring.registered import RUN_TAG, RegisteredVersion
from xray_assets.scoring.registry import ModelRegistry

if TYPE_CHECKING:  # Dagster comes with it
    from xray_assets.resources.registry import Registry

FIGURES = ("test_accuracy", "test_sensitivity", "test_specificity", "test_auc")
"""Of the test split, as training names them."""


@dataclass(frozen=True)
class Model:
    """A version with its aliases; `figures` are the training's own, on its test split."""

    version: RegisteredVersion
    aliases: tuple[str, ...]
    figures: Mapping[str, float] = field(default_factory=dict)

    @property
    def served_name(self) -> str:
        """As the endpoint names it."""
        return served_name(self.version.model_name, self.version.version)

    @property
    def run_path(self) -> str | None:
        """Of its training in MLflow's pages."""
        return self.version.tags.get(RUN_TAG)


def models(registry: "ModelRegistry | Registry", names: Sequence[str]) -> list[Model]:
    """Every version of the named models, newest first; without figures."""
    held: dict[tuple[str, int], list[str]] = {}
    for alias, version in registry.aliases(list(names)).items():
        held.setdefault(version, []).append(alias)
    found = [version for name in names for version in registry.versions(name)]
    found.sort(key=lambda one: (one.created_at is not None, one.created_at), reverse=True)
    return [Model(one, tuple(sorted(held.get((one.model_name, one.version), ())))) for one in found]


def with_figures(registry: "ModelRegistry | Registry", shown: Sequence[Model]) -> list[Model]:
    """The same models with what their trainings measured: a question to MLflow each."""
    return [
        replace(one, figures=registry.figures(one.version.run_id)) if one.version.run_id else one
        for one in shown
    ]
