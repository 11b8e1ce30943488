"""How many reads a day there are, and the key that draws the cases for them."""

from pathlib import Path

import dagster as dg


class ReviewDesk(dg.ConfigurableResource):
    """`budget`: reads a day. `key_file`: made by the first run, mode 0600; whoever has it can tell
    who will be drawn.
    """

    budget: int
    key_file: str

    def key(self) -> bytes:
        """The key. Raises PermissionError where others may read it."""
        from xray_assets.web.private_files import read_or_make

        return read_or_make(Path(self.key_file)).encode()
