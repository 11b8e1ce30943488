"""`python -m xray_assets.serving`: the endpoint with the settings of the environment. Options are
settings (XRAY_...).
"""

import os
import socket
import sys

from xray_assets.settings import Settings


def main(arguments: list[str]) -> int:
    """Serve; returns the exit code. `--worker LISTENER LIFELINE` (file descriptors) is the
    supervisor's way to start a worker.
    """
    if len(arguments) == 3 and arguments[0] == "--worker":
        from xray_assets.serving.process.server_log import ServerLog
        from xray_assets.serving.process.worker import ignore_interrupts, run_worker

        ignore_interrupts()
        settings = Settings.model_validate_json(os.environ.pop("XRAY_SERVING_SETTINGS"))
        listener, lifeline = socket.socket(fileno=int(arguments[1])), int(arguments[2])
        run_worker(settings, listener, ServerLog(), lifeline=lifeline)
        return 0
    if arguments:
        sys.stderr.write(
            "python -m xray_assets.serving takes no options; set XRAY_ENDPOINT_PORT, XRAY_STATE, "
            "...\n"
        )
        return 2
    from xray_assets.serving.process.server import ServerError, serve

    try:
        serve(Settings())
    except ServerError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
