"""Which model a run scores with, verified as the endpoint verifies it."""

from collections.abc import Mapping
from typing import Protocol

from xray_assets.batch.scores import ScoringModel
from xray_assets.catalog import CHAMPION
from xray_assets.scoring.registered import RegisteredVersion, RegistryError
from xray_assets.settings import Settings


class Registered(Protocol):
    """What is asked of a registry."""

    def latest(self, model_name: str) -> RegisteredVersion | None:
        """The newest version; None when the model has none."""
        ...

    def version(self, model_name: str, version: int | str) -> RegisteredVersion:
        """One version. Raises RegistryError when it does not exist."""
        ...

    def aliases(self, model_names: list[str]) -> Mapping[str, tuple[str, int]]:
        """Which (model, version) each alias names."""
        ...


def chosen_model(
    settings: Settings, registry: Registered, *, model: str = "", version: int | None = None
) -> ScoringModel:
    """The present champion; with `model` its newest version, or the named `version` of it.

    Raises RegistryError when there is none, ArtifactError when the endpoint would not serve it.
    """
    from xray_assets.scoring.loading import load_classifier

    found = _registered(settings, registry, model, version)
    artifact = load_classifier(
        settings,
        model_name=found.model_name,
        version=str(found.version),
        expected_sha256=found.artifact_sha256,
    ).artifact
    return ScoringModel(
        model_name=found.model_name,
        model_version=found.version,
        artifact_sha256=artifact.sha256,
        threshold=artifact.threshold,
        artifact_folder=artifact.folder,
    )


def _registered(
    settings: Settings, registry: Registered, model: str, version: int | None
) -> RegisteredVersion:
    if not model and version is not None:
        raise RegistryError(f"--version {version} of which model? name it with --model")
    if not model:
        models = settings.catalog.registered_models
        champion = registry.aliases(models).get(CHAMPION)
        if champion is None:
            raise RegistryError(
                "there is no champion yet: `xray materialize` trains the models and opens the "
                "first experiment; or name a registered model with --model"
            )
        return registry.version(*champion)
    name = settings.catalog.model(model)
    if version is not None:
        return registry.version(name, version)
    if (newest := registry.latest(name)) is None:
        raise RegistryError(f"the registry has no version of {name}: train it first")
    return newest
