"""One training in MLflow: its run, its figures and pictures, its native model, its registration.

Only writing; what is written is decided elsewhere. Environment inference is off everywhere
(explicit `pip_requirements`): it starts processes and costs minutes.
"""

import json
import shutil
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from types import ModuleType

import xray_assets
from xray_assets.scoring.artifact import ServingArtifact
from xray_assets.scoring.mlflow_client import import_mlflow, move_experiment, prepare
from xray_assets.scoring.registered import (
    DIGEST_TAG,
    FAMILY_TAG,
    SERVING_FOLDER,
    THRESHOLD_TAG,
)
from xray_assets.training.fitting import Epoch

EXPERIMENT = "pneumonia-classifiers"

PYFUNC_FILE = Path(__file__).parents[1] / "families" / "pyfunc_model.py"
PYFUNC_ROOMS = ("__init__.py", "catalog.py", "errors.py", "imaging", "scoring")
"""What a registered version carries of this package, so that it loads without it."""

PYFUNC_REQUIREMENTS = ("mlflow", "numpy", "onnxruntime", "pandas", "pillow")


@dataclass(frozen=True)
class Tracker:
    """MLflow, imported and connected to its store."""

    mlflow: ModuleType


@dataclass(frozen=True)
class TrackedRun:
    """An open MLflow run."""

    mlflow: ModuleType
    run_id: str
    experiment_id: str

    @property
    def path(self) -> str:
        """Path of the run in MLflow's web interface."""
        return f"#/experiments/{self.experiment_id}/runs/{self.run_id}"


def open_tracker(tracking_uri: str) -> Tracker:
    """MLflow, connected: importing it costs 2 s, and making a new SQLite database 4 s."""
    mlflow = import_mlflow()
    prepare(tracking_uri)
    mlflow.set_tracking_uri(tracking_uri)
    mlflow.search_experiments(max_results=1)
    return Tracker(mlflow)


@contextmanager
def tracked_run(
    tracker: Tracker, name: str, artifacts_uri: str, *, description: str = ""
) -> Iterator[TrackedRun]:
    """A run in the one experiment of all families, so that one table compares them; it ends as
    FAILED when the block raises.
    """
    mlflow = tracker.mlflow
    known = mlflow.get_experiment_by_name(EXPERIMENT)
    location = f"{artifacts_uri.rstrip('/')}/{EXPERIMENT}"
    experiment_id = known.experiment_id if known else mlflow.create_experiment(EXPERIMENT, location)
    if known and known.artifact_location != location:
        move_experiment(mlflow.get_tracking_uri(), experiment_id, location)
    with mlflow.start_run(
        experiment_id=experiment_id,
        run_name=name,
        description=description,
        log_system_metrics=False,
    ) as run:
        yield TrackedRun(mlflow, run.info.run_id, experiment_id)


@contextmanager
def gone_on_with(tracker: Tracker, run_id: str) -> Iterator[TrackedRun]:
    """The run of a training, opened again: its candidate was judged since."""
    with tracker.mlflow.start_run(run_id=run_id, log_system_metrics=False) as run:
        yield TrackedRun(tracker.mlflow, run.info.run_id, run.info.experiment_id)


def log_films(run: TrackedRun, table: str, digest: str, counts: Mapping[str, int]) -> None:
    """The films as the run's dataset: runs of equal digests were trained and judged on the same.

    counts: films by split.
    """
    from mlflow.entities import Dataset, DatasetInput, InputTag

    films = Dataset(
        name=table,
        digest=digest[:36],
        source_type="delta",
        source=json.dumps({"table": table}),
        profile=json.dumps(counts),
    )
    inputs = [DatasetInput(films, [InputTag("mlflow.data.context", "training")])]
    run.mlflow.MlflowClient().log_inputs(run.run_id, datasets=inputs)


def log_parameters(run: TrackedRun, parameters: Mapping[str, object]) -> None:
    """Parameters of the run; None is left out."""
    known = {key: value for key, value in parameters.items() if value is not None}
    run.mlflow.log_params(known)


def log_curve(run: TrackedRun, curve: Sequence[Epoch]) -> None:
    """One point an epoch of each curve, in one write."""
    log_points(
        run,
        [
            (name, step, value)
            for step, epoch in enumerate(curve, start=1)
            for name, value in vars(epoch).items()
        ],
    )


def log_points(run: TrackedRun, points: Sequence[tuple[str, int, float]]) -> None:
    """Name, step and value of each, in one write."""
    from mlflow.entities import Metric

    now = int(time.time() * 1000)
    metrics = [Metric(name, value, now, step) for name, step, value in points]
    run.mlflow.MlflowClient().log_batch(run.run_id, metrics=metrics)


def log_pictures(run: TrackedRun, pictures: Mapping[str, str]) -> None:
    """SVG documents under plots/."""
    for name, picture in pictures.items():
        run.mlflow.log_text(picture, f"plots/{name}.svg")


def register(
    run: TrackedRun, artifact: ServingArtifact, model_name: str, tags: Mapping[str, str]
) -> int:
    """Register the serving artifact as a new version of the model; returns its number.

    The version is a pyfunc from code: it loads no pickle and needs no framework.
    """
    from mlflow.models import ModelSignature
    from mlflow.types import ColSpec, Schema

    signature = ModelSignature(
        Schema([ColSpec("string", "image")]),
        Schema([ColSpec("float", "probability"), ColSpec("string", "label")]),
    )
    with tempfile.TemporaryDirectory() as temporary:
        serving = Path(temporary, SERVING_FOLDER)  # MLflow names artifacts after their folder
        shutil.copytree(artifact.folder, serving)
        logged = run.mlflow.pyfunc.log_model(
            name="model",
            python_model=str(PYFUNC_FILE),
            artifacts={SERVING_FOLDER: str(serving)},
            code_paths=[str(_package_copy(Path(temporary)))],
            signature=signature,
            pip_requirements=[f"{name}=={version(name)}" for name in PYFUNC_REQUIREMENTS],
        )
    identity = {
        DIGEST_TAG: artifact.sha256,
        FAMILY_TAG: artifact.family,
        THRESHOLD_TAG: repr(artifact.threshold),
    }
    made = run.mlflow.register_model(logged.model_uri, model_name, tags={**tags, **identity})
    return int(made.version)


def _package_copy(folder: Path) -> Path:
    """The rooms of PYFUNC_ROOMS as a package of their own."""
    source, copy = Path(xray_assets.__file__).parent, folder / "xray_assets"
    copy.mkdir()
    for room in PYFUNC_ROOMS:
        if (source / room).is_dir():
            shutil.copytree(
                source / room, copy / room, ignore=shutil.ignore_patterns("__pycache__")
            )
        else:
            shutil.copy2(source / room, copy / room)
    return copy
