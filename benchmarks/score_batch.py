"""Images/s of `xray score` beside a bare loop of decode + ONNX on all cores, in one run.

    .venv/bin/python benchmarks/score_batch.py [--films 10000] [--rounds 3] [--format delta]

The command is a real process on a registered model and is measured whole: listing, worker
processes, pixel digests, rows, durable output. Its start-up (imports, registry, verification,
worker start) is the time of the same command on one film; it is taken off and printed beside. The
bare loop is a pool of as many processes, warm before its clock starts, that reads, decodes and
scores and writes nothing: a film at a time, as the endpoint and the command do, and 32 at a time.
Rounds alternate. The films are the 1,000 real ones where they are, else phantoms, hard-linked under
as many names as asked. `cpu` is CPU time a film, which other work on the machine moves less.
"""

import argparse
import multiprocessing
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from multiprocessing.pool import Pool
from pathlib import Path

import numpy as np

from xray_assets.catalog import CHAMPION, KERAS_CLASSIFIER
from xray_assets.imaging.decode import decode
from xray_assets.imaging.preprocess import model_input
from xray_assets.scoring.artifact import ServingArtifact
from xray_assets.scoring.registry import ModelRegistry
from xray_assets.scoring.session import OnnxClassifier
from xray_assets.settings import Settings
from xray_assets.sources.phantoms.folder import write_phantoms

sys.path.insert(0, str(Path(__file__).parent / "serving"))
from material import REAL_FILMS, make_artifact

COMMAND = [sys.executable, "-c", "from xray_assets.cli import main; main()", "score"]
DIFFERENT = 1000


@dataclass
class Measured:
    """Wall and CPU seconds of one piece of work."""

    wall: float
    cpu: float


def link_films(folder: Path, count: int) -> list[str]:
    """`count` names for the films that there are; the paths."""
    originals = sorted(REAL_FILMS.rglob("*.jpeg"))[:DIFFERENT] if REAL_FILMS.is_dir() else []
    if not originals:
        write_phantoms(folder / "originals", count=DIFFERENT, seed=0)
        originals = sorted((folder / "originals").rglob("*.png")) or sorted(
            (folder / "originals").rglob("*.jpeg")
        )
        kind = "phantoms"
    else:
        kind = "real films"
    copies, linked = folder / "copies", folder / "films"
    copies.mkdir()
    copied = [shutil.copy(film, copies / f"{i}{film.suffix}") for i, film in enumerate(originals)]
    paths = []
    for number in range(count):
        copy = Path(copied[number % len(copied)])
        place = linked / str(number // DIFFERENT)
        place.mkdir(parents=True, exist_ok=True)
        paths.append(str(place / f"{number}{copy.suffix}"))
        os.link(copy, paths[-1])
    print(f"{count:,} paths to {len(copied):,} {kind}, {processes()} cores")
    return paths


def register_champion(state: Path) -> ServingArtifact:
    """A registry with one version of a network of the real size, as training leaves it."""
    from xray_assets.training.records import tracking

    settings = Settings(state=state)
    artifact = make_artifact(state / "made", 1)
    name = settings.catalog.table(KERAS_CLASSIFIER)
    tracker = tracking.open_tracker(settings.mlflow_uri)
    with tracking.tracked_run(
        tracker, "keras", (settings.mlflow_folder / "artifacts").as_uri()
    ) as run:
        version = tracking.register(run, artifact, name, {})
    registry = ModelRegistry(settings.mlflow_uri, settings.artifact_cache)
    registry.reconcile_aliases({CHAMPION: (name, version)}, [name])
    return artifact


def processes() -> int:
    return len(os.sched_getaffinity(0))


def command(films: Path, output: Path, kind: str, state: Path) -> Measured:
    """The whole command as a person runs it, from the start of its process to its end."""
    arguments = [str(films), "--output", str(output), "--format", kind]
    before, began = _children(), time.monotonic()
    subprocess.run(
        [*COMMAND, *arguments],
        check=True,
        env={**os.environ, "XRAY_STATE": str(state)},
        stdout=subprocess.DEVNULL,
    )
    return Measured(time.monotonic() - began, _children() - before)


def _children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


_classifier: OnnxClassifier


def start_bare(artifact_folder: Path) -> None:
    global _classifier
    _classifier = OnnxClassifier(ServingArtifact.load(artifact_folder))


def bare_loop(work: tuple[list[str], int]) -> tuple[float, float, float]:
    """(start, end, CPU seconds) of reading, decoding and scoring some films."""
    paths, batch = work
    began, cpu = time.monotonic(), time.process_time()
    for start in range(0, len(paths), batch):
        films = [
            model_input(decode(Path(path).read_bytes())) for path in paths[start : start + batch]
        ]
        if batch == 1:
            float(_classifier.probabilities(films[0][None])[0])
        else:
            _classifier.probabilities(np.stack(films)).tolist()
    return began, time.monotonic(), time.process_time() - cpu


def bare(pool: Pool, paths: list[str], batch: int) -> Measured:
    """The bare loop on all cores, from the first film to the last."""
    shares = [(paths[number :: processes()], batch) for number in range(processes())]
    done = pool.map(bare_loop, shares, chunksize=1)
    wall = max(end for _, end, _ in done) - min(start for start, _, _ in done)
    return Measured(wall, sum(cpu for _, _, cpu in done))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--films", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--format", default="delta", choices=("delta", "parquet"))
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="score-benchmark-") as folder:
        measure(Path(folder), asked.films, asked.rounds, asked.format)


def measure(folder: Path, count: int, rounds: int, kind: str) -> None:
    paths = link_films(folder, count)
    state, one = folder / "state", folder / "one"
    artifact = register_champion(state)
    one.mkdir()
    os.link(paths[0], one / Path(paths[0]).name)
    command(one, folder / "warm", kind, state)
    taken: dict[str, list[Measured]] = {
        name: [] for name in ("bare, a film", "bare, 32 films", "xray score", "start-up")
    }
    spawn = multiprocessing.get_context("spawn")
    with spawn.Pool(processes(), start_bare, (artifact.folder,)) as pool:
        pool.map(bare_loop, [(paths[:100], 1)] * processes(), chunksize=1)
        for number in range(rounds):
            start = command(one, folder / f"one-{number}", kind, state)
            whole = command(folder / "films", folder / f"scores-{number}", kind, state)
            taken["bare, a film"].append(bare(pool, paths, 1))
            taken["bare, 32 films"].append(bare(pool, paths, 32))
            taken["xray score"].append(Measured(whole.wall - start.wall, whole.cpu - start.cpu))
            taken["start-up"].append(start)
    report(taken, count)


def report(taken: dict[str, list[Measured]], count: int) -> None:
    startup = statistics.median(one.wall for one in taken.pop("start-up"))
    print("                 images/s   cpu ms | of bare, a film: images/s   cpu (median of rounds)")
    for name, measured in taken.items():
        pairs = list(zip(measured, taken["bare, a film"], strict=True))
        rate = statistics.median(count / one.wall for one in measured)
        cpu = statistics.median(one.cpu / count * 1000 for one in measured)
        speed = statistics.median(base.wall / one.wall for one, base in pairs)
        work = statistics.median(one.cpu / base.cpu for one, base in pairs)
        print(f"{name:15s} {rate:9,.0f} {cpu:8.3f} | {speed:26.2f} {work:5.2f}")
    print(f"start-up of the command (one film): {startup:.1f} s")


if __name__ == "__main__":
    main()
