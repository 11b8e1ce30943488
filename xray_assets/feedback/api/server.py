"""The feedback API as a process: its socket and its server. Routes are in `api.py`."""

import logging
import socket

import uvicorn

from xray_assets.feedback.api.routes import feedback_api
from xray_assets.settings import Settings


def serve(settings: Settings) -> None:
    """Serve on settings.host and settings.feedback_port (0: any free one; the log names it).

    Raises OSError, with what to do, when the port is taken.
    """
    with socket.socket(socket.AF_INET6 if ":" in settings.host else socket.AF_INET) as listening:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listening.bind((settings.host, settings.feedback_port))
        except OSError as error:
            raise OSError(
                f"the feedback API cannot listen on {settings.host}:{settings.feedback_port} "
                f"({error.strerror}): stop what uses the port, or choose another with "
                "XRAY_FEEDBACK_PORT"
            ) from error
        config = uvicorn.Config(feedback_api(settings), access_log=False, server_header=False)
        address, port = listening.getsockname()[:2]
        logging.getLogger("uvicorn.error").info("feedback API on http://%s:%d", address, port)
        uvicorn.Server(config).run([listening])
