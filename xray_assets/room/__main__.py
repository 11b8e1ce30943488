"""`python -m xray_assets.room`: serve the reading room until SIGTERM or SIGINT."""

import sys

from xray_assets.room.server import serve
from xray_assets.settings import Settings

if __name__ == "__main__":
    try:
        serve(Settings())
    except OSError as error:
        sys.exit(str(error))
