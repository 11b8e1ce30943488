"""How large a film says it is, read from its header alone: what decoding it would cost."""

import struct
from io import BytesIO

from PIL.JpegImagePlugin import JpegImageFile

from xray_assets.imaging.decode import DICOM_MAGIC, DICOM_MAGIC_OFFSET, JPEG_MAGIC
from xray_assets.imaging.grey_png import PNG_MAGIC

_PNG_SIZE = struct.Struct(">II")
_PNG_SIZE_OFFSET = 16


def claimed_pixels(data: bytes) -> int:
    """Width x height that a JPEG, PNG or DICOM file states; 0 where it states none, which decoding
    refuses. The pixels may be others: decoding compares them.
    """
    try:
        if data.startswith(JPEG_MAGIC):
            width, height = JpegImageFile(BytesIO(data)).size
        elif data.startswith(PNG_MAGIC):
            width, height = _PNG_SIZE.unpack_from(data, _PNG_SIZE_OFFSET)
        elif data[DICOM_MAGIC_OFFSET : DICOM_MAGIC_OFFSET + 4] == DICOM_MAGIC:
            from xray_assets.imaging.dicom.decoding import (
                claimed_size,  # optional extra, rarely needed
            )

            width, height = claimed_size(data)
        else:
            return 0
    except MemoryError:
        raise
    except Exception:  # hostile headers raise nearly anything; decoding says what is wrong
        return 0
    return width * height
