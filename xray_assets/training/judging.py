"""From a fitted classifier to its serving artifact and the gates' answers.

Calibration and threshold come from out-of-fold scores; the figures and gates from the test films,
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
from xray_assets.training.families.ensemble import Ensemble
from xray_assets.training.families.network import OPSET, Array, Member, batches
from xray_assets.training.films import FilmSplits
from xray_assets.training.gates import Gate, gates
from xray_assets.training.request import TrainingRequest


@dataclass(frozen=True, eq=False)
class Judgement:
    """A classifier, its serving artifact, and how it did; test_probabilities: (N,) float32."""

    members: tuple[Member, ...]
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
    ensemble: Ensemble,
    out_of_fold: Array,
    splits: FilmSplits,
    request: TrainingRequest,
    folder: Path,
) -> Judgement:
    """Calibrate the classifier, export it below `folder`, and judge what was exported.

    `out_of_fold`: (N,) log odds of the films that it learned from. Parity is the largest difference
    of probability between members and export over all films. Raises ArtifactError when the export
    cannot be loaded.
    """
    learned, test = splits.learned, splits.test
    drawn = learned.drawn()
    logits, labels = out_of_fold[drawn], learned.labels[drawn]
    calibration = calibrated(logits, labels)
    ensemble = ensemble.calibrated(calibration)
    artifact = ServingArtifact.write(
        folder / "serving",
        onnx=ensemble.onnx(),
        threshold=operating_threshold(labels, calibration.applied(logits)),
        preprocessing_version=PREPROCESSING_VERSION,
        family=request.family,
        opset=OPSET,
        embedding=True,
    )
    served = OnnxClassifier(artifact, threads=request.plan.training_threads)
    films = np.concatenate([learned.images, test.images])
    probabilities = np.concatenate([served.probabilities(part) for part in batches(films)])
    parity = float(np.max(np.abs(probabilities - ensemble.probabilities(films))))
    on_test = probabilities[len(learned) :]
    evaluation = evaluate(test.labels, on_test, artifact.threshold)
    return Judgement(
        members=ensemble.members,
        artifact=artifact,
        calibration=calibration,
        parity=parity,
        evaluation=evaluation,
        gates=gates(evaluation, parity, request.plan),
        test_probabilities=on_test,
    )
