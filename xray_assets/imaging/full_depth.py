"""A DICOM film at the depth it was stored with, for a reader's own window.

Samples are the stored values without sign, and without unused bits, where overlays hide: pydicom
clears those. What a window needs is told in units of samples, so that a viewer knows no DICOM: how
values are rescaled, and for which of them the film itself asks, is worked out here. A film with a
VOI table is kept as the table shows it, at the table's depth.
"""

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from xray_assets.imaging.dicom.window import Curve, Window
from xray_assets.imaging.grey_png import grey_png

if TYPE_CHECKING:
    from pydicom import Dataset

_DEEPEST = 16


@dataclass(frozen=True, slots=True)
class FullDepth:
    """`png`: grey samples of `bits` bits (8-bit PNG up to 8, else 16-bit). They are first shown
    from `low` (black) to `high` (white) along `curve` (`dicom.window.Window`), and as the negative
    of that where `inverted`. `row_mm`, `column_mm`: size of a pixel, where the file says so.
    """

    png: bytes
    bits: int
    low: float
    high: float
    curve: Curve
    inverted: bool
    row_mm: float | None
    column_mm: float | None


def full_depth(dataset: "Dataset", stored: NDArray[Any], window: Window) -> FullDepth | None:
    """The film of these stored values (rows, columns), whose rescaled values are shown through
    `window`; None where samples have over 16 bits or cannot be rescaled.
    """
    bits = min(int(dataset.BitsStored), stored.dtype.itemsize * 8)
    if dataset.get("VOILUTSequence") or dataset.get("ModalityLUTSequence"):
        samples, bits = _looked_up(dataset, stored)
        slope, origin = 1.0, 0.0
    else:
        offset = 1 << (bits - 1) if stored.dtype.kind == "i" else 0
        samples = stored.astype(np.int32) + offset if offset else stored
        slope, intercept = _rescale(dataset)
        origin = intercept - slope * offset
    if bits > _DEEPEST or not slope or not math.isfinite(slope + origin):
        return None
    row_mm, column_mm = _spacing(dataset)
    return FullDepth(
        png=grey_png(samples.astype(np.uint8) if bits <= 8 else samples.astype(np.uint16)),
        bits=bits,
        low=(window.low - origin) / slope,
        high=(window.high - origin) / slope,
        curve=window.curve,
        inverted=dataset.PhotometricInterpretation == "MONOCHROME1",
        row_mm=row_mm,
        column_mm=column_mm,
    )


def _rescale(dataset: "Dataset") -> tuple[float, float]:
    if "RescaleSlope" in dataset and "RescaleIntercept" in dataset:
        return float(dataset.RescaleSlope), float(dataset.RescaleIntercept)
    return 1.0, 0.0


def _looked_up(dataset: "Dataset", stored: NDArray[Any]) -> tuple[NDArray[Any], int]:
    """Values behind the film's tables, and their bits."""
    from pydicom.pixels.processing import apply_modality_lut, apply_voi

    values, bits = np.asarray(apply_modality_lut(stored, dataset)), int(dataset.BitsStored)
    if dataset.get("ModalityLUTSequence"):
        bits = int(dataset.ModalityLUTSequence[0].LUTDescriptor[2])
    if dataset.get("VOILUTSequence"):
        values = apply_voi(values.astype(np.int64), dataset, index=0)
        bits = int(dataset.VOILUTSequence[0].LUTDescriptor[2])
    return values, bits


def _spacing(dataset: "Dataset") -> tuple[float, float] | tuple[None, None]:
    """Millimetres between rows and between columns."""
    for keyword in ("PixelSpacing", "ImagerPixelSpacing"):
        try:
            row, column = map(float, dataset.get(keyword) or ())
        except (TypeError, ValueError):  # not two numbers: nothing is known
            continue
        if 0 < row < 100 and 0 < column < 100:
            return row, column
    return None, None
