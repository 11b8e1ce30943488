"""The type of a decoded film. Apart from its limits, which are known without numpy."""

import numpy as np
from numpy.typing import NDArray

GreyPixels = NDArray[np.uint8]
"""(height, width), 0 = black."""
