"""The identity of a film's content: equal for equal pixels, whatever file held them."""

import hashlib

import numpy as np
from numpy.typing import NDArray


def pixel_sha256(pixels: NDArray[np.uint8]) -> str:
    """SHA-256, 64 hex digits, of the shape ("height x width:" in ASCII) and the pixels row by row.

    `pixels` is uint8 (height, width). The shape is included so that equal byte strings of
    different shapes differ. Raises ValueError for any other dtype or number of dimensions.
    """
    if pixels.dtype != np.uint8 or pixels.ndim != 2:
        raise ValueError(
            f"expected grey pixels as uint8 (height, width), got {pixels.dtype} {pixels.shape}"
        )
    height, width = pixels.shape
    digest = hashlib.sha256(f"{height}x{width}:".encode())
    digest.update(np.ascontiguousarray(pixels).data)
    return digest.hexdigest()
