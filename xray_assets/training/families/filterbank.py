"""The filter bank: oriented gradients of a film, under one logistic layer.

Nothing but the logistic layer is learned, in less than a second, so it is the anchor that a network
is measured against; averaged with a network it is better than either. The features are those of
Dalal and Triggs 2005 (histograms of oriented gradients) with the soft bins of a convolution.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from typing_extensions import override

from xray_assets.catalog import EMBEDDING_SIZE
from xray_assets.scoring.artifact import EMBEDDING_NAME, INPUT_NAME
from xray_assets.training.families.network import LOGIT_NAME, Array, Member, batches
from xray_assets.training.families.onnx_graph import Graph
from xray_assets.training.films import Films

REGIONS = int(EMBEDDING_SIZE**0.5)
"""Rows and columns of the regions whose contributions are the embedding."""


@dataclass(frozen=True)
class BankPlan:
    """What may be chosen of the bank. `cells`: sides of the squares that a histogram covers, in
    pixels; `floor`: what is added to a neighbourhood's strength, in spreads of the film, so that
    noise is not blown up; `penalty`: of the logistic layer's squared weights.
    """

    orientations: int = 9
    cells: tuple[int, ...] = (4, 8)
    floor: float = 0.2
    penalty: float = 100.0


class FilterBank(Member):
    """A fitted bank: for each side of cells, weights (orientations, rows, columns); and a bias."""

    def __init__(self, plan: BankPlan, weights: list[Array], bias: float) -> None:
        self._plan, self._weights, self._bias = plan, weights, np.float32(bias)

    @property
    def parameters(self) -> int:
        """How many numbers were learned."""
        return 1 + sum(weights.size for weights in self._weights)

    @override
    def logits(self, films: Array) -> Array:
        parts = [self.embedding(part).sum(1) + self._bias for part in batches(films)]
        return np.concatenate(parts).astype(np.float32)

    def embedding(self, films: Array) -> Array:
        """(N, EMBEDDING_SIZE): what each region of the film adds to the log odds."""
        total = np.zeros((len(films), REGIONS, REGIONS), np.float32)
        for features, weights in zip(histograms(films, self._plan), self._weights, strict=True):
            total += _summed((features * weights).sum(1), weights.shape[-1] // REGIONS)
        return total.reshape(len(films), EMBEDDING_SIZE)

    @override
    def onnx(self) -> Any:
        graph = Graph()
        film = graph.add("Unsqueeze", INPUT_NAME, graph.constant([1], np.int64))
        centred = graph.add("Sub", film, graph.add("GlobalAveragePool", film))
        spread = graph.add("GlobalAveragePool", graph.add("Mul", centred, centred))
        spread = graph.add("Sqrt", graph.add("Add", spread, graph.constant(_LEAST_SPREAD)))
        pads = graph.constant([0, 0, 1, 1, 0, 0, 1, 1], np.int64)
        wider = graph.add("Pad", graph.add("Div", centred, spread), pads, mode="edge")
        strength = graph.add("Abs", graph.add("Conv", wider, graph.constant(_kernels(self._plan))))
        regions = ""
        for cell, weights in zip(self._plan.cells, self._weights, strict=True):
            cells = graph.pooled(strength, cell)
            energy = graph.summed_channels(graph.add("Mul", cells, cells))
            energy = graph.add("AveragePool", energy, kernel_shape=[3, 3], pads=[1, 1, 1, 1])
            floor = graph.constant(np.float32(self._plan.floor) ** 2)
            norm = graph.add("Sqrt", graph.add("Add", energy, floor))
            weighed = graph.add("Mul", graph.add("Div", cells, norm), graph.constant(weights[None]))
            times = weights.shape[-1] // REGIONS
            part = graph.pooled(graph.summed_channels(weighed), times)
            part = graph.add("Mul", part, graph.constant(times**2))
            regions = graph.add("Add", regions, part) if regions else part
        flat = graph.add("Flatten", regions)
        graph.give(EMBEDDING_NAME, flat, [EMBEDDING_SIZE])
        total = graph.add("ReduceSum", flat, graph.constant([1], np.int64), keepdims=0)
        graph.give(LOGIT_NAME, graph.add("Add", total, graph.constant(self._bias)), [])
        return graph.model()


_LEAST_SPREAD = 1e-4
"""As the networks: a film of one grey has no gradients, and no division by zero."""


def fitted(films: Films, plan: BankPlan = BankPlan()) -> FilterBank:
    """The bank with its logistic layer learned from the films, by L-BFGS on a convex loss."""
    parts = [histograms(part, plan) for part in batches(films.images)]
    maps = [np.concatenate(each) for each in zip(*parts, strict=True)]
    shapes = [each.shape[1:] for each in maps]
    flat = np.concatenate([each.reshape(len(films), -1) for each in maps], axis=1)
    mean, spread = flat.mean(0), float(flat.std(0).mean()) + 1e-9
    counts = np.ones(len(films)) if films.weights is None else films.weights / films.weights.mean()
    weights, bias = _logistic((flat - mean) / spread, films.labels, counts, plan.penalty)
    weights = weights / spread
    ends = np.cumsum([int(np.prod(shape)) for shape in shapes])[:-1]
    shaped = [
        part.reshape(shape).astype(np.float32)
        for part, shape in zip(np.split(weights, ends), shapes, strict=True)
    ]
    return FilterBank(plan, shaped, bias - float(mean @ weights))


def histograms(films: Array, plan: BankPlan) -> list[Array]:
    """For each side of cells, (N, orientations, rows, columns): the mean strength of each direction
    in a cell, divided by the strength of all directions in the 3 x 3 cells around it.
    """
    centred = films - films.mean((1, 2), keepdims=True)
    spread = np.sqrt((centred**2).mean((1, 2), keepdims=True) + np.float32(_LEAST_SPREAD))
    wider = np.pad(centred / spread, ((0, 0), (1, 1), (1, 1)), mode="edge")
    across = wider[:, 1:-1, 2:] - wider[:, 1:-1, :-2]
    down = wider[:, 2:, 1:-1] - wider[:, :-2, 1:-1]
    directions = [
        np.abs(x * across + y * down) for x, y in _directions(plan.orientations).astype(np.float32)
    ]
    made = []
    for cell in plan.cells:
        cells = np.stack([_summed(one, cell) for one in directions], 1) / np.float32(cell**2)
        energy = np.pad((cells**2).sum(1), ((0, 0), (1, 1), (1, 1)))
        around = np.lib.stride_tricks.sliding_window_view(energy, (3, 3), axis=(1, 2))
        inside = np.pad(np.ones(cells.shape[-2:], np.float32), 1)
        counted = np.lib.stride_tricks.sliding_window_view(inside, (3, 3)).sum((2, 3))
        norm = np.sqrt(around.sum((3, 4)) / counted + np.float32(plan.floor**2))
        made.append((cells / norm[:, None]).astype(np.float32))
    return made


def _directions(count: int) -> NDArray[np.float64]:
    """(count, 2): unit vectors over half a turn; a gradient and its opposite are one direction."""
    angles = np.arange(count) * np.pi / count
    return np.stack([np.cos(angles), np.sin(angles)], axis=1)


def _kernels(plan: BankPlan) -> Array:
    """(orientations, 1, 3, 3): central differences along each direction."""
    kernels = np.zeros((plan.orientations, 1, 3, 3), np.float32)
    for kernel, (x, y) in zip(kernels[:, 0], _directions(plan.orientations), strict=True):
        kernel[1, 0], kernel[1, 2], kernel[0, 1], kernel[2, 1] = -x, x, -y, y
    return kernels


def _summed(maps: Array, cell: int) -> Array:
    """(N, H, W) -> (N, H / cell, W / cell): sums over squares."""
    n, height, width = maps.shape
    return maps.reshape(n, height // cell, cell, width // cell, cell).sum((2, 4))


def _logistic(
    features: NDArray[Any], labels: Array, counts: NDArray[Any], penalty: float
) -> tuple[NDArray[np.float64], float]:
    """Weights (F,) and bias that minimise cross-entropy + penalty / 2 * |weights|^2."""
    from scipy.optimize import minimize

    def loss(at: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        z = features @ at[:-1].astype(features.dtype) + at[-1]
        z = z.astype(np.float64)
        error = counts * (1 / (1 + np.exp(-np.clip(z, -60, 60))) - labels)
        value = float(counts @ (np.logaddexp(0, z) - labels * z))
        slope = features.T @ error.astype(features.dtype) + penalty * at[:-1]
        return value + penalty / 2 * float(at[:-1] @ at[:-1]), np.append(slope, error.sum())

    start = np.zeros(features.shape[1] + 1)
    found = minimize(loss, start, jac=True, method="L-BFGS-B", options={"ftol": 1e-5})
    return found.x[:-1], float(found.x[-1])
