"""From one entry of a request to what the model sees and what the log keeps. All decoding is
`xray_assets.imaging`'s.
"""

import binascii
import hashlib
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from xray_assets.imaging.acceptable import DecodeLimits, InvalidImage
from xray_assets.imaging.decode import DICOM_MAGIC, DICOM_MAGIC_OFFSET, decode
from xray_assets.imaging.dicom.tags import DicomTags
from xray_assets.imaging.digest import pixel_sha256
from xray_assets.imaging.full_depth import FullDepth
from xray_assets.imaging.grey_png import grey_png
from xray_assets.imaging.preprocess import MODEL_SIDE, model_input
from xray_assets.imaging.stored import without_metadata
from xray_assets.web.refusals import BadRequest

ENCODED, FLOAT32 = "encoded", "float32"
"""Kinds of a stored film: JPEG or PNG bytes, or 64 x 64 little-endian float32 as they were sent."""

SMALL_FILM = DecodeLimits(max_pixels=1_000_000)
"""Films that are decoded at once on the serving thread; larger ones go to a helper thread."""


class LargeFilm(Exception):
    """The film is much work (many pixels, or DICOM): decode it where nobody waits behind it."""


@dataclass(slots=True)
class Film:
    """A film that was decoded; its pixels are gone.

    `model_input`: float32 (64, 64). `digest`: SHA-256 of the pixels (uint8 films) or of the shape,
    the type and the values (arrays). `source`: the bytes it came from, None for an array.
    """

    model_input: np.ndarray
    digest: str
    source: bytes | None
    is_bare: bool = False
    """True when `source` holds the pixels and nothing else of what was sent."""
    depth: FullDepth | None = None
    """Of a DICOM file: the film at the depth it was stored with."""
    tags: DicomTags | None = None
    """Of a DICOM file: those that may be kept."""

    def bare(self) -> "Film":
        """The same film with a source that may be kept as it is."""
        if self.source is None or self.is_bare:
            return self
        return replace(self, source=without_metadata(self.source), is_bare=True)

    @property
    def kept_bytes(self) -> int:
        """How much the log keeps of a file."""
        return len(self.source or b"") + (len(self.depth.png) if self.depth else 0)

    def stored(self) -> tuple[str, bytes]:
        """(kind, bytes) that hold the same pixels and nothing else of what was sent."""
        source = self.bare().source
        if source is None:
            return FLOAT32, self.model_input.astype("<f4").tobytes()
        return ENCODED, source


def film(entry: Any, *, index: int, limits: DecodeLimits = SMALL_FILM) -> Film:
    """Decode entry `index` of a request.

    Raises BadRequest when it is no acceptable film, LargeFilm when it needs other limits than
    SMALL_FILM.
    """
    if isinstance(entry, str):
        return read_film(film_bytes(entry, index=index), index=index, limits=limits)
    return array_film(entry, index=index)


def film_bytes(text: str, *, index: int) -> bytes:
    """The file in base64 text; raises BadRequest."""
    try:
        return binascii.a2b_base64(text, strict_mode=True)
    except (ValueError, UnicodeEncodeError):
        return _from_loose_base64(text, index=index)


def read_film(data: bytes, *, index: int, limits: DecodeLimits) -> Film:
    """Decode a file. Raises as `film` does."""
    is_dicom = data[DICOM_MAGIC_OFFSET : DICOM_MAGIC_OFFSET + 4] == DICOM_MAGIC
    if limits is SMALL_FILM and is_dicom:
        raise LargeFilm
    try:
        if is_dicom:
            return _dicom_film(data, limits)
        pixels = decode(data, limits=limits)
    except InvalidImage as error:
        if error.reason == "too_large" and limits is SMALL_FILM:
            raise LargeFilm from None
        raise _refused(index, error.reason, error.message) from None
    return Film(model_input(pixels), pixel_sha256(pixels), data)


def _dicom_film(data: bytes, limits: DecodeLimits) -> Film:
    """Decoded once, for the model, the store and the reader."""
    from xray_assets.imaging.dicom.decoding import (
        decode_with_depth,  # optional extra, rarely needed
    )

    pixels, depth, tags = decode_with_depth(data, limits=limits)
    source, digest = grey_png(pixels), pixel_sha256(pixels)
    return Film(model_input(pixels), digest, source, is_bare=True, depth=depth, tags=tags)


def _from_loose_base64(text: str, *, index: int) -> bytes:
    """Line breaks (as `base64` prints them), the URL alphabet and data URLs are tolerated."""
    if text.startswith("data:"):
        text = text.partition(",")[2]
    text = "".join(text.split()).replace("-", "+").replace("_", "/")
    try:
        return binascii.a2b_base64(text + "=" * (-len(text) % 4), strict_mode=True)
    except (ValueError, UnicodeEncodeError):
        raise _refused(index, "not_base64", "this is not base64 text") from None


def array_film(entry: Any, *, index: int) -> Film:
    """A film that was sent as 64 lists of 64 numbers; raises BadRequest."""
    if not isinstance(entry, list):
        raise _refused(
            index, "not_an_image", "send base64 text of a JPEG, PNG or DICOM file, or a 64x64 array"
        )
    rows = [_numbers(row) for row in entry] if len(entry) == MODEL_SIDE else []
    if not rows or not all(rows):
        raise _refused(index, "wrong_shape", "an array must be 64 lists of 64 numbers")
    try:
        values = np.array(rows, np.float64)
    except OverflowError:
        raise _refused(index, "out_of_range", "values must be in [0, 1]") from None
    if not np.all(np.isfinite(values)):
        raise _refused(index, "not_finite", "the array holds NaN or infinity")
    if values.min() < 0 or values.max() > 1:
        raise _refused(
            index, "out_of_range", "values must be in [0, 1], 0 = black: divide bytes by 255"
        )
    pixels = values.astype(np.float32)
    digest = hashlib.sha256(b"64x64:float32:" + pixels.tobytes()).hexdigest()
    return Film(pixels, digest, None)


def _numbers(row: Any) -> list[Any] | None:
    """The 64 numbers of a row, also when each has a list of its own (64x64x1); None otherwise.

    Looked at one by one before NumPy does: it would turn one long text among them into gigabytes.
    """
    if not isinstance(row, list) or len(row) != MODEL_SIDE:
        return None
    if isinstance(row[0], list):
        row = [cell[0] if isinstance(cell, list) and len(cell) == 1 else None for cell in row]
    return row if set(map(type, row)) <= {int, float} else None


def _refused(index: int, reason: str, message: str) -> BadRequest:
    return BadRequest(f"image {index}: {message}", reason=reason)
