"""The PyTorch family: its network and its optimizer step.

Films are standardized one by one inside the network, so exposure and contrast cannot matter.
Channels-last tensors and the rectifier after the pool (the same function) halve the CPU time.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.nn import functional
from torch.utils import deterministic
from typing_extensions import override

from xray_assets.catalog import EMBEDDING_SIZE
from xray_assets.imaging.preprocess import MODEL_SIDE
from xray_assets.scoring.artifact import EMBEDDING_NAME, INPUT_NAME
from xray_assets.training.families.network import (
    LOGIT_NAME,
    NATIVE_NAME,
    OPSET,
    Array,
    Network,
    batches,
)

logging.getLogger("torch.onnx._internal.exporter._registration").setLevel(logging.ERROR)


@dataclass(frozen=True)
class Shape:
    """What may be chosen of a network: times the usual channels; dropout; decay of its weights."""

    width: float = 1.0
    dropout: float = 0.5
    weight_decay: float = 0.0

    def channels(self, usual: int) -> int:
        """A multiple of 8, which the CPU likes."""
        return max(8, round(usual * self.width / 8) * 8)


class PneumoniaNet(nn.Module):
    """(N, 64, 64) films -> (N,) log odds; 0.17 M parameters as it is."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.dense = nn.Linear(self.build(shape) * (MODEL_SIDE // 16) ** 2, EMBEDDING_SIZE)
        self.dropout = nn.Dropout(shape.dropout)
        self.last = nn.Linear(EMBEDDING_SIZE, 1)

    def build(self, shape: Shape) -> int:
        """Make the convolutions; how many channels they end with."""
        one, two, three = shape.channels(32), shape.channels(64), shape.channels(96)
        self.first = nn.Conv2d(1, one, 6, stride=2, padding=2)
        self.second = nn.Conv2d(one, two, 3, padding=1)
        self.third = nn.Conv2d(two, three, 3, padding=1)
        return three

    def maps(self, x: torch.Tensor) -> torch.Tensor:
        """Standardized films (N, 1, 64, 64) -> (N, channels, 4, 4)."""
        x = functional.relu(functional.max_pool2d(self.first(x), 2))
        x = functional.relu(functional.max_pool2d(self.second(x), 2))
        return functional.relu(functional.max_pool2d(self.third(x), 2))

    def forward(self, films: torch.Tensor) -> torch.Tensor:
        """Log odds."""
        return self.odds(self.embedding(films))

    def odds(self, embedding: torch.Tensor) -> torch.Tensor:
        """Log odds, (N,), of embeddings."""
        return self.last(self.dropout(embedding)).squeeze(1)

    def embedding(self, films: torch.Tensor) -> torch.Tensor:
        """What the last layer is given, (N, EMBEDDING_SIZE)."""
        # Rows first, then columns: summing 4,096 numbers one by one rounds differently in each
        # runtime, and the network adds the difference up over every pixel (3e-5 of probability).
        mean = films.mean(2, keepdim=True).mean(1, keepdim=True)
        spread = ((films - mean) ** 2).mean(2, keepdim=True).mean(1, keepdim=True)
        x = ((films - mean) / (spread + 1e-4).sqrt()).unsqueeze(1)
        x = x.contiguous(memory_format=torch.channels_last)
        return functional.relu(self.dense(self.maps(x).flatten(1)))


class Probability(nn.Module):
    """(N, 64, 64) films -> (N,) probabilities: what is logged."""

    def __init__(self, network: PneumoniaNet) -> None:
        super().__init__()
        self.network = network

    def forward(self, films: torch.Tensor) -> torch.Tensor:
        """Probabilities."""
        return torch.sigmoid(self.network(films))


class Exported(nn.Module):
    """(N, 64, 64) films -> (N,) log odds and (N, EMBEDDING_SIZE): what is exported."""

    def __init__(self, network: PneumoniaNet) -> None:
        super().__init__()
        self.network = network

    def forward(self, films: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Log odds and embeddings."""
        embedding = self.network.embedding(films)
        return self.network.odds(embedding), embedding


class TorchNetwork(Network):
    """The family's `Network`."""

    net = PneumoniaNet

    def __init__(self, *, seed: int, threads: int, shape: Shape = Shape()) -> None:
        torch.manual_seed(seed)
        torch.set_num_threads(threads)
        torch.use_deterministic_algorithms(True)
        # The next is an aid for debugging, and 10 % slower.
        deterministic.fill_uninitialized_memory = False  # pyright: ignore
        self._net = self.net(shape)
        self._net.to(memory_format=torch.channels_last)  # pyright: ignore[reportCallIssue]
        self._optimizer = torch.optim.AdamW(
            self._net.parameters(), weight_decay=shape.weight_decay, fused=True
        )
        self._served = Probability(self._net)

    @override
    def step(self, films: Array, labels: Array, learning_rate: float) -> float:
        self._net.train()
        self._optimizer.param_groups[0]["lr"] = learning_rate
        self._optimizer.zero_grad()
        logits = self._net(torch.from_numpy(films))
        loss = functional.binary_cross_entropy_with_logits(logits, torch.from_numpy(labels))
        loss.backward()
        self._optimizer.step()
        return loss.item()

    @override
    def logits(self, films: Array) -> Array:
        self._net.eval()
        with torch.inference_mode():
            parts = [self._net(torch.from_numpy(part)).numpy() for part in batches(films)]
        return np.concatenate(parts)

    @override
    def weights(self) -> list[Array]:
        return [weight.detach().numpy().copy() for weight in self._net.parameters()]

    @override
    def set_weights(self, weights: Sequence[Array]) -> None:
        with torch.no_grad():
            for held, new in zip(self._net.parameters(), weights, strict=True):
                held.copy_(torch.from_numpy(new))

    @override
    def onnx(self) -> Any:
        program = torch.onnx.export(
            self._exported(),
            input_names=[INPUT_NAME],
            output_names=[LOGIT_NAME, EMBEDDING_NAME],
            opset_version=OPSET,
            external_data=False,
            verbose=False,
        )
        assert program is not None  # noqa: S101  (it is None only when a file name is given)
        return program.model_proto

    @override
    def log_native(self, mlflow: Any, films: Array) -> str:
        from mlflow.models import infer_signature

        example = films[:2]  # a batch of one would freeze the batch size at one
        served = self._served.eval()
        logged = mlflow.pytorch.log_model(
            served,
            name=NATIVE_NAME,
            signature=infer_signature(example, served(torch.from_numpy(example)).detach().numpy()),
            input_example=example,
            serialization_format="pt2",
            pip_requirements=[f"torch=={torch.__version__.partition('+')[0]}"],
        )
        return str(logged.model_uri)

    @override
    def describe(self) -> dict[str, str | int]:
        count = sum(weight.numel() for weight in self._net.parameters())
        return {"framework": f"torch {torch.__version__}", "parameters": count}

    def _exported(self) -> torch.export.ExportedProgram:
        example = torch.zeros(2, MODEL_SIDE, MODEL_SIDE)
        films = {0: torch.export.Dim("films", min=1)}
        whole = Exported(self._net).eval()
        return torch.export.export(whole, (example,), dynamic_shapes=(films,))
