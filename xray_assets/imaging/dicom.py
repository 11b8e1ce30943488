"""Grey pixels of one DICOM film, as a viewer would first show it.

Here: the presentation chain (rescale, VOI window or LUT, MONOCHROME1) and what DICOM adds to the
refusals. Not here: choosing the format (`decode`), what is a chest film (`chest_film`), compressed
frames (`dicom_codecs`). pydicom and imagecodecs are the optional extra `dicom`.

Chain, after DICOM PS3.3 C.7.6.3 and C.11.2: stored values -> modality rescale or LUT -> first VOI
LUT or window (LINEAR, LINEAR_EXACT, SIGMOID) -> 0..255 -> inverted for MONOCHROME1. Without a
window, the range of the film's own values (padding excluded) becomes 0..255.
"""

import logging
import warnings
from io import BytesIO
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from xray_assets.imaging.acceptable import DecodeLimits, InvalidImage, check_dimensions
from xray_assets.imaging.chest_film import check_chest_film
from xray_assets.imaging.dicom_codecs import JPEG, JPEG_LS, RLE, frame_size, unpack
from xray_assets.imaging.pixels import GreyPixels

if TYPE_CHECKING:
    from pydicom import Dataset

_PREFIX_BYTES = 132
_BLOCK_ROWS = 256
_READABLE_SYNTAXES = {
    "1.2.840.10008.1.2": "implicit little endian",
    "1.2.840.10008.1.2.1": "explicit little endian",
    "1.2.840.10008.1.2.2": "explicit big endian",
    "1.2.840.10008.1.2.4.50": "JPEG baseline",
    "1.2.840.10008.1.2.4.90": "JPEG 2000 lossless",
    "1.2.840.10008.1.2.4.91": "JPEG 2000",
    **JPEG,
    **JPEG_LS,
    **RLE,
}


def decode_dicom(data: bytes, *, limits: DecodeLimits) -> GreyPixels:
    """Grey pixels, uint8 (rows, columns), 0 = black, of a file with the DICM magic.

    Raises InvalidImage for anything that is not one readable film, and when pydicom is missing.
    """
    try:
        from pydicom import config
    except ImportError as error:
        raise InvalidImage(
            "unsupported", "DICOM needs pydicom on the server: pip install 'xray-assets[dicom]'"
        ) from error
    # pydicom's warnings may quote the values of tags: a patient's data must not reach a log
    config.settings.reading_validation_mode = config.IGNORE
    warnings.filterwarnings("ignore", module=r"pydicom\.")
    logging.getLogger("pydicom").setLevel(logging.CRITICAL)
    try:
        dataset = _read(data)
        _take_frame(dataset, limits=limits)
        return _as_shown(dataset)
    except (InvalidImage, MemoryError):
        raise
    except Exception as error:  # hostile data sets raise nearly anything; all of it is one answer
        raise InvalidImage("truncated", "the DICOM file is cut short or damaged") from error


def claimed_size(data: bytes) -> tuple[int, int]:
    """(width, height) that the data set states; raises nearly anything for a damaged one."""
    dataset = _read(data)
    return int(dataset.Columns), int(dataset.Rows)


def _read(data: bytes) -> "Dataset":
    """Parse the data set; the transfer syntax first, because a deflated one could be a bomb."""
    from pydicom import dcmread
    from pydicom.filereader import read_dataset

    stream = BytesIO(data)
    stream.seek(_PREFIX_BYTES)
    meta = read_dataset(stream, False, True, stop_when=lambda tag, vr, length: tag.group > 2)
    syntax = str(meta.get("TransferSyntaxUID", ""))
    if syntax not in _READABLE_SYNTAXES:
        raise InvalidImage(
            "unsupported",
            f"DICOM transfer syntax {syntax[:64] or '(none)'}; send one of "
            + ", ".join(dict.fromkeys(_READABLE_SYNTAXES.values())),
        )
    return dcmread(BytesIO(data))


def _take_frame(dataset: "Dataset", *, limits: DecodeLimits) -> None:
    from pydicom.encaps import get_frame

    check_chest_film(dataset, limits=limits)
    if "PixelData" not in dataset:
        raise InvalidImage("not_an_image", "the DICOM file holds no pixel data")
    if int(dataset.get("NumberOfFrames") or 1) != 1:
        raise InvalidImage("multi_frame", "the DICOM file holds several frames; send one film")
    rows, columns = int(dataset.Rows), int(dataset.Columns)
    check_dimensions(columns, rows, limits=limits)
    syntax = dataset.file_meta.TransferSyntaxUID
    if not syntax.is_compressed:
        return
    frame = get_frame(dataset.PixelData, 0, number_of_frames=1)
    if syntax not in RLE and frame_size(frame) != (columns, rows):
        raise InvalidImage("not_an_image", "the DICOM header and its pixel data disagree")
    unpack(dataset, frame)


def _as_shown(dataset: "Dataset") -> GreyPixels:
    """In blocks of rows: as float64 a whole film would take a hundred times its bytes."""
    stored = dataset.pixel_array
    own_range = None if _has_window(dataset) else _own_range(stored, dataset)
    shown = np.empty(stored.shape, np.uint8)
    for rows in _blocks(stored):
        shown[rows] = _windowed(_rescaled(stored[rows], dataset), dataset, own_range)
    if dataset.PhotometricInterpretation == "MONOCHROME1":
        np.subtract(255, shown, out=shown)
    shown.flags.writeable = False
    return shown


def _blocks(stored: NDArray[Any]) -> list[slice]:
    return [slice(top, top + _BLOCK_ROWS) for top in range(0, len(stored), _BLOCK_ROWS)]


def _rescaled(stored: NDArray[Any], dataset: "Dataset") -> NDArray[np.float64]:
    from pydicom.pixels.processing import apply_modality_lut

    return np.asarray(apply_modality_lut(stored, dataset), dtype=np.float64)


def _has_window(dataset: "Dataset") -> bool:
    center, width = _first(dataset.get("WindowCenter")), _first(dataset.get("WindowWidth"))
    return bool(dataset.get("VOILUTSequence")) or (
        center is not None and width is not None and width > 0
    )


def _own_range(stored: NDArray[Any], dataset: "Dataset") -> tuple[float, float]:
    """Lowest and highest value, without the padding where anything else is there."""
    padding = dataset.get("PixelPaddingValue")
    ranges: dict[bool, list[float]] = {True: [], False: []}
    for rows in _blocks(stored):
        values = _rescaled(stored[rows], dataset)
        kept = values if padding is None else values[stored[rows] != padding]
        for is_kept, some in ((True, kept), (False, values)):
            ranges[is_kept] += [float(some.min()), float(some.max())] if some.size else []
    found = ranges[True] or ranges[False]
    return min(found), max(found)


def _windowed(
    values: NDArray[np.float64], dataset: "Dataset", own_range: tuple[float, float] | None
) -> GreyPixels:
    from pydicom.pixels.processing import apply_voi

    if own_range is not None:
        return _to_bytes(values, *own_range)
    if dataset.get("VOILUTSequence"):
        entry_bits = int(dataset.VOILUTSequence[0].LUTDescriptor[2])
        looked_up = apply_voi(values.astype(np.int64), dataset, index=0)
        return _to_bytes(looked_up, 0, 2**entry_bits - 1)
    center, width = (
        float(_first(dataset.WindowCenter) or 0),
        float(_first(dataset.WindowWidth) or 0),
    )
    function = str(dataset.get("VOILUTFunction") or "LINEAR")
    if function == "SIGMOID":
        return _to_bytes(1.0 / (1.0 + np.exp(-4.0 * (values - center) / width)), 0, 1)
    if function == "LINEAR_EXACT":
        return _to_bytes(values, center - width / 2, center + width / 2)
    return _to_bytes(values, center - 0.5 - (width - 1) / 2, center - 0.5 + (width - 1) / 2)


def _to_bytes(values: NDArray[Any], low: float, high: float) -> GreyPixels:
    """Map [low, high] linearly to 0..255, clipped; a flat range becomes a step at `low`."""
    if high <= low:
        return np.where(values > low, np.uint8(255), np.uint8(0))
    scaled = (np.asarray(values, dtype=np.float64) - low) * (255.0 / (high - low))
    return np.clip(np.rint(scaled), 0, 255).astype(np.uint8)


def _first(value: Any) -> float | None:
    """The first of one or several numbers of a DICOM element; None when absent or empty."""
    if value is None or value == "":
        return None
    try:
        return float(value)
    except TypeError:
        return float(value[0]) if len(value) else None
