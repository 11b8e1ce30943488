"""`xray`: quiet under Ctrl-C from its first moment, also while the command line is imported."""

import os
import signal


def main() -> None:
    """Run a command."""
    signal.signal(signal.SIGINT, lambda *_: os._exit(130))
    from xray_assets.cli import main as run

    run()


if __name__ == "__main__":
    main()
