"""`python -m xray_assets.training`: one training, asked for by the extras of a Pipes session.

By hand, the extras come as JSON: `python -m xray_assets.training '{"family": "keras", ...}'`.
"""

import contextlib
import json
import logging
import sys

from xray_assets.training.pipes import pipes_session, report
from xray_assets.training.quiet import warn_nobody
from xray_assets.training.request import TrainingRequest


def main() -> None:
    """Train what the session's extras ask for and report it."""
    warn_nobody()
    by_hand = [argument for argument in sys.argv[1:] if argument.startswith("{")]
    with pipes_session() as context:
        # Imported inside, so that Dagster hears of a failing import too.
        from xray_assets.training.pipeline import train

        if by_hand:
            logging.basicConfig(format="%(message)s", level=logging.INFO, stream=sys.stderr)
        extras = json.loads(by_hand[0]) if by_hand else context.extras
        say = logging.getLogger("training").info if by_hand else context.log.info
        report(context, train(TrainingRequest.from_extras(extras), say=say))


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):  # whoever pressed Ctrl-C knows; 130 says it
        sys.exit(main())
    sys.exit(130)
