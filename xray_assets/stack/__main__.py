"""The supervisor of `xray up --detach`: starts again what dies, until `xray down`.

    python -m xray_assets.stack SERVICE ...

Nobody starts the supervisor again: services go on without it, `xray status` says that nobody looks
after them, and the next `xray up` takes them over. Let systemd or a container's restart policy run
`xray up` where that is not enough.
"""

import logging
import sys
import time

from xray_assets.settings import Settings
from xray_assets.stack import running
from xray_assets.stack.environment import process_environment
from xray_assets.stack.processes import POLL_SECONDS, start_process
from xray_assets.stack.stack import Stack

PATIENCE_SECONDS = 30.0


def supervise_detached(stack: Stack) -> None:
    """Hand a started stack over to a supervisor of its own, and return when it looks after it."""
    names = stack.names
    stack.leave_running()
    process, child = start_process(
        "supervisor",
        (sys.executable, "-m", "xray_assets.stack", *names),
        environment=process_environment(stack.settings),
        log=stack.settings.state / "logs" / "supervisor.log",
    )
    supervisor = f"{process.pid}:{process.birth}"
    deadline = time.monotonic() + PATIENCE_SECONDS
    while any(
        one.supervisor != supervisor
        for name, one in running.running(stack.settings).items()
        if name in names
    ):
        if child.poll() is not None or time.monotonic() > deadline:
            raise RuntimeError(f"the supervisor did not start: {process.last_lines()}")
        time.sleep(POLL_SECONDS)


def main() -> None:
    """Look after what runs, and start what does not."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    stack = Stack(Settings(), names=sys.argv[1:], progress=logging.getLogger("supervisor").info)
    stack.start()
    try:
        stack.wait("looking after them")
    finally:
        stack.stop()


if __name__ == "__main__":
    main()
