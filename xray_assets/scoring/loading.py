"""From a registered model version to a classifier that is verified, loaded and warm. Which versions
to serve is not decided here.

The artifact comes from the content-addressed cache; what is not there, a subprocess fetches from
the registry (`python -m xray_assets.scoring.registry fetch MODEL VERSION`), so that MLflow is never
loaded into the serving process.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np

from xray_assets.imaging.preprocess import MODEL_SIDE, PREPROCESSING_VERSION
from xray_assets.scoring.artifact import ArtifactError, ServingArtifact
from xray_assets.scoring.onnx_scan import refuse_unsafe
from xray_assets.scoring.session import OnnxClassifier
from xray_assets.settings import Settings

FETCH_SECONDS = 120.0
_WARM_UP_RUNS = 5


def load_classifier(
    settings: Settings, *, model_name: str, version: str, expected_sha256: str | None
) -> OnnxClassifier:
    """A verified, warm classifier; raises ArtifactError that says what is wrong with the artifact.

    Verified: the digest of the registry (or of the config), the size, the ONNX file's own claims
    (opset, no other files, no control flow), the preprocessing version, and the signature.
    """
    artifact = _resolve(settings, model_name, version, expected_sha256)
    if artifact.preprocessing_version != PREPROCESSING_VERSION:
        raise ArtifactError(
            f"{model_name} version {version} was trained with preprocessing "
            f"{artifact.preprocessing_version!r}; "
            f"this server has {PREPROCESSING_VERSION!r}: train it again"
        )
    refuse_unsafe(artifact.onnx_path.read_bytes())
    classifier = OnnxClassifier(artifact)
    _warm_up(classifier)
    return classifier


def _resolve(
    settings: Settings, model_name: str, version: str, expected: str | None
) -> ServingArtifact:
    if expected and (folder := settings.artifact_cache / expected).is_dir():
        try:
            return ServingArtifact.load(folder, expected_sha256=expected)
        except ArtifactError as damaged:
            # The registry may still have the true one; if it does not, the damage is what to
            # report.
            try:
                return _fetch(settings, model_name, version, expected)
            except ArtifactError:
                raise damaged from None
    return _fetch(settings, model_name, version, expected)


def _fetch(
    settings: Settings, model_name: str, version: str, expected: str | None
) -> ServingArtifact:
    database = settings.mlflow_uri.removeprefix("sqlite:///")
    if database != settings.mlflow_uri and not Path(database).exists():
        raise ArtifactError(
            f"{model_name} version {version} cannot be fetched: there is no registry yet; "
            "train a model first"
        )
    command = [sys.executable, "-m", "xray_assets.scoring.registry", "fetch", model_name, version]
    environment = {
        **os.environ,
        "XRAY_STATE": str(settings.state),
        "XRAY_ENVIRONMENT": settings.environment,
        "XRAY_DEPLOYMENT": settings.deployment,
    }
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=FETCH_SECONDS, env=environment
        )
    except subprocess.TimeoutExpired:
        raise ArtifactError(
            f"the registry did not give {model_name} version {version} in {FETCH_SECONDS:.0f} s"
        ) from None
    if done.returncode != 0:
        lines = done.stderr.strip().splitlines() or [f"exit code {done.returncode}"]
        raise ArtifactError(f"{model_name} version {version} cannot be fetched: {lines[-1][:500]}")
    try:
        answer = json.loads(done.stdout.strip().splitlines()[-1])
        folder, registered = Path(answer["folder"]), str(answer["sha256"])
    except (ValueError, KeyError, IndexError, TypeError) as error:
        raise ArtifactError(
            f"the registry's answer for {model_name} version {version} is not understood"
        ) from error
    if expected and registered != expected:
        raise ArtifactError(
            f"{model_name} version {version} is artifact {registered[:12]} in the registry, "
            f"{expected[:12]} in the config"
        )
    return ServingArtifact.load(folder, expected_sha256=registered)


def _warm_up(classifier: OnnxClassifier) -> None:
    """Touch what the first requests would: the same film alone and in a batch must score alike."""
    film = np.linspace(0, 1, MODEL_SIDE * MODEL_SIDE, dtype=np.float32).reshape(
        1, MODEL_SIDE, MODEL_SIDE
    )
    for _ in range(_WARM_UP_RUNS):
        alone = classifier.probabilities(film)
    together = classifier.probabilities(np.repeat(film, 3, axis=0))
    if together.shape != (3,) or not np.allclose(together, alone, atol=1e-5):
        raise ArtifactError("the network scores a film otherwise in a batch than alone")
