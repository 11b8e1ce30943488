"""For which values a DICOM film asks to be shown: its first window, or its own range.

DICOM PS3.3 C.11.2.1.2 and C.11.2.1.3: LINEAR, LINEAR_EXACT and SIGMOID, told as one pair of values.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from xray_assets.imaging.dicom.tags import first_number

if TYPE_CHECKING:
    from pydicom import Dataset

Curve = Literal["linear", "sigmoid"]


@dataclass(frozen=True, slots=True)
class Window:
    """Rescaled values `low` .. `high`: a line from black to white, or the sigmoid
    1 / (1 + exp(-4 (value - centre) / width)) with centre and width of that span.
    """

    low: float
    high: float
    curve: Curve = "linear"

    def shown(self, values: NDArray[Any]) -> NDArray[np.uint8]:
        """Values as 0 .. 255, clipped; a flat range becomes a step at `low`."""
        if self.curve == "sigmoid":
            centre, width = (self.low + self.high) / 2, self.high - self.low
            return _to_bytes(1.0 / (1.0 + np.exp(-4.0 * (values - centre) / width)), 0, 1)
        return _to_bytes(values, self.low, self.high)


def first_window(dataset: "Dataset") -> Window | None:
    """The first window that a film asks for; None where it names none of any width."""
    center, width = (
        first_number(dataset.get("WindowCenter")),
        first_number(dataset.get("WindowWidth")),
    )
    if center is None or width is None or width <= 0:
        return None
    function = str(dataset.get("VOILUTFunction") or "LINEAR")
    if function in ("SIGMOID", "LINEAR_EXACT"):
        curve: Curve = "sigmoid" if function == "SIGMOID" else "linear"
        return Window(center - width / 2, center + width / 2, curve)
    return Window(center - 0.5 - (width - 1) / 2, center - 0.5 + (width - 1) / 2)


def _to_bytes(values: NDArray[Any], low: float, high: float) -> NDArray[np.uint8]:
    if high <= low:
        return np.where(values > low, np.uint8(255), np.uint8(0))
    scaled = (np.asarray(values, dtype=np.float64) - low) * (255.0 / (high - low))
    return np.clip(np.rint(scaled), 0, 255).astype(np.uint8)
