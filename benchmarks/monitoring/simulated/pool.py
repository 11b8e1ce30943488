"""The pool that all worlds draw from: films no classifier saw, measured and scored in every kind.

    python -m benchmarks.monitoring.simulated.pool [--cache FOLDER]

Two classifiers of the product's PyTorch family are trained on 40 % of the patients; every jittered
film of the others is corrupted in every way, measured, and scored by both. Kept as one npz below
the cache folder (about 4 minutes of CPU the first time). Prints what each corruption does to the
champion.
"""

import argparse
import os
import tempfile
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np

from benchmarks.in_process_training import trained_into
from benchmarks.monitoring.simulated.films import (
    KINDS,
    VARIANTS,
    folder_of_films,
    manifest,
    measured,
)
from xray_assets.scoring.session import OnnxClassifier
from xray_assets.settings.training_plan import TrainingPlan
from xray_assets.statistics.roc import area_under_curve
from xray_assets.training.families.network import batches

POOL_VERSION = 1
SEED = 0
CACHE = Path(tempfile.gettempdir()) / "xray-monitoring-pool"
_FILMS_A_TASK = 12
_PREVALENCE = 0.74
_BATCH = 32  # of more the memory is asked for and given back each time, which takes as long again


@dataclass(frozen=True, eq=False)
class Pool:
    """N films of the pool in every kind. `family`: 0 original files, 1 squashed squares.

    features (kinds, N, 19); embedding (kinds, N, 64); champion, challenger (kinds, N)
    probabilities; thresholds of both; patient, positive, family (N,) integers.
    """

    source: str
    patient: np.ndarray
    positive: np.ndarray
    family: np.ndarray
    features: np.ndarray
    embedding: np.ndarray
    champion: np.ndarray
    challenger: np.ndarray
    thresholds: np.ndarray


def load_pool(cache: Path = CACHE) -> Pool:
    """The pool, made first where it is not kept."""
    file = cache / f"pool-{POOL_VERSION}.npz"
    if not file.exists():
        cache.mkdir(parents=True, exist_ok=True)
        made = make_pool(cache)
        with tempfile.NamedTemporaryFile(dir=cache, delete=False) as part:
            np.savez(part, **made)
        Path(part.name).replace(file)
        for measured_films in cache.glob("measured-*.npz"):
            measured_films.unlink()
    with np.load(file) as kept:
        return Pool(**{name: kept[name] for name in kept.files} | {"source": str(kept["source"])})


def make_pool(cache: Path) -> dict[str, Any]:
    """Train, corrupt, measure and score."""
    folder, source = folder_of_films(cache)
    films = manifest(folder, SEED)
    pool = films.filter(dataset_split="test")
    paths = pool["file_path"].to_list()
    tasks = [paths[i : i + _FILMS_A_TASK] for i in range(0, len(paths), _FILMS_A_TASK)]
    with ProcessPoolExecutor(2) as workers:
        parts = list(workers.map(partial(_part, cache), range(len(tasks)), tasks))
    with tempfile.TemporaryDirectory() as folder:
        models = [_trained(films, seed, Path(folder)) for seed in (SEED, SEED + 1)]
    features, embedding, scores = [], [], [[], []]
    for part in parts:
        with np.load(part) as kept:
            features.append(kept["features"])
            inputs = kept["inputs"]
        shape, films_seen = inputs.shape[:2], inputs.reshape(-1, *inputs.shape[2:])
        for role, model in enumerate(models):
            numbers, probabilities = _scored(model, films_seen * np.float32(1 / 255))
            scores[role].append(probabilities.reshape(shape))
            if role == 0:
                embedding.append(numbers.reshape(*shape, -1))
    patients = np.unique(pool["patient_id"].to_numpy(), return_inverse=True)[1]
    return {
        "source": source,
        "patient": np.repeat(patients, VARIANTS),
        "positive": np.repeat(pool["label"].to_numpy(), VARIANTS),
        "family": np.repeat(pool["family"].to_numpy(), VARIANTS),
        "features": np.concatenate(features, axis=1),
        "embedding": np.concatenate(embedding, axis=1),
        "champion": np.concatenate(scores[0], axis=1),
        "challenger": np.concatenate(scores[1], axis=1),
        "thresholds": np.array([model.artifact.threshold for model in models]),
    }


def _part(cache: Path, number: int, paths: Sequence[str]) -> Path:
    """Measure some films into a file, unless an earlier run that was stopped has done it."""
    file = cache / f"measured-{POOL_VERSION}-{number}.npz"
    if not file.exists():
        features, inputs = measured(paths, SEED)
        with tempfile.NamedTemporaryFile(dir=cache, delete=False) as part:
            np.savez(part, features=features, inputs=inputs)
        Path(part.name).replace(file)
    return file


def _trained(films: Any, seed: int, folder: Path) -> OnnxClassifier:
    """Trained and calibrated as the product does; its artifact is left below the folder."""
    table = folder / "films.parquet"
    films.drop("family").write_parquet(table)
    epochs = TrainingPlan().epochs
    judgement = trained_into(folder / str(seed), "pytorch", table, None, seed, epochs)
    return OnnxClassifier(judgement.artifact)


def _scored(model: OnnxClassifier, inputs: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(embeddings, probabilities)."""
    parts = [model.embeddings(part) for part in batches(inputs, _BATCH)]
    probabilities, embeddings = zip(*parts, strict=True)
    return np.concatenate(embeddings), np.concatenate(probabilities).astype(np.float64)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cache", type=Path, default=CACHE)
    pool = load_pool(parser.parse_args().cache)
    films, patients = len(pool.positive), len(np.unique(pool.patient))
    print(f"{films} films of {patients} patients, {VARIANTS} of each film: {pool.source}")
    print("kind              AUC    sensitivity  specificity  accuracy at prevalence 0.74")
    positive = pool.positive == 1
    for kind, scores in zip(KINDS, pool.champion, strict=True):
        called = scores >= pool.thresholds[0]
        sensitivity, specificity = called[positive].mean(), 1 - called[~positive].mean()
        accuracy = _PREVALENCE * sensitivity + (1 - _PREVALENCE) * specificity
        auc = area_under_curve(pool.positive, scores).value
        print(f"{kind:17} {auc:.3f}  {sensitivity:11.3f}  {specificity:11.3f}  {accuracy:.3f}")


if __name__ == "__main__":
    main()
