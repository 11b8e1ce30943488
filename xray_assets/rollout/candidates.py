"""Candidates of an experiment: registered versions, and which of them is champion."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from xray_assets.catalog import served_name
from xray_assets.errors import XrayError

if TYPE_CHECKING:  # Dagster comes with it
    from xray_assets.resources.registry import Registry


class NothingRegistered(XrayError):
    """No model can serve yet; the message says what to do."""


@dataclass(frozen=True)
class Candidate:
    """One frozen model of an experiment."""

    model: str
    version: int
    artifact_sha256: str
    threshold: float

    @property
    def served_name(self) -> str:
        """Served-entity name."""
        return served_name(self.model, self.version)


def verified_candidate(registry: "Registry", model: str, version: int) -> Candidate:
    """A registered version as a candidate. Its artifact is fetched and verified: what an experiment
    freezes is what was seen, and the local endpoint finds it in the cache.
    """
    artifact = registry.fetch(model, version)
    return Candidate(model, version, artifact.sha256, artifact.threshold)


def latest_candidate(registry: "Registry", model: str) -> Candidate | None:
    """The newest version of a model; None when it has none."""
    found = registry.latest(model)
    return verified_candidate(registry, model, found.version) if found else None


def sole_champion(registry: "Registry", model_names: Sequence[str]) -> Candidate:
    """The model that serves while there is no experiment; the first of the names that has one.
    Raises NothingRegistered.
    """
    for name in model_names:
        if champion := latest_candidate(registry, name):
            return champion
    raise NothingRegistered("no registered model: materialize the classifiers first")


def present_champion(
    winner: Candidate | None, registry: "Registry", model_names: Sequence[str]
) -> Candidate:
    """Who is champion now: the last experiment's winner. Raises as `sole_champion`."""
    return winner or sole_champion(registry, model_names)
