"""What monitoring measures of a film, from its pixels alone: the numbers of `catalog.FEATURES`.

Each is one plain number with a meaning of its own, so that a person can see what changed. Grey
values are shares of the depth's range (0 = black, 1 = white), so 8 and 16 bits compare. Not here:
what a change of them means (`statistics/drift/`), and which films are measured.

| feature | measures | unit, range |
|---|---|---|
| mean, contrast | mean and standard deviation of the grey values | 0 to 1, 0 to 0.5 |
| p01 p10 p50 p90 p99 | lowest grey value that this share of the pixels does not exceed | 0 to 1 |
| entropy | Shannon entropy of the grey values in 256 bins | bits, 0 to 8 |
| levels | distinct grey values | count, 1 to 2 ** bits |
| clip_low, clip_high | share of pixels at the lowest, at the highest value of the depth | 0 to 1 |
| sharpness | variance of the Laplacian / variance of the grey values | from 0; of white noise 20 |
| fine_detail | share of the variance that lies within blocks of 2 x 2 pixels | 0 to 1 |
| flat | share of pixels equal to both their upper and their left neighbour: filled areas | 0 to 1 |
| border | dark rows and columns (mean below 0.04): mean of both shares; collimation | 0 to 1 |
| corner_minus_centre | mean of the four corners - mean of the centre; inverted: > 0 | -1 to 1 |
| aspect | width / height | above 0 |
| side | square root of width x height | px |
| quality | what curation scores (`imaging/quality.py`) | 0 to 1 |
"""

import math
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from xray_assets.imaging.quality import quality_score

FEATURE_VERSION = "1"
"""Raised with any change of a number that `film_features` returns: they compare within one."""

SMALLEST_SIDE = 8
_PERCENTILES = (1, 10, 50, 90, 99)
_BINS = 256
_MEASURED_PIXELS = 160_000  # of a larger film every k-th row tells the same, at the same cost
_DARK = 0.04  # of the range; 10 of 255
_CORNER, _CENTRE = 8, 4  # a corner is an eighth of each side; the centre is the middle half


def film_features(pixels: NDArray[np.uint8] | NDArray[np.uint16]) -> dict[str, float]:
    """The features of grey (height, width) pixels, by the names and in the order of the table.

    Finite for every film, a constant one too (what is divided by its variance is 0 then). Raises
    ValueError for other dtypes and shapes, and for a side below SMALLEST_SIDE.
    """
    if pixels.dtype not in (np.uint8, np.uint16) or pixels.ndim != 2:
        raise ValueError(
            f"expected grey pixels as uint8 or uint16 (height, width), got {pixels.dtype} "
            f"{pixels.shape}; decode the file with xray_assets.imaging.decode.decode first"
        )
    height, width = pixels.shape
    if min(height, width) < SMALLEST_SIDE:
        raise ValueError(f"a film of {width} x {height} px is too small to measure")
    white = int(np.iinfo(pixels.dtype).max)
    step = 1 + 2 * (pixels.size // (2 * _MEASURED_PIXELS))  # odd: JPEG blocks are 8 rows
    of_values = _of_values(pixels[::step], white)
    return {
        **of_values,
        **_of_neighbours(pixels, step, (of_values["contrast"] * white) ** 2),
        **_of_places(pixels, white),
        "aspect": width / height,
        "side": math.sqrt(width * height),
        "quality": quality_score(_high_byte(pixels)),
    }


def _of_values(sampled: NDArray, white: int) -> Mapping[str, float]:
    """What the histogram alone tells."""
    counts = np.bincount(sampled.ravel(), minlength=white + 1)
    total = sampled.size
    levels = np.flatnonzero(counts)
    shares = counts[levels] / total
    grey = levels / white
    mean = float(shares @ grey)
    binned = counts.reshape(_BINS, -1).sum(axis=1) / total
    binned = binned[binned > 0]
    reached = np.searchsorted(counts.cumsum(), np.array(_PERCENTILES) * total / 100)
    return {
        "mean": mean,
        "contrast": math.sqrt(shares @ (grey - mean) ** 2),
        **{
            f"p{percent:02}": value / white
            for percent, value in zip(_PERCENTILES, reached.tolist(), strict=True)
        },
        "entropy": float(abs(binned @ np.log2(binned))),
        "levels": float(len(levels)),
        "clip_low": float(counts[0] / total),
        "clip_high": float(counts[white] / total),
    }


def _of_neighbours(pixels: NDArray, step: int, variance: float) -> Mapping[str, float]:
    """What differs between neighbours, at every `step`-th row. `variance`: of the values."""
    above, here, below = (pixels[top : len(pixels) - 2 + top : step] for top in (0, 1, 2))
    left, middle, right, upper = here[:, :-2], here[:, 1:-1], here[:, 2:], above[:, 1:-1]
    filled = (middle == left) & (middle == upper)
    laplacian = middle * np.float32(-4)
    for neighbour in (upper, below[:, 1:-1], left, right):
        laplacian += neighbour
    return {
        "sharpness": float(laplacian.var(dtype=np.float64)) / variance if variance else 0.0,
        "fine_detail": min(1.0, _within_blocks(above, here) / variance) if variance else 0.0,
        "flat": float(np.count_nonzero(filled) / filled.size),
    }


def _within_blocks(upper: NDArray, lower: NDArray) -> float:
    """Mean variance of the values in each block of 2 x 2 pixels of these pairs of rows."""
    even = upper.shape[1] // 2 * 2
    a, b, c, d = (
        row[:, start:even:2].astype(np.float32) for row in (upper, lower) for start in (0, 1)
    )
    squares = (_square(a - b) + _square(c - d)) / 2 + _square(a + b - c - d) / 4
    return squares / (4 * a.size)


def _square(differences: NDArray[np.float32]) -> float:
    """Sum of squares."""
    return float(np.square(differences).sum(dtype=np.float64))


def _of_places(pixels: NDArray, white: int) -> Mapping[str, float]:
    """What depends on where in the film a value lies."""
    height, width = pixels.shape
    down, right = height // _CORNER, width // _CORNER
    corners = [
        pixels[rows, columns].mean()
        for rows in (slice(down), slice(-down, None))
        for columns in (slice(right), slice(-right, None))
    ]
    top, left = height // _CENTRE, width // _CENTRE
    centre = pixels[top : height - top, left : width - left].mean()
    dark = [np.mean(pixels.mean(axis=axis) < _DARK * white) for axis in (0, 1)]
    return {
        "border": float(np.mean(dark)),
        "corner_minus_centre": float(np.mean(corners) - centre) / white,
    }


def _high_byte(pixels: NDArray) -> NDArray[np.uint8]:
    return pixels if pixels.dtype == np.uint8 else (pixels >> 8).astype(np.uint8)
