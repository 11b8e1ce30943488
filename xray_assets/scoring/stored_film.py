"""What the model saw of a film that was kept: the way back from stored bytes to its input."""

import numpy as np

from xray_assets.imaging.acceptable import ACCEPTED_BEFORE, InvalidImage
from xray_assets.imaging.decode import decode
from xray_assets.imaging.pixels import GreyPixels
from xray_assets.imaging.preprocess import MODEL_SIDE, model_input

FLOAT32_BYTES = MODEL_SIDE * MODEL_SIDE * 4
"""Size of a film that was sent as an array: 64 x 64 little-endian float32."""


def stored_model_input(data: bytes) -> np.ndarray:
    """Float32 (64, 64), to the last bit what the served model got; for shadow scoring.

    `data`: JPEG or PNG bytes, or FLOAT32_BYTES of an array. Raises InvalidImage for anything else.
    """
    return stored_film(data)[1]


def stored_film(data: bytes) -> tuple[GreyPixels | None, np.ndarray]:
    """The film's pixels, None where it was sent as an array, and its `stored_model_input`."""
    try:
        pixels = decode(data, limits=ACCEPTED_BEFORE)
    except InvalidImage:
        if len(data) != FLOAT32_BYTES:
            raise
        return None, np.frombuffer(data, "<f4").reshape(MODEL_SIDE, MODEL_SIDE).astype(np.float32)
    return pixels, model_input(pixels)
