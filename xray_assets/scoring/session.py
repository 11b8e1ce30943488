"""Scores films with a serving artifact under ONNX Runtime."""

import numpy as np
import onnxruntime

from xray_assets.scoring.artifact import (
    INPUT_NAME,
    OUTPUT_NAME,
    ArtifactError,
    ServingArtifact,
)


class OnnxClassifier:
    """A loaded serving artifact. Safe to call from several threads."""

    def __init__(self, artifact: ServingArtifact, *, threads: int = 1) -> None:
        """Load the network; raises ArtifactError when it is no ONNX file of our signature."""
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        options.log_severity_level = 3
        try:
            self._session = onnxruntime.InferenceSession(
                artifact.onnx_path.read_bytes(), options, providers=["CPUExecutionProvider"]
            )
        except Exception as error:  # onnxruntime raises a dozen unrelated types for a bad file
            raise ArtifactError(f"{artifact.folder.name} cannot be loaded: {error}") from error
        self.artifact = artifact
        self._check_signature()

    def probabilities(self, films: np.ndarray) -> np.ndarray:
        """Probability of pneumonia for each film: (N, 64, 64) float32 in [0, 1] -> (N,) float32."""
        return np.asarray(self._session.run([OUTPUT_NAME], {INPUT_NAME: films})[0])

    def embeddings(self, films: np.ndarray) -> tuple[np.ndarray, np.ndarray | None]:
        """Probabilities (N,) and what the network saw before its last layer: (N, EMBEDDING_SIZE)
        float32, or None where the artifact's format has none.
        """
        wanted = list(self.artifact.outputs)
        probabilities, *embedding = self._session.run(wanted, {INPUT_NAME: films})
        return np.asarray(probabilities), np.asarray(embedding[0]) if embedding else None

    def _check_signature(self) -> None:
        inputs = [
            (node.name, node.type, list(node.shape[1:])) for node in self._session.get_inputs()
        ]
        outputs = {
            node.name: (node.type, list(node.shape[1:])) for node in self._session.get_outputs()
        }
        wanted = (
            [(INPUT_NAME, "tensor(float)", [64, 64])],
            {name: ("tensor(float)", sizes) for name, sizes in self.artifact.outputs.items()},
        )
        if (inputs, outputs) != wanted:
            raise ArtifactError(
                f"{self.artifact.folder.name} has signature {inputs} -> {outputs}, expected "
                f"{wanted}"
            )
        probe = self.probabilities(np.zeros((2, 64, 64), np.float32))
        if probe.shape != (2,) or not np.all((probe >= 0) & (probe <= 1)):
            raise ArtifactError(
                f"{self.artifact.folder.name} does not answer with probabilities: {probe!r}"
            )
