"""The compressions of a PACS: from one frame of a DICOM file to its stored values.

JPEG (baseline, 12-bit, lossless) and JPEG-LS are libjpeg-turbo's and CharLS's, by imagecodecs; it
also unpacks RLE, bounded by the size that is expected, where pydicom would unpack first. JPEG 2000
stays pydicom's and Pillow's.
"""

import struct
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from xray_assets.imaging.acceptable import InvalidImage

if TYPE_CHECKING:
    from pydicom import Dataset

JPEG = {
    "1.2.840.10008.1.2.4.51": "JPEG extended",
    "1.2.840.10008.1.2.4.57": "JPEG lossless",
    "1.2.840.10008.1.2.4.70": "JPEG lossless",
}
JPEG_LS = {
    "1.2.840.10008.1.2.4.80": "JPEG-LS lossless",
    "1.2.840.10008.1.2.4.81": "JPEG-LS",
}
RLE = {"1.2.840.10008.1.2.5": "RLE"}
_RLE_HEADER = struct.Struct("<16I")
_RLE_PADDING = 128  # a segment may end with a run that means nothing
_END_OF_IMAGE = b"\xff\xd9"
_JPEG_2000 = b"\xff\x4f\xff\x51"
_JPEG_2000_SIZE_HEADER = struct.Struct(">4x4xIIII")
_FRAME_MARKERS = frozenset({*range(0xC0, 0xD0), 0xF7}) - {0xC4, 0xC8, 0xCC}


def unpack(dataset: "Dataset", frame: bytes) -> None:
    """Put the stored values of a compressed frame in place, where this module knows how.

    Raises InvalidImage where imagecodecs is missing, and any error of a codec for damaged data.
    """
    syntax = str(dataset.file_meta.TransferSyntaxUID)
    if syntax not in JPEG | JPEG_LS | RLE:
        return
    try:
        import imagecodecs
        from pydicom.uid import ExplicitVRLittleEndian
    except ImportError as error:
        raise InvalidImage(
            "unsupported", "this compression needs imagecodecs: pip install 'xray-assets[dicom]'"
        ) from error
    if syntax in RLE:
        values = _unpacked_rle(frame, dataset, imagecodecs.packbits_decode)
    elif not frame.rstrip(b"\0\xff").endswith(_END_OF_IMAGE):  # CharLS searches for it for seconds
        raise ValueError("the frame has no end")
    else:
        decoder = imagecodecs.jpeg_decode if syntax in JPEG else imagecodecs.jpegls_decode
        values = np.asarray(decoder(frame))
    if values.shape != (dataset.Rows, dataset.Columns):
        raise ValueError("the frame has another shape than the header says")
    dataset.PixelData = values.astype(values.dtype.newbyteorder("<")).tobytes()
    dataset.BitsAllocated = values.dtype.itemsize * 8
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset.set_original_encoding(is_implicit_vr=False, is_little_endian=True)


def frame_size(frame: bytes) -> tuple[int, int]:
    """(width, height) that a JPEG, JPEG-LS or JPEG 2000 frame itself claims, from its header alone.

    Raises ValueError, IndexError or struct.error where there is none.
    """
    if frame.startswith(_JPEG_2000):
        right, bottom, left, top = _JPEG_2000_SIZE_HEADER.unpack_from(frame)
        return right - left, bottom - top
    position = 2
    while frame[position] == 0xFF:
        marker = frame[position + 1]
        if marker == 0xFF:  # a fill byte
            position += 1
            continue
        if marker in _FRAME_MARKERS:
            height, width = struct.unpack_from(">HH", frame, position + 5)
            return width, height
        position += 2 + struct.unpack_from(">H", frame, position + 2)[0]
    raise ValueError("no frame header")


def _unpacked_rle(frame: bytes, dataset: "Dataset", packbits_decode: Any) -> NDArray[Any]:
    """DICOM PS3.5 annex G: a segment a byte of the samples, the most significant first."""
    size = dataset.Rows * dataset.Columns
    count, *starts = _RLE_HEADER.unpack_from(frame)
    if count != dataset.BitsAllocated // 8 or count not in (1, 2, 4):
        raise ValueError("the number of RLE segments does not fit the samples")
    ends = [*starts[1:count], len(frame)]
    planes = [
        np.frombuffer(packbits_decode(frame[start:end], out=size + _RLE_PADDING), np.uint8)[:size]
        for start, end in zip(starts[:count], ends, strict=True)
    ]
    samples = np.stack(planes, axis=-1)
    values = samples.view(np.dtype(f">u{count}")).reshape(dataset.Rows, dataset.Columns)
    return values.astype(f"<u{count}")
