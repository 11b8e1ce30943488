"""A cloud of vectors in few numbers: coordinates on its principal axes, and a distance."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

FOLDS = 10
_FAR = 1e6
_FLOOR = 0.01
"""Smallest variance of a direction, as a part of that of a column: what hardly varies in the
baseline makes no film infinitely far."""


@dataclass(frozen=True)
class Space:
    """Where the baseline's vectors lie. axes: (d, k) principal; whitening: (d, d)."""

    centre: Floats
    scale: Floats
    axes: Floats
    whitening: Floats

    def measures(self, vectors: Floats) -> Floats:
        """(N, k + 1): coordinates on the k axes, and the log of the Mahalanobis distance (root mean
        square of the whitened coordinates); NaN for vectors with a NaN.
        """
        standard = np.clip((vectors - self.centre) / self.scale, -_FAR, _FAR)
        squares = ((standard @ self.whitening) ** 2).sum(axis=1)
        distance = np.sqrt(squares / max(len(self.centre), 1))
        return np.column_stack([standard @ self.axes, np.log(distance + 1e-9)])


def fitted(vectors: Floats, n_axes: int) -> Space:
    """The space of (N, d) vectors without NaN."""
    if not len(vectors):
        vectors = np.zeros((1, vectors.shape[1]))
    centre, scale = vectors.mean(axis=0), vectors.std(axis=0)
    scale = np.where(scale > 1e-9 * (1 + np.abs(centre)), scale, 1.0)
    standard = (vectors - centre) / scale
    values, directions = np.linalg.eigh(standard.T @ standard / len(vectors))
    return Space(
        centre,
        scale,
        axes=directions[:, ::-1][:, :n_axes],
        whitening=directions / np.sqrt(np.maximum(values, _FLOOR)),
    )


def cross_fitted(vectors: Floats, patient: NDArray[np.int64], n_axes: int) -> tuple[Space, Floats]:
    """The space of (N, d) vectors, and their own measures in it as if they were new.

    A vector is nearer to a cloud that it helped to fit than a new one will be, and spreads wider on
    its axes: at 1,000 films that alone looks like a change. So each fold of patients is measured in
    the space of the others, its axes turned onto the common ones (Procrustes).
    """
    known = np.isfinite(vectors).all(axis=1)
    space = fitted(vectors[known], n_axes)
    out = np.full((len(vectors), n_axes + 1), np.nan)
    fold = patient // 7 % FOLDS
    for held_out in range(FOLDS):
        inside, outside = known & (fold != held_out), known & (fold == held_out)
        if inside.any() and outside.any():
            other = fitted(vectors[inside], n_axes)
            left, _, right = np.linalg.svd(other.axes.T @ space.axes)
            turned = Space(other.centre, other.scale, other.axes @ left @ right, other.whitening)
            out[outside] = turned.measures(vectors[outside])
    return space, out
