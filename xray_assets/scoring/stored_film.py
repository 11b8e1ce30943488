"""What the model saw of a film that was kept: the way back from stored bytes to its input."""

import numpy as np

from xray_assets.imaging.acceptable import DecodeLimits, InvalidImage
from xray_assets.imaging.decode import decode
from xray_assets.imaging.preprocess import MODEL_SIDE, model_input

FLOAT32_BYTES = MODEL_SIDE * MODEL_SIDE * 4
"""Size of a film that was sent as an array: 64 x 64 little-endian float32."""


def stored_model_input(data: bytes, *, limits: DecodeLimits | None = None) -> np.ndarray:
    """Float32 (64, 64), to the last bit what the served model got; for shadow scoring.

    `data`: JPEG or PNG bytes, or FLOAT32_BYTES of an array. Raises InvalidImage for anything else.
    """
    try:
        return model_input(decode(data, limits=limits) if limits else decode(data))
    except InvalidImage:
        if len(data) != FLOAT32_BYTES:
            raise
        return np.frombuffer(data, "<f4").reshape(MODEL_SIDE, MODEL_SIDE).astype(np.float32)
