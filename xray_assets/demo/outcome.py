"""How a demo ended."""

from collections.abc import Sequence
from dataclasses import dataclass

from xray_assets.demo.accounts import SignIn
from xray_assets.rollout.experiment import Experiment


@dataclass(frozen=True)
class Outcome:
    """How a demo ended: the experiment, its last decision, how long things took in seconds, and who
    may sign in.
    """

    experiment: Experiment
    decision: dict
    seconds: dict[str, float]
    visitors: Sequence[SignIn]
