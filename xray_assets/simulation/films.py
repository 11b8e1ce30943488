"""Films of simulated patients: of people whom no model was trained or judged on, each time a little
different. Pure.
"""

import io
from dataclasses import dataclass

import numpy as np
from PIL import Image

from xray_assets.imaging.corruptions import corrupted
from xray_assets.imaging.pixels import GreyPixels
from xray_assets.simulation.scenarios import Change

SIDE = 320
"""Films are made smaller than this, so that thousands are sent and measured in seconds."""
_QUALITY = 92


@dataclass(frozen=True, eq=False)
class Person:
    """Somebody whose films are used: uint8 (height, width) pixels, and whether they are ill."""

    films: tuple[GreyPixels, ...]
    is_ill: bool


def small(pixels: GreyPixels) -> GreyPixels:
    """The film with its longer side at most SIDE, averaged."""
    scale = SIDE / max(pixels.shape)
    if scale >= 1:
        return pixels
    height, width = (max(1, round(side * scale)) for side in pixels.shape)
    return np.asarray(Image.fromarray(pixels).resize((width, height), Image.Resampling.BOX))


def filmed_again(pixels: GreyPixels, rng: np.random.Generator) -> GreyPixels:
    """Another film of the same person: collimated, exposed and amplified a little differently.

    Whole pixels only: what interpolates blurs, and blur is a change.
    """
    height, width = pixels.shape
    top, left, bottom, right = (rng.random(4) * 0.03 * (height, width, height, width)).astype(int)
    film = pixels[top : height - bottom, left : width - right]
    gain, gamma = rng.uniform(0.97, 1.03), rng.uniform(0.97, 1.03)
    curve = 255 * gain * (np.arange(256) / 255) ** gamma
    noise = rng.integers(-3, 4, film.shape, np.int16)
    return np.clip(np.rint(curve).astype(np.int16)[film] + noise, 0, 255).astype(np.uint8)


def changed(pixels: GreyPixels, change: Change, rng: np.random.Generator) -> GreyPixels:
    """The film as a change leaves it."""
    if not change.corruption or rng.random() >= change.share:
        return pixels
    seed = int(rng.integers(2**32))
    return corrupted(pixels, change.corruption, strength=change.strength, seed=seed)


def jpeg(pixels: GreyPixels) -> bytes:
    """The film as a file."""
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "JPEG", quality=_QUALITY)
    return file.getvalue()
