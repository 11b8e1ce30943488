"""The local endpoint: one process that serves champion and challenger and loses no request.

Start it with `python -m xray_assets.serving` or `serve(settings)`. Importing this package is cheap
and loads no framework: what only reads the log uses `xray_assets.serving.log.logged_rows` alone.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from xray_assets.settings import Settings


def serve(settings: "Settings") -> None:
    """Serve until SIGTERM or SIGINT, then stop gracefully; see `serving.server.serve`."""
    from xray_assets.serving.process.server import (
        serve as run,
    )  # uvicorn and onnxruntime are loaded here only

    run(settings)
