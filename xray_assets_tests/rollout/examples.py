"""Example experiments and observations for the tests of the rollout."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from xray_assets.review.policy import ReviewPolicy
from xray_assets.rollout.candidates import Candidate
from xray_assets.rollout.experiment import Experiment
from xray_assets.rollout.reconcile import Observation

OPENED = datetime(2026, 1, 1, tzinfo=UTC)
KERAS = Candidate("cat.models.keras", 1, "a" * 64, 0.4)
TORCH = Candidate("cat.models.torch", 2, "b" * 64, 0.6)


def an_experiment(starting_share: int = 50, policy: ReviewPolicy | None = None) -> Experiment:
    """Opened at OPENED with the Keras model as champion."""
    return Experiment.open(
        KERAS,
        TORCH,
        rule_hash="r",
        review_policy_hash=policy.sha256 if policy else None,
        starting_share=starting_share,
        now=OPENED,
        by="test",
        cause="test",
    )


def seen(experiment: Experiment, **changes: object) -> Observation:
    """An observation in which the endpoint serves what is wanted and nothing was decided."""
    observation = Observation(
        experiment=experiment,
        served=experiment.wanted_traffic(),
        served_experiment=experiment.experiment_id if experiment.is_running else None,
        verdict=None,
        reasons=(),
        decision_id=None,
        requests=10_000,
        red=(),
        now=OPENED + timedelta(days=1),
    )
    return replace(observation, **changes)
