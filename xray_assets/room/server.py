"""The reading room as a process. What it serves is in `application`."""

from xray_assets.room.application import room_app
from xray_assets.settings import Settings
from xray_assets.web.server import serve as serve_application


def serve(settings: Settings) -> None:
    """Serve on settings.host and settings.room_port. Raises AddressTaken."""
    serve_application(
        room_app(settings),
        "reading room",
        host=settings.host,
        port=settings.room_port,
        setting="XRAY_ROOM_PORT",
    )
