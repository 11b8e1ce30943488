"""Loads the models of a config and keeps those in use, so that a ramp step loads nothing again."""

import asyncio
import dataclasses
from collections.abc import Iterable

from xray_assets.scoring.artifact import ArtifactError
from xray_assets.scoring.loading import load_classifier
from xray_assets.scoring.session import OnnxClassifier
from xray_assets.serving.control.config_document import ConfiguredEntity, EndpointConfig
from xray_assets.serving.hot_path.live_endpoint import LiveEndpoint
from xray_assets.serving.hot_path.served_model import ServedModel
from xray_assets.settings import Settings


class LoadedModels:
    """The classifiers in memory, by artifact digest."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._classifiers: dict[str, OnnxClassifier] = {}

    async def endpoint(self, name: str, config: EndpointConfig) -> LiveEndpoint:
        """The config with its models verified, loaded and warm; its digests are pinned.

        Raises ArtifactError, and nothing else, when a model cannot be served.
        """
        models = []
        try:
            for entity in config.entities:
                classifier = await self._classifier(entity)
                pinned = dataclasses.replace(entity, artifact_sha256=classifier.artifact.sha256)
                models.append(await asyncio.to_thread(ServedModel, pinned, classifier))
        except ArtifactError:
            raise
        except Exception as error:  # whatever a damaged artifact raises, the old config must go on
            raise ArtifactError(f"a model cannot be loaded: {type(error).__name__}") from error
        config = dataclasses.replace(config, entities=tuple(model.entity for model in models))
        deadline = self._settings.challenger_deadline_ms / 1000
        return LiveEndpoint(name, config, models, deadline_seconds=deadline)

    def keep_only(self, endpoints: Iterable[LiveEndpoint]) -> None:
        """Let go of the classifiers that none of these endpoints uses."""
        used = {model.artifact_sha256 for endpoint in endpoints for model in endpoint.models}
        for digest in self._classifiers.keys() - used:
            del self._classifiers[digest]

    async def _classifier(self, entity: ConfiguredEntity) -> OnnxClassifier:
        known = self._classifiers.get(entity.artifact_sha256 or "")
        if known is None:
            known = await asyncio.to_thread(
                load_classifier,
                self._settings,
                model_name=entity.model_name,
                version=entity.model_version,
                expected_sha256=entity.artifact_sha256,
            )
            self._classifiers[known.artifact.sha256] = known
        return known
