"""Gives freed memory back to the system: glibc keeps it, and a server that once decoded a large
film would hold hundreds of megabytes while it is idle.
"""

import ctypes
from contextlib import suppress

_M_MMAP_THRESHOLD = -3
_LARGE_BLOCK = 1024 * 1024


def return_large_blocks() -> None:
    """From now on blocks over a megabyte go back as soon as they are freed.

    By default glibc raises this threshold up to 32 MB as a program frees blocks. Without effect
    where the C library is another one.
    """
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).mallopt(_M_MMAP_THRESHOLD, _LARGE_BLOCK)
