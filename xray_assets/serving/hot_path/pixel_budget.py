"""How many pixels one worker decodes at a time: bounds memory, which a few compressed bytes do not.

A film of 64 megapixels may have 10 kB and take hundreds of megabytes while it is decoded.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager


class PixelsInWork:
    """A bound shared by the threads that decode. A film over the bound is decoded alone."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._taken = 0
        self._changed = threading.Condition()

    @contextmanager
    def take(self, pixels: int) -> Iterator[None]:
        """Wait until `pixels` more fit, and hold them."""
        with self._changed:
            self._changed.wait_for(lambda: not self._taken or self._taken + pixels <= self._limit)
            self._taken += pixels
        try:
            yield
        finally:
            with self._changed:
                self._taken -= pixels
                self._changed.notify_all()
