"""From grey pixels to the array a model sees; the one preprocessing for training and serving.

Any change of a value that `model_input` returns needs a new PREPROCESSING_VERSION: the version is
part of a serving artifact's digest, so a model never meets pixels it was not trained on.
"""

import numpy as np
from numpy.typing import NDArray
from PIL import Image

PREPROCESSING_VERSION = "1"
MODEL_SIDE = 64

_UNIT_SCALE = np.float32(1.0 / 255.0)


def model_input(pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Squash uint8 (height, width) to float32 (64, 64) in [0, 1], 0 = black.

    The aspect ratio is not kept. Each cell is the mean of the pixels under it (box filter):
    antialiased, deterministic, and the cheapest antialiased filter without a coarse first
    reduction (`benchmarks/measure_imaging.py`). Raises ValueError for any other dtype or shape.
    """
    if pixels.dtype != np.uint8 or pixels.ndim != 2 or 0 in pixels.shape:
        raise ValueError(
            f"expected grey pixels as uint8 (height, width), got {pixels.dtype} {pixels.shape}; "
            "decode the file with xray_assets.imaging.decode.decode first"
        )
    squashed = Image.fromarray(pixels).resize((MODEL_SIDE, MODEL_SIDE), Image.Resampling.BOX)
    return np.multiply(np.asarray(squashed), _UNIT_SCALE, dtype=np.float32)
