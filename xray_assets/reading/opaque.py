"""Ids that tell nothing: what a person sees of a case, and the key of the order in which cases are
read. Keyed, so that nobody who knows a request id can work them out.
"""

import hmac
from pathlib import Path

from xray_assets.web.private_files import read_or_make


class OpaqueIds:
    """The key is made by the first start, with mode 0600."""

    def __init__(self, folder: Path) -> None:
        """Read or make `<folder>/key`. Raises PermissionError where others can read it."""
        secret = read_or_make(folder / "key").encode()
        self._cases = hmac.digest(secret, b"cases", "sha256")
        self.order = hmac.digest(secret, b"order", "sha256")
        """32 bytes for `asked.in_order`."""

    def case(self, request_id: str) -> str:
        """16 hex digits, the same for everybody: readers may talk about a case."""
        return hmac.digest(self._cases, request_id.encode(), "sha256").hex()[:16]
