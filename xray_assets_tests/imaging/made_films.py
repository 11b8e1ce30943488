"""Small films made in memory for the tests of this room, and where the real ones may be."""

import io
import struct
import zlib
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

REAL_FILMS = Path(__file__).parents[3] / "shared" / "xray_sample"
EXIF_ORIENTATION = 0x0112


def grey(height: int = 40, width: int = 50, *, seed: int = 0) -> NDArray[np.uint8]:
    """A smooth ramp with a little noise: no symmetry, so that every turn shows."""
    ramp = np.add.outer(np.linspace(0, 180, height), np.linspace(0, 60, width))
    noise = np.random.default_rng(seed).integers(0, 12, (height, width))
    return (ramp + noise).astype(np.uint8)


def encoded(pixels: NDArray[Any] | Image.Image, kind: str = "JPEG", **options: Any) -> bytes:
    """Pixels as a file in memory."""
    image = pixels if isinstance(pixels, Image.Image) else Image.fromarray(pixels)
    stream = io.BytesIO()
    image.save(stream, kind, **options)
    return stream.getvalue()


def exif_with(orientation: int, description: str = "") -> bytes:
    """An EXIF block with an orientation and, if given, an image description."""
    exif = Image.Exif()
    exif[EXIF_ORIENTATION] = orientation
    if description:
        exif[0x010E] = description
    return exif.tobytes()


def png_header_only(width: int, height: int) -> bytes:
    """A PNG that claims a size and holds next to nothing: what a decompression bomb looks like."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return (
            struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        )

    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(b"\0" * 64))
        + chunk(b"IEND", b"")
    )


def jpeg_claiming(width: int, height: int) -> bytes:
    """A small JPEG whose frame header claims another size."""
    data = bytearray(encoded(grey(), quality=80))
    frame = data.index(b"\xff\xc0")
    data[frame + 5 : frame + 9] = struct.pack(">HH", height, width)
    return bytes(data)
