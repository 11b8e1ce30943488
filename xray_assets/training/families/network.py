"""What training needs of a model, whichever framework made it: one interface for every family.

What is served is one ONNX network, joined from members (`ensemble`): a `Network`, which learns in
steps, or anything else that gives log odds.
"""

from collections.abc import Iterator, Sequence
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float32]

LOGIT_NAME = "logit"
"""A member's log odds, before they are joined."""
OPSET = 18
"""Of every member's export, so that members can be joined."""

NATIVE_NAME = "native"
"""Name of the framework's own model in an MLflow run."""


class Member(Protocol):
    """A binary classifier of (N, 64, 64) float32 films in [0, 1]."""

    def logits(self, films: Array) -> Array:
        """(N,) log odds of pneumonia, as the framework itself gives them."""
        ...

    def onnx(self) -> Any:
        """onnx.ModelProto of OPSET: "films" float32 (N, 64, 64) -> "logit" float32 (N,) and
        "embedding" float32 (N, EMBEDDING_SIZE), what the last layer is given. ONNX Runtime works
        out every output, asked for or not: an embedding apart from the log odds' way costs each
        request.
        """
        ...


class Network(Member, Protocol):
    """A member that learns in steps."""

    def step(self, films: Array, labels: Array, learning_rate: float) -> float:
        """One optimizer step on a batch; returns its mean binary cross-entropy."""
        ...

    def weights(self) -> list[Array]:
        """Copies of all weights."""
        ...

    def set_weights(self, weights: Sequence[Array]) -> None:
        """Replace all weights."""
        ...

    def log_native(self, mlflow: Any, films: Array) -> str:
        """Log the framework's own model to the active MLflow run, without pickle; its URI."""
        ...

    def describe(self) -> dict[str, str | int]:
        """Framework version and number of parameters, for the run's parameters."""
        ...


def batches(films: Array, size: int = 64) -> Iterator[Array]:
    """Slices of at most `size` films: of more, memory is asked for and given back each time."""
    for start in range(0, len(films), size):
        yield films[start : start + size]
