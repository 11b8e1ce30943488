"""One training from request to registration: the order of the steps, and what each is given.

Train and validation films decide everything; the test films are looked at once, by `judged`.
"""

import shutil
import tempfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from xray_assets.training import tracking
from xray_assets.training.families import build
from xray_assets.training.families.network import Network
from xray_assets.training.films import FilmSplits, load_splits
from xray_assets.training.fitting import Epoch, History, fit
from xray_assets.training.judging import judged
from xray_assets.training.recording import Outcome, record
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
    say(f"films: {len(splits.train)} train, {len(splits.validation)} val, {len(splits.test)} test")
    with ThreadPoolExecutor(1) as beside, tempfile.TemporaryDirectory() as folder:
        # Opening MLflow takes as long as four epochs, and training leaves the other core idle.
        tracker = beside.submit(tracking.open_tracker, request.tracking_uri)
        seed, network, history, losses = _median(request, splits, say)
        chosen = plan.model_copy(update={"seed": seed})
        request = request.model_copy(update={"plan": chosen})
        judgement = judged(network, splits, request, Path(folder))
        if request.leave_in:
            shutil.copytree(judgement.artifact.folder, request.leave_in, dirs_exist_ok=True)
        outcome = record(tracker.result(), request, network, splits, history, judgement, losses)
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
) -> tuple[int, Network, History, dict[int, float]]:
    """The seed whose validation loss is the median, its network, and the losses by seed."""
    fitted: dict[int, tuple[Network, History]] = {}
    for seed in request.seeds or (request.plan.seed,):
        plan = request.plan.model_copy(update={"seed": seed})
        network = build(request.family, seed=seed, threads=plan.training_threads)
        history = fit(
            network,
            splits.train,
            splits.validation,
            plan,
            on_epoch=lambda number, epochs, epoch: say(_line(number, epochs, epoch)),
        )
        fitted[seed] = network, history
    losses = {seed: history.lowest for seed, (_, history) in fitted.items()}
    ranked = sorted(losses, key=lambda seed: losses[seed])
    seed = ranked[len(ranked) // 2]
    return seed, *fitted[seed], losses


def _line(number: int, epochs: int, epoch: Epoch) -> str:
    """As `progress.parse_progress` reads it back."""
    losses = f"loss {epoch.train_loss:.3f}, on validation {epoch.validation_loss:.3f}"
    return f"epochs ({losses}, AUC {epoch.validation_auc:.4f}): {number + 1} of {epochs}"
