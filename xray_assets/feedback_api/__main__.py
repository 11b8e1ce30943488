"""`python -m xray_assets.feedback_api`: serve the feedback API until SIGTERM or SIGINT."""

import sys

from xray_assets.feedback_api.server import serve
from xray_assets.settings import Settings

if __name__ == "__main__":
    try:
        serve(Settings())
    except OSError as error:
        sys.exit(str(error))
