"""Arrays as they are taken in: of the right dtype, shape and range, copied and read-only.

What an array means is not known here.
"""

from __future__ import annotations

from typing import TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

Counts = NDArray[np.int64]
Shares = NDArray[np.float64]

_Number = TypeVar("_Number", np.int64, np.float64)

_LARGEST = 2**53  # above it a float no longer holds every integer


def counts_in(name: str, value: ArrayLike, *, ndim: int) -> Counts:
    """`value` as counts. Raises ValueError, naming the array, where it holds anything else."""
    array = np.asarray(value)
    if array.dtype.kind not in "iu":
        raise ValueError(f"{name} must hold integers, got dtype {array.dtype}")
    if array.ndim != ndim:
        raise ValueError(f"{name} must have {ndim} dimensions, got shape {array.shape}")
    if array.size and (array.min() < 0 or array.max() > _LARGEST):
        raise ValueError(
            f"{name} must hold counts from 0 to 2**53, got {array.min()} to {array.max()}"
        )
    return _frozen(array.astype(np.int64))


def counts_of_shape(name: str, value: ArrayLike, shape: tuple[int, ...]) -> Counts:
    """`counts_in`, of one shape. Raises ValueError."""
    array = counts_in(name, value, ndim=len(shape))
    expect(name, array, shape)
    return array


def shares_of_shape(name: str, value: ArrayLike, shape: tuple[int, ...]) -> Shares:
    """`value` as shares in [0, 1], of one shape. Raises ValueError, naming the array."""
    try:
        array = np.array(value, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise ValueError(f"{name} must hold numbers, got {value!r}") from error
    expect(name, array, shape)
    if not np.all((array >= 0) & (array <= 1)):  # also refuses NaN
        raise ValueError(f"{name} must lie in [0, 1] (a share, not a percentage), got {array}")
    return _frozen(array)


def expect(name: str, array: NDArray[np.generic], shape: tuple[int, ...]) -> None:
    """Raise ValueError where the shape is another."""
    if array.shape != shape:
        raise ValueError(f"{name} must have shape {shape}, got {array.shape}")


def _frozen(array: NDArray[_Number]) -> NDArray[_Number]:
    array.setflags(write=False)
    return array
