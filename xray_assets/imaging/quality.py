"""How usable a film is, from its pixels alone, and the facts about a film that curation stores.

Here: one documented score between 0 and 1. Not here: what score is too low; that is a setting of
the table that stores it. The score knows nothing of medicine: pure noise counts as sharp.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from xray_assets.imaging.acceptable import DEFAULT_LIMITS, DecodeLimits
from xray_assets.imaging.decode import decode
from xray_assets.imaging.digest import pixel_sha256

# References: chosen so that the 5th percentile of 1,000 real paediatric films just reaches 1.
_MEASURED_SIDE = 320
_ROW_STRIDE = 4  # a quarter of the rows tells the same within 0.01 and costs a quarter
_FULL_RANGE = 160.0  # grey levels between the 1st and the 99th percentile
_ACCEPTED_CLIPPING = 0.20  # black borders are normal
_USELESS_CLIPPING = 0.50
_FULL_SHARPNESS = 0.016  # mean step between neighbours / range, at about 320 px
_FULL_SIDE = 224.0


@dataclass(frozen=True, slots=True)
class FilmFacts:
    """What curation stores about a film: pixels, 0-1, and 64 hex digits."""

    width: int
    height: int
    quality_score: float
    pixel_sha256: str


def film_facts(data: bytes, *, limits: DecodeLimits = DEFAULT_LIMITS) -> FilmFacts:
    """Decode a film and measure it. Raises InvalidImage as `decode` does."""
    pixels = decode(data, limits=limits)
    height, width = pixels.shape
    return FilmFacts(
        width=width,
        height=height,
        quality_score=quality_score(pixels),
        pixel_sha256=pixel_sha256(pixels),
    )


def quality_score(pixels: NDArray[np.uint8]) -> float:
    """Quality of uint8 (height, width) pixels, from 0 (unusable) to 1 (nothing to object to).

    The geometric mean of four parts, each in [0, 1]; one that is 0 makes the score 0:
    - contrast: (99th - 1st percentile) / 160 grey levels;
    - exposure: 1 up to 20 % of pixels at 0 or 255, falling linearly to 0 at 50 %;
    - sharpness: mean |step to the next pixel| / (99th - 1st percentile) / 0.016, at <= 320 px;
    - resolution: sqrt(height x width) / 224 px.
    """
    height, width = pixels.shape
    shrink = max(1, -(-max(height, width) // _MEASURED_SIDE))
    if shrink > 1:
        sampled = pixels[::shrink, ::shrink]  # keeps clipped values, which averaging would hide
        film = np.asarray(Image.fromarray(pixels).reduce(shrink))
    else:
        sampled = film = pixels
    sampled = np.ascontiguousarray(sampled[::_ROW_STRIDE])
    histogram = np.asarray(Image.fromarray(sampled).histogram())
    cumulative = histogram.cumsum() / sampled.size
    grey_range = int(np.searchsorted(cumulative, 0.99) - np.searchsorted(cumulative, 0.01))
    if grey_range == 0:
        return 0.0
    clipped = float(histogram[0] + histogram[255]) / sampled.size
    parts = (
        grey_range / _FULL_RANGE,
        (_USELESS_CLIPPING - clipped) / (_USELESS_CLIPPING - _ACCEPTED_CLIPPING),
        _mean_step(film) / grey_range / _FULL_SHARPNESS,
        math.sqrt(height * width) / _FULL_SIDE,
    )
    return math.prod(min(1.0, max(0.0, part)) for part in parts) ** (1 / len(parts))


def _mean_step(film: NDArray[np.uint8]) -> float:
    """Mean absolute difference of neighbours, down and across, in grey levels; sampled rows."""
    rows = film[:-1:_ROW_STRIDE].astype(np.int16)
    if rows.size == 0 or rows.shape[1] < 2:
        return 0.0
    down = np.abs(film[1::_ROW_STRIDE][: len(rows)] - rows)
    across = np.abs(rows[:, 1:] - rows[:, :-1])
    return (
        float(down.sum(dtype=np.int64) / down.size + across.sum(dtype=np.int64) / across.size) / 2
    )
