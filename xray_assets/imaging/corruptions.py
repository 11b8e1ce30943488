"""What goes wrong with films: pure functions of grey pixels, for simulations, benchmarks and gates.

Here: thirteen corruptions, each with the strength that is meant where none is given. Not here: who
gets them, and how large a share. They are made, not found: the gain of a detector, a collimator or
a cut file behave so in kind, not in every detail. Lengths in pixels are of the film as it comes.
"""

from collections.abc import Callable
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

from xray_assets.errors import XrayError
from xray_assets.imaging.pixels import GreyPixels

_BLOCK = 8  # rows and columns of a JPEG block: a cut file ends at one
_CUT_FILL = 128  # what libjpeg puts in place of blocks that never came
_WINDOW_CENTRE = 120.0


class Corruption(NamedTuple):
    """`apply(pixels, strength, rng)`, the strength by default, and what the strength means."""

    apply: Callable[[GreyPixels, float, np.random.Generator], GreyPixels]
    strength: float
    meaning: str


def corrupted(
    pixels: GreyPixels, name: str, *, strength: float | None = None, seed: int = 0
) -> GreyPixels:
    """A corrupted copy of uint8 (height, width) pixels; the same seed gives the same copy.

    The shape stays, but for `matrix`, which makes it smaller. Raises XrayError for a name that is
    not in CORRUPTIONS, ValueError for any other dtype or shape.
    """
    if name not in CORRUPTIONS:
        raise XrayError(f"unknown corruption {name!r}; there are {', '.join(CORRUPTIONS)}")
    if pixels.dtype != np.uint8 or pixels.ndim != 2 or 0 in pixels.shape:
        raise ValueError(f"need uint8 (height, width) pixels, got {pixels.dtype} {pixels.shape}")
    corruption = CORRUPTIONS[name]
    chosen = corruption.strength if strength is None else strength
    return corruption.apply(pixels, chosen, np.random.default_rng(seed))


def _gain(pixels: GreyPixels, factor: float, _: np.random.Generator) -> GreyPixels:
    return _grey(pixels * np.float32(factor))


def _contrast(pixels: GreyPixels, factor: float, _: np.random.Generator) -> GreyPixels:
    mean = np.float32(pixels.mean())
    return _grey((pixels - mean) * np.float32(factor) + mean)


def _blur(pixels: GreyPixels, deviation: float, _: np.random.Generator) -> GreyPixels:
    return np.asarray(Image.fromarray(pixels).filter(ImageFilter.GaussianBlur(deviation)))


def _matrix(pixels: GreyPixels, factor: float, _: np.random.Generator) -> GreyPixels:
    height, width = pixels.shape
    smaller = max(1, round(width * factor)), max(1, round(height * factor))
    return np.asarray(Image.fromarray(pixels).resize(smaller, Image.Resampling.BOX))


def _low_matrix(pixels: GreyPixels, factor: float, rng: np.random.Generator) -> GreyPixels:
    height, width = pixels.shape
    coarse = Image.fromarray(_matrix(pixels, factor, rng))
    return np.asarray(coarse.resize((width, height), Image.Resampling.BICUBIC))


def _border(pixels: GreyPixels, share: float, _: np.random.Generator) -> GreyPixels:
    height, width = pixels.shape
    rows, columns = round(height * share), round(width * share)
    film = np.zeros_like(pixels)
    film[rows : height - rows, columns : width - columns] = pixels[
        rows : height - rows, columns : width - columns
    ]
    return film


def _inverted(pixels: GreyPixels, _: float, __: np.random.Generator) -> GreyPixels:
    return 255 - pixels


def _lower_third_lost(pixels: GreyPixels, share: float, _: np.random.Generator) -> GreyPixels:
    """Rows that the detector never gave: as bright as the film is where nothing came through."""
    film = pixels.copy()
    film[round(len(film) * (1 - share)) :] = film.max()
    return film


def _broken_window(pixels: GreyPixels, width: float, _: np.random.Generator) -> GreyPixels:
    return _grey((pixels - np.float32(_WINDOW_CENTRE)) * np.float32(255 / width) + 127.5)


def _truncated(pixels: GreyPixels, at_least: float, rng: np.random.Generator) -> GreyPixels:
    film = pixels.copy()
    height, width = film.shape
    row = int(height * rng.uniform(at_least, 0.8)) // _BLOCK * _BLOCK
    column = int(width * rng.random()) // _BLOCK * _BLOCK
    film[row : row + _BLOCK, column:] = _CUT_FILL
    film[row + _BLOCK :] = _CUT_FILL
    return film


def _portable(pixels: GreyPixels, scatter: float, rng: np.random.Generator) -> GreyPixels:
    """Taken in bed: scatter flattens the contrast, the film is a little unsharp and noisier."""
    flat = _blur(_contrast(pixels, 1 - scatter, rng), 0.8, rng)
    return _noise(flat, 20 * scatter, rng)


def _noise(pixels: GreyPixels, deviation: float, rng: np.random.Generator) -> GreyPixels:
    return _grey(pixels + np.float32(deviation) * rng.standard_normal(pixels.shape, np.float32))


def _grey(values: NDArray[Any]) -> GreyPixels:
    return np.clip(np.rint(values), 0, 255).astype(np.uint8)


CORRUPTIONS = MappingProxyType(
    {
        "gain": Corruption(_gain, 1.10, "factor of every grey level"),
        "contrast": Corruption(_contrast, 0.85, "factor of the distance to the film's mean"),
        "blur": Corruption(_blur, 1.6, "deviation in pixels"),
        "strong_blur": Corruption(_blur, 3.5, "deviation in pixels"),
        "matrix": Corruption(_matrix, 0.6, "factor of both sides: a film of fewer pixels"),
        "low_matrix": Corruption(_low_matrix, 0.25, "factor of both sides, interpolated up again"),
        "border": Corruption(_border, 0.12, "share of each side that a collimator makes black"),
        "inverted": Corruption(_inverted, 1.0, "no strength: black is white"),
        "lower_third_lost": Corruption(
            _lower_third_lost, 1 / 3, "share of the rows without exposure"
        ),
        "broken_window": Corruption(_broken_window, 110.0, "grey levels that are not clipped"),
        "truncated": Corruption(
            _truncated, 0.4, "the earliest share of rows after which all is grey"
        ),
        "portable": Corruption(_portable, 0.2, "share of the contrast that scatter takes"),
        "noise": Corruption(_noise, 12.0, "deviation in grey levels"),
    }
)
"""Every corruption by name."""
