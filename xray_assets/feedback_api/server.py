"""The feedback API as a process. Routes are in `routes`."""

from xray_assets.feedback_api.routes import feedback_api
from xray_assets.settings import Settings
from xray_assets.web.server import serve as serve_application


def serve(settings: Settings) -> None:
    """Serve on settings.host and settings.feedback_port. Raises AddressTaken."""
    serve_application(
        feedback_api(settings),
        "feedback API",
        host=settings.host,
        port=settings.feedback_port,
        setting="XRAY_FEEDBACK_PORT",
    )
