"""From the bytes of one film to its grey pixels: the only decode path, for training and serving.

Here: what counts as an acceptable image, and how each format becomes uint8 grey. Not here: resizing
for a model (`preprocess`), the rules of DICOM windows (`dicom`), removing metadata (`stored`).

Decisions that hold everywhere because they are taken here:
- Colour becomes luminance (ITU-R BT.601). For JPEG that is the stored Y channel, not RGB and back.
  A DICOM file in colour is refused: it says of itself that it is no chest film.
- 16-bit samples keep their high byte; alpha and colour profiles are ignored.
- EXIF orientation is applied, as every viewer does, so the model sees what a reader sees.
- One film is one image: animated PNG, multi-picture JPEG and multi-frame DICOM are refused.
"""

from io import BytesIO

import numpy as np
from PIL import Image
from PIL.JpegImagePlugin import JpegImageFile
from PIL.PngImagePlugin import PngImageFile

from xray_assets.imaging.acceptable import (
    DEFAULT_LIMITS,
    DecodeLimits,
    InvalidImage,
    check_dimensions,
)
from xray_assets.imaging.grey_png import PNG_MAGIC
from xray_assets.imaging.pixels import GreyPixels

JPEG_MAGIC = b"\xff\xd8\xff"
DICOM_MAGIC = b"DICM"
DICOM_MAGIC_OFFSET = 128
ACCEPTED = "send one JPEG, PNG or DICOM file"

_OTHER_FORMATS = {
    b"GIF8": "GIF",
    b"BM": "BMP",
    b"II*\x00": "TIFF",
    b"MM\x00*": "TIFF",
    b"RIFF": "WebP or another RIFF file",
    b"%PDF": "PDF",
    b"\x00\x00\x00\x0cjP": "JPEG 2000",
}
# A block of 8 x 8 takes at least one bit; libjpeg would fill what is missing with grey and not say.
_JPEG_PIXELS_A_BYTE = 512
_ORIENTATION_TAG = 0x0112
_TRANSPOSITIONS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


def decode(data: bytes, *, limits: DecodeLimits = DEFAULT_LIMITS) -> GreyPixels:
    """Grey pixels, uint8 (height, width), 0 = black, at full resolution; the array is read-only.

    Raises InvalidImage, and nothing else, for any bytes that are not one acceptable film.
    """
    if data.startswith(JPEG_MAGIC):
        image: Image.Image = _open(JpegImageFile, data, "JPEG")
        if "mp" in image.info:
            raise InvalidImage("multi_frame", "the JPEG holds several pictures; send one film")
        check_dimensions(*image.size, limits=limits)
        if image.width * image.height > len(data) * _JPEG_PIXELS_A_BYTE:
            raise InvalidImage("truncated", "too few bytes for the size that the JPEG claims")
        if "progressive" in image.info and data.count(b"\xff\xda") > limits.max_scans:
            raise InvalidImage("unsupported", f"more than {limits.max_scans} progressive scans")
        image.draft("L", image.size)
    elif data.startswith(PNG_MAGIC):
        image = _open(PngImageFile, data, "PNG")
        if getattr(image, "is_animated", False):
            raise InvalidImage("multi_frame", "the PNG is animated; send one film")
        check_dimensions(*image.size, limits=limits)
    elif data[DICOM_MAGIC_OFFSET : DICOM_MAGIC_OFFSET + 4] == DICOM_MAGIC:
        from xray_assets.imaging.dicom.decoding import decode_dicom  # optional extra, rarely needed

        return decode_dicom(data, limits=limits)
    else:
        raise _unknown(data)
    return _grey(image)


def _open(
    reader: type[JpegImageFile] | type[PngImageFile], data: bytes, name: str
) -> JpegImageFile | PngImageFile:
    """Parse the header only. Naming the reader skips Pillow's format search and bomb warning."""
    stream = BytesIO(data)
    try:
        return reader(stream)
    except MemoryError:
        raise
    except Exception as error:  # hostile headers raise nearly anything; all of it is one answer
        if "cannot handle" in str(error):
            raise InvalidImage("unsupported", f"this kind of {name} cannot be read") from error
        if stream.tell() >= len(data) or "runcated" in str(error):
            raise InvalidImage("truncated", f"the {name} ends inside its header") from error
        raise InvalidImage("not_an_image", f"the {name} header is damaged") from error


def _grey(image: Image.Image) -> GreyPixels:
    try:
        image.load()
    except MemoryError:
        raise
    except Exception as error:  # as in _open: any failure of a codec means the film is refused
        raise InvalidImage("truncated", "the image data is cut short or damaged") from error
    exif = image.info.get("exif")
    upright = _TRANSPOSITIONS.get(exif_orientation(exif)) if exif else None
    if image.mode.startswith("I"):
        high_byte = (np.asarray(image) >> 8).astype(np.uint8)
        image = Image.fromarray(high_byte)
    elif image.mode != "L":
        image.info.pop("transparency", None)  # alpha is ignored; Pillow would warn about it
        image = image.convert("L")
    if upright is not None:
        image = image.transpose(upright)
    return np.frombuffer(image.tobytes(), np.uint8).reshape(image.height, image.width)


def exif_orientation(exif_block: bytes) -> int:
    """EXIF orientation, 1 (as stored) to 8, of a block that may start with `Exif\\0\\0`."""
    exif = Image.Exif()
    try:
        exif.load(exif_block)
        orientation = exif.get(_ORIENTATION_TAG, 1)
    except Exception:  # a damaged EXIF block says nothing about orientation; viewers show as stored
        return 1
    return orientation if orientation in _TRANSPOSITIONS else 1


def _unknown(data: bytes) -> InvalidImage:
    for magic, name in _OTHER_FORMATS.items():
        if data.startswith(magic):
            return InvalidImage("unsupported", f"{name} is not accepted; {ACCEPTED}")
    if not data:
        return InvalidImage("not_an_image", f"no bytes; {ACCEPTED}")
    return InvalidImage("not_an_image", f"no known image signature; {ACCEPTED}")
