"""Test figures, parity and time of a whole training process, both families, several seeds.

    .venv/bin/python benchmarks/training.py ../shared/xray_sample/chest_xray [--seeds 3]

Each row is one `python -m xray_assets.training` from start to exit (imports, decoding, training,
export, MLflow, registration) on a fresh MLflow database a family, pinned to one core. A seed draws
the patient split and the training, as XRAY_SEED does. `--limit 30` measures the demo's weak model,
`--phantoms` takes the synthetic films instead.
"""

import argparse
import hashlib
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import polars as pl

from xray_assets.catalog import FAMILIES, LABELS
from xray_assets.curation.patients import patient_of
from xray_assets.curation.splits import split_of
from xray_assets.settings import Settings
from xray_assets.settings.training_plan import TrainingPlan
from xray_assets.training.records.tracking import EXPERIMENT
from xray_assets.training.request import TrainingRequest

FIGURES = ("test_auc", "test_sensitivity", "test_specificity", "test_accuracy", "test_ece")


def manifest(folder: Path, seed: int) -> pl.DataFrame:
    """Films of a folder in the Kaggle layout, split by patient as curation does."""
    settings = Settings()
    shares = dict(zip(("train", "val", "test"), settings.split_shares, strict=True))
    rows = []
    for path in sorted(folder.rglob("*.jp*g")):
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        patient = patient_of(path.name)[0] or digest
        label = LABELS.index(path.parent.name)
        split = split_of(patient, shares=shares, seed=seed)
        rows.append((digest, str(path.absolute()), label, split, patient))
    columns = ["image_id", "file_path", "label", "dataset_split", "patient_id"]
    return pl.DataFrame(rows, columns, orient="row").unique("image_id").sort("image_id")


def phantoms(folder: Path, count: int, seed: int) -> Path:
    """A folder of phantoms, drawn once a seed."""
    from xray_assets.sources.phantoms.folder import draw_film, planned_films

    root = folder / f"phantoms-{seed}"
    for film in planned_films(count=count, seed=seed):
        target = root / film.path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(draw_film(film, seed=seed))
    return root


def train(request: TrainingRequest, threads: int) -> tuple[float, float]:
    """(wall, CPU) seconds of the process."""
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    core = {max(os.sched_getaffinity(0))} if threads == 1 else os.sched_getaffinity(0)
    subprocess.run(
        [
            sys.executable,
            "-W",
            "ignore",
            "-m",
            "xray_assets.training",
            json.dumps(request.extras()),
        ],
        check=True,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "OMP_NUM_THREADS": str(threads)},
        preexec_fn=lambda: os.sched_setaffinity(0, core),
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return time.perf_counter() - start, cpu


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, nargs="?")
    parser.add_argument("--phantoms", type=int, default=0, metavar="FILMS")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--limit", type=int)
    parser.add_argument("--epochs", type=int, default=Settings().epochs)
    parser.add_argument("--families", nargs="+", default=list(FAMILIES))
    chosen = parser.parse_args()
    if not chosen.folder and not chosen.phantoms:
        parser.error("name a folder of films, or --phantoms 1000")
    import mlflow

    print(f"{'family':8} {'seed':>4} " + " ".join(f"{f[5:]:>11}" for f in FIGURES), end="")
    print("  threshold   parity  wall s   CPU s")
    with tempfile.TemporaryDirectory() as temporary:
        root = Path(temporary)
        for family in chosen.families:
            uri, rows = f"sqlite:///{root}/{family}.db", []
            for seed in range(chosen.seeds):
                folder = chosen.folder or phantoms(root, chosen.phantoms, seed)
                films = root / f"{seed}.parquet"
                manifest(folder, seed).write_parquet(films)
                request = TrainingRequest(
                    family=family,
                    films=str(films),
                    model_name=f"benchmark.models.{family}",
                    tracking_uri=uri,
                    artifacts_uri=(root / "artifacts").as_uri(),
                    plan=TrainingPlan(
                        seed=seed,
                        epochs=chosen.epochs,
                        train_limits={family: chosen.limit} if chosen.limit else {},
                        gate_min_auc=0.0,
                        gate_min_sensitivity=0.0,
                        gate_max_parity=1.0,
                        gates_cause="benchmark",
                    ),
                )
                wall, cpu = train(request, threads=1)
                client = mlflow.MlflowClient(uri)
                experiment = client.get_experiment_by_name(EXPERIMENT)
                run = client.search_runs([experiment.experiment_id], max_results=1)[0]
                metrics = run.data.metrics
                rows.append([metrics[name] for name in FIGURES])
                print(f"{family:8} {seed:>4} " + " ".join(f"{v:11.4f}" for v in rows[-1]), end="")
                print(f"  {metrics['threshold']:9.3f} {metrics['parity']:8.1e}", end="")
                print(f" {wall:7.1f} {cpu:7.1f}", flush=True)
            columns = list(zip(*rows, strict=True))
            means = [statistics.fmean(column) for column in columns]
            print(f"{family:8} mean " + " ".join(f"{mean:11.4f}" for mean in means))
            if len(rows) > 1:
                # Student's t at 2 degrees of freedom is 4.30; the seeds share films: indicative.
                errors = [statistics.stdev(c) / len(c) ** 0.5 for c in columns]
                print(f"{family:8} s.e. " + " ".join(f"{error:11.4f}" for error in errors))


if __name__ == "__main__":
    main()
