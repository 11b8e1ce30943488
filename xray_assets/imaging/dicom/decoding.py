"""Grey pixels of one DICOM film, as a viewer would first show it.

Here: the presentation chain (rescale, VOI window or LUT, MONOCHROME1) and what DICOM adds to the
refusals. Not here: choosing the format (`decode`), what is a chest film (`chest_film`), compressed
frames (`codecs`), windows (`window`), the film at its own depth (`full_depth`), tags
that may be kept (`tags`).
pydicom and imagecodecs are the optional extra `dicom`.

Chain, after DICOM PS3.3 C.7.6.3 and C.11.2: stored values -> modality rescale or LUT -> first VOI
LUT or window (LINEAR, LINEAR_EXACT, SIGMOID) -> 0..255 -> inverted for MONOCHROME1. Without a
window, the range of the film's own values (padding excluded) becomes 0..255.
"""

import logging
import warnings
from collections.abc import Callable
from io import BytesIO
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from xray_assets.imaging.acceptable import DecodeLimits, InvalidImage, check_dimensions
from xray_assets.imaging.dicom.chest_film import check_chest_film
from xray_assets.imaging.dicom.codecs import JPEG, JPEG_LS, RLE, frame_size, unpack
from xray_assets.imaging.dicom.tags import DicomTags
from xray_assets.imaging.dicom.window import Window, first_window
from xray_assets.imaging.full_depth import FullDepth, full_depth
from xray_assets.imaging.pixels import GreyPixels

if TYPE_CHECKING:
    from pydicom import Dataset

Depth = TypeVar("Depth")

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
    return _read_film(data, limits, lambda dataset, stored, window: None)[0]


def decode_with_depth(
    data: bytes, *, limits: DecodeLimits
) -> tuple[GreyPixels, FullDepth | None, DicomTags]:
    """The same pixels, the film at the depth it was stored with, and the tags that may be kept.
    Raises as `decode_dicom`.
    """
    pixels, (depth, tags) = _read_film(
        data, limits, lambda *film: (full_depth(*film), DicomTags.of(film[0]))
    )
    return pixels, depth, tags


def _read_film(
    data: bytes, limits: DecodeLimits, depth: Callable[["Dataset", NDArray[Any], Window], Depth]
) -> tuple[GreyPixels, Depth]:
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
        stored = dataset.pixel_array
        window = _window(dataset, stored)
        return _as_shown(dataset, stored, window), depth(dataset, stored, window)
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


def _as_shown(dataset: "Dataset", stored: NDArray[Any], window: Window) -> GreyPixels:
    """In blocks of rows: as float64 a whole film would take a hundred times its bytes."""
    from pydicom.pixels.processing import apply_voi

    shown = np.empty(stored.shape, np.uint8)
    for rows in _blocks(stored):
        values = _rescaled(stored[rows], dataset)
        if dataset.get("VOILUTSequence"):
            values = apply_voi(values.astype(np.int64), dataset, index=0)
        shown[rows] = window.shown(values)
    if dataset.PhotometricInterpretation == "MONOCHROME1":
        np.subtract(255, shown, out=shown)
    shown.flags.writeable = False
    return shown


def _window(dataset: "Dataset", stored: NDArray[Any]) -> Window:
    if dataset.get("VOILUTSequence"):
        return Window(0, 2 ** int(dataset.VOILUTSequence[0].LUTDescriptor[2]) - 1)
    return first_window(dataset) or _own_range(stored, dataset)


def _blocks(stored: NDArray[Any]) -> list[slice]:
    return [slice(top, top + _BLOCK_ROWS) for top in range(0, len(stored), _BLOCK_ROWS)]


def _rescaled(stored: NDArray[Any], dataset: "Dataset") -> NDArray[np.float64]:
    from pydicom.pixels.processing import apply_modality_lut

    return np.asarray(apply_modality_lut(stored, dataset), dtype=np.float64)


def _own_range(stored: NDArray[Any], dataset: "Dataset") -> Window:
    """From the lowest to the highest value, without the padding where anything else is there."""
    padding = dataset.get("PixelPaddingValue")
    ranges: dict[bool, list[float]] = {True: [], False: []}
    for rows in _blocks(stored):
        values = _rescaled(stored[rows], dataset)
        kept = values if padding is None else values[stored[rows] != padding]
        for is_kept, some in ((True, kept), (False, values)):
            ranges[is_kept] += [float(some.min()), float(some.max())] if some.size else []
    found = ranges[True] or ranges[False]
    return Window(min(found), max(found))
