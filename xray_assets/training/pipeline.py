"""One training from request to registration: the order of the steps, and what each is given.

Films of the splits train and val decide everything; the test films are looked at once, by `judged`.
"""

import shutil
import tempfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from math import isfinite
from pathlib import Path

from xray_assets.training.cross_fitting import OutOfFold, cross_fitted, fitted
from xray_assets.training.films import FilmSplits, load_splits
from xray_assets.training.fitting import Epoch
from xray_assets.training.judging import judged
from xray_assets.training.records import tracking
from xray_assets.training.records.recording import Outcome, record
from xray_assets.training.request import TrainingRequest


def train(request: TrainingRequest, *, say: Callable[[str], None]) -> Outcome:
    """Train, judge, record in MLflow, and register when every gate is passed.

    Raises FilmsError when the films cannot be trained from, ArtifactError when the exported network
    cannot be served.
    """
    plan = request.plan
    splits = load_splits(
        request.films, seed=plan.seed, limit=request.limit, threads=plan.training_threads
    )
    say(f"films: {', '.join(f'{count} {split}' for split, count in splits.counts.items())}")
    with ThreadPoolExecutor(1) as beside, tempfile.TemporaryDirectory() as folder:
        # Opening MLflow takes as long as four epochs, and training leaves the other core idle.
        tracker = beside.submit(tracking.open_tracker, request.tracking_uri)
        losses, out_of_fold, request = _median(request, splits, say)
        ensemble, _ = fitted(
            request.family, splits.learned, request.plan, on_epoch=_told(say, "all films")
        )
        judgement = judged(ensemble, out_of_fold.logits, splits, request, Path(folder))
        if request.leave_in:
            shutil.copytree(judgement.artifact.folder, request.leave_in, dirs_exist_ok=True)
        outcome = record(tracker.result(), request, splits, out_of_fold, judgement, losses)
    if request.leave_in:
        say(f"left in {request.leave_in}, to be judged")
    elif outcome.version is None:
        failed = "; ".join(str(gate) for gate in outcome.gates if not gate.passed)
        say(f"not registered: {failed}")
    else:
        say(f"registered {request.model_name} version {outcome.version}")
    return outcome


def _median(
    request: TrainingRequest, splits: FilmSplits, say: Callable[[str], None]
) -> tuple[dict[int, float], OutOfFold, TrainingRequest]:
    """Out-of-fold losses by seed; the scores of the median one, and the request with that seed."""
    by_seed: dict[int, tuple[OutOfFold, TrainingRequest]] = {}
    for seed in request.seeds or (request.plan.seed,):
        plan = request.plan.model_copy(update={"seed": seed})
        scored = cross_fitted(
            request.family,
            splits.learned,
            plan,
            on_epoch=lambda name, *epoch: _told(say, name)(*epoch),
        )
        by_seed[seed] = scored, request.model_copy(update={"plan": plan})
    losses = {seed: scored.loss for seed, (scored, _) in by_seed.items()}
    ranked = sorted(losses, key=lambda seed: losses[seed])
    return losses, *by_seed[ranked[len(ranked) // 2]]


def _told(say: Callable[[str], None], name: str) -> Callable[[int, int, Epoch], None]:
    """Says each epoch as `progress.parse_progress` reads it back."""

    def tell(number: int, epochs: int, epoch: Epoch) -> None:
        held_out = (
            f", unseen {epoch.validation_loss:.3f}" if isfinite(epoch.validation_loss) else ""
        )
        say(f"epochs of {name} (loss {epoch.train_loss:.3f}{held_out}): {number + 1} of {epochs}")

    return tell
