"""How a demo ended."""

from dataclasses import dataclass

from xray_assets.rollout.experiment import Experiment


@dataclass(frozen=True)
class Outcome:
    """How a demo ended: the experiment, its last decision, and how long things took in seconds."""

    experiment: Experiment
    decision: dict
    seconds: dict[str, float]
