"""From a fitted network to its serving artifact and the gates' answers.

Calibration and threshold come from the validation films; the figures and gates from the test films,
scored by the exported network, because that is what will be served.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from xray_assets.imaging.preprocess import PREPROCESSING_VERSION
from xray_assets.scoring.artifact import ServingArtifact
from xray_assets.scoring.session import OnnxClassifier
from xray_assets.training.evaluation import (
    Evaluation,
    LogitCalibration,
    calibrated,
    evaluate,
    operating_threshold,
)
from xray_assets.training.families.canonical_onnx import canonical
from xray_assets.training.families.network import Network
from xray_assets.training.films import FilmSplits
from xray_assets.training.gates import Gate, gates
from xray_assets.training.request import TrainingRequest


@dataclass(frozen=True, eq=False)
class Judgement:
    """A network's serving artifact and how it did; test_probabilities: (N,) float32."""

    artifact: ServingArtifact
    calibration: LogitCalibration
    parity: float
    evaluation: Evaluation
    gates: list[Gate]
    test_probabilities: NDArray[np.float32]

    @property
    def passed(self) -> bool:
        """Whether every gate is."""
        return all(gate.passed for gate in self.gates)


def judged(
    network: Network, splits: FilmSplits, request: TrainingRequest, folder: Path
) -> Judgement:
    """Calibrate the network, export it below `folder`, and judge what was exported.

    Parity is the largest difference of probability between framework and export over all films of
    the validation and test splits. Raises ArtifactError when the export cannot be loaded.
    """
    validation, test = splits.validation, splits.test
    logits = network.logits(validation.images)
    calibration = calibrated(logits, validation.labels)
    network.rescale_logits(calibration.scale, calibration.shift)
    exported, opset = network.onnx()
    artifact = ServingArtifact.write(
        folder / "serving",
        onnx=canonical(exported),
        threshold=operating_threshold(validation.labels, calibration.applied(logits)),
        preprocessing_version=PREPROCESSING_VERSION,
        family=request.family,
        opset=opset,
        embedding=True,
    )
    served = OnnxClassifier(artifact, threads=request.plan.training_threads)
    films = np.concatenate([validation.images, test.images])
    probabilities = served.probabilities(films)
    parity = float(np.max(np.abs(probabilities - network.probabilities(films))))
    on_test = probabilities[len(validation) :]
    evaluation = evaluate(test.labels, on_test, artifact.threshold)
    return Judgement(
        artifact=artifact,
        calibration=calibration,
        parity=parity,
        evaluation=evaluation,
        gates=gates(evaluation, parity, request.plan),
        test_probabilities=on_test,
    )
