"""Grey samples as PNG, 8 or 16 bits, nothing else in the file.

A film's rows differ little from the ones above them, and by noise: subtracting the row above and
coding runs and symbols (zlib's Z_RLE) is smaller here than Pillow's search and takes a quarter of
its time (`benchmarks/measure_imaging.py`).
"""

import struct
import zlib

import numpy as np
from numpy.typing import NDArray

PNG_MAGIC = b"\x89PNG\r\n\x1a\n"
_UP = 2
_GREY = 0


def grey_png(samples: NDArray[np.uint8] | NDArray[np.uint16]) -> bytes:
    """A PNG of (height, width) samples, 0 = black."""
    height, width = samples.shape
    bits = samples.dtype.itemsize * 8
    lines = np.ascontiguousarray(samples, samples.dtype.newbyteorder(">")).view(np.uint8)
    rows = np.empty((height, lines.shape[1] + 1), np.uint8)
    rows[:, 0] = _UP
    rows[0, 1:] = lines[0]
    np.subtract(lines[1:], lines[:-1], out=rows[1:, 1:])
    packer = zlib.compressobj(1, zlib.DEFLATED, zlib.MAX_WBITS, 9, zlib.Z_RLE)
    header = struct.pack(">IIBBBBB", width, height, bits, _GREY, 0, 0, 0)
    return png_file(header, packer.compress(rows.data) + packer.flush())


def png_file(header: bytes, pixels: bytes) -> bytes:
    """A PNG of these bodies of IHDR and IDAT alone."""
    chunks = ((b"IHDR", header), (b"IDAT", pixels), (b"IEND", b""))
    return PNG_MAGIC + b"".join(_chunk(kind, body) for kind, body in chunks)


def _chunk(kind: bytes, body: bytes) -> bytes:
    checked = kind + body
    return struct.pack(">I", len(body)) + checked + struct.pack(">I", zlib.crc32(checked))
