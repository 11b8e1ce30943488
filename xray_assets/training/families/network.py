"""What training needs of a network, whichever framework made it: the two families' one interface.

A new family implements `Network` and is named in `catalog.FAMILIES`.
"""

from collections.abc import Iterator, Sequence
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float32]

NATIVE_NAME = "native"
"""Name of the framework's own model in an MLflow run."""


class Network(Protocol):
    """A trainable binary classifier of (N, 64, 64) float32 films in [0, 1]."""

    def step(self, films: Array, labels: Array, learning_rate: float) -> float:
        """One optimizer step on a batch; returns its mean binary cross-entropy."""
        ...

    def logits(self, films: Array) -> Array:
        """(N,) log odds of pneumonia, without dropout."""
        ...

    def probabilities(self, films: Array) -> Array:
        """(N,) probabilities from the framework itself: what the exported network must equal."""
        ...

    def weights(self) -> list[Array]:
        """Copies of all weights."""
        ...

    def set_weights(self, weights: Sequence[Array]) -> None:
        """Replace all weights."""
        ...

    def rescale_logits(self, scale: float, shift: float) -> None:
        """Fold a calibration into the last layer: logits become scale * logits + shift."""
        ...

    def onnx(self) -> tuple[Any, int]:
        """(onnx.ModelProto, opset): "films" float32 (N, 64, 64) -> "probability" float32 (N,) and
        "embedding" float32 (N, EMBEDDING_SIZE), what the last layer is given. ONNX Runtime works
        out every output, asked for or not: an embedding apart from the probability's way costs
        each request.
        """
        ...

    def log_native(self, mlflow: Any, films: Array) -> str:
        """Log the framework's own model to the active MLflow run, without pickle; its URI."""
        ...

    def describe(self) -> dict[str, str | int]:
        """Framework version and number of parameters, for the run's parameters."""
        ...


def batches(films: Array, size: int = 256) -> Iterator[Array]:
    """Slices of at most `size` films, so that scoring needs little memory."""
    for start in range(0, len(films), size):
        yield films[start : start + size]
