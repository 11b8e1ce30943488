"""Scores logged films with the models that did not serve them, off the request path."""

from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

import dagster as dg

from xray_assets.resources.inference_log import InferenceLog
from xray_assets.resources.registry import Registry
from xray_assets.rollout.candidates import Candidate

if TYPE_CHECKING:
    from xray_assets.scoring.session import OnnxClassifier


class ShadowScorer(dg.ConfigurableResource):
    """Fetches frozen artifacts by digest and scores stored films with them."""

    registry: dg.ResourceDependency[Registry]
    inference_log: dg.ResourceDependency[InferenceLog]
    artifact_cache: str
    threads: int = 2

    def scores(
        self, candidates: Iterable[Candidate], wanted: Mapping[str, Sequence[str]]
    ) -> dict[tuple[str, str], float]:
        """Probability by (pixel digest, artifact digest) for every wanted film that could be
        scored.

        candidates: the frozen models, among them every one that `wanted` names. wanted: artifact
        digest -> pixel digests. A film that is no longer stored, or no longer
        decodes, has no entry: missing data, never a guess. Raises ArtifactError when an artifact is
        not the frozen one.
        """
        by_digest = {candidate.artifact_sha256: candidate for candidate in candidates}
        found: dict[tuple[str, str], float] = {}
        with ThreadPoolExecutor(self.threads) as pool:
            for sha256, digests in wanted.items():
                if digests:
                    found |= self._score(by_digest[sha256], digests, pool)
        return found

    def _score(
        self, candidate: Candidate, digests: Sequence[str], pool: ThreadPoolExecutor
    ) -> dict[tuple[str, str], float]:
        from xray_assets.scoring.shadow import shadow_scores

        artifact = candidate.artifact_sha256
        classifier = self.classifier(candidate.model, candidate.version, artifact)
        scores = shadow_scores(classifier, digests, self.inference_log.image, pool)
        return {(digest, artifact): score for digest, score in scores}

    def classifier(self, model: str, version: int, artifact_sha256: str) -> "OnnxClassifier":
        """The frozen artifact, from the cache that the endpoint fills, else from the registry.

        Raises ArtifactError when it is another one, RegistryError when there is no such version.
        """
        from xray_assets.scoring.artifact import ServingArtifact
        from xray_assets.scoring.session import OnnxClassifier

        cached = Path(self.artifact_cache) / artifact_sha256
        folder = cached if cached.exists() else self.registry.fetch(model, version).folder
        artifact = ServingArtifact.load(folder, expected_sha256=artifact_sha256)
        return OnnxClassifier(artifact, threads=self.threads)
