"""Keeps the frameworks' chatter out of a training's log: a line there is worth reading.

Errors are not touched: an exception comes as one.
"""

import os
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager


def warn_nobody() -> None:
    """Python's warnings are for whoever changes the code; `python -W` brings them back."""
    if not sys.warnoptions:
        warnings.simplefilter("ignore")


@contextmanager
def silent_native_code() -> Iterator[None]:
    """Standard error closed for the process itself: TensorFlow writes to it before it reads any
    setting.
    """
    sys.stderr.flush()
    kept = os.dup(2)
    try:
        with open(os.devnull, "w") as nowhere:  # noqa: PTH123
            os.dup2(nowhere.fileno(), 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
