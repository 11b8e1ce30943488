"""What measuring the films of a day costs, by the day's predictions: flat, because of many a sample
is measured.

    python -m benchmarks.monitoring.film_features [--films FOLDER] [--predictions 500 10000 1000000]

A day is logged and moved into the tables as ever, and every request has a film of its own (bytes of
real ones from FOLDER, else of phantoms, read from the log). Both models of the experiment are the
PyTorch family's network. Printed: CPU seconds of the run that measures the day, rows that it wrote
and their size on disk, and what a film costs by part, all of one thread.
"""

import argparse
import random
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import numpy as np

from xray_assets.assets.predictions import move
from xray_assets.catalog import FILM_FEATURES
from xray_assets.deployments import resources
from xray_assets.imaging.decode import decode
from xray_assets.imaging.film_features import film_features
from xray_assets.imaging.preprocess import PREPROCESSING_VERSION, model_input
from xray_assets.monitoring.films.rows import Store
from xray_assets.monitoring.films.run import bring_up_to_date
from xray_assets.scoring.artifact import ServingArtifact
from xray_assets.scoring.session import OnnxClassifier
from xray_assets.serving.log.schema import INSERT_IMAGE
from xray_assets.training.families import build
from xray_assets.training.families.canonical_onnx import canonical
from xray_assets_tests.logged_world import LoggedWorld

DAY_US = 86_400_000_000
MOST = 2000
_FILMS = 500


def network(folder: Path) -> OnnxClassifier:
    """The family's network as it starts: its cost is that of a trained one."""
    exported, opset = build("pytorch", seed=0, threads=1).onnx()
    artifact = ServingArtifact.write(
        folder,
        onnx=canonical(exported),
        threshold=0.5,
        preprocessing_version=PREPROCESSING_VERSION,
        family="pytorch",
        opset=opset,
        embedding=True,
    )
    return OnnxClassifier(artifact)


def measured_day(
    state: Path, predictions: int, films: list[bytes], classifier: OnnxClassifier
) -> tuple[float, int, float]:
    """CPU seconds, rows written and their MB, of a day with as many predictions."""
    world = LoggedWorld(state, films=2)
    keys = [f"{number:064x}" for number in range(len(films))]
    world.log.executemany(INSERT_IMAGE, zip(keys, ["encoded"] * len(keys), films, strict=True))
    world.films = [f"{number:064x}" for number in range(predictions)]
    world.predict(predictions, DAY_US // predictions)
    world.close()
    room = resources(world.settings)
    list(move(room.tables, room.inference_log))

    def image(digest: str) -> bytes | None:
        return room.inference_log.image(keys[int(digest, 16) % len(keys)])

    with ThreadPoolExecutor(1) as pool:
        begun = time.process_time()
        done = bring_up_to_date(
            room.tables,
            Store(image, lambda *_: classifier, pool),
            timezone="UTC",
            most=MOST,
            now=world.start + timedelta(days=1, hours=1),
            log_is_taken=True,
        )
        rows = sum(films for _, films in done)
        seconds = time.process_time() - begun
    files = Path(room.tables.uri(FILM_FEATURES)).rglob("*.parquet")
    return seconds, rows, sum(file.stat().st_size for file in files) / 1e6


def parts(films: list[bytes], classifier: OnnxClassifier) -> dict[str, float]:
    """Milliseconds of CPU a film, each the best of three rounds."""
    pixels = [decode(one) for one in films]
    inputs = np.stack([model_input(one) for one in pixels])

    def best(work: Callable[[], object]) -> float:
        rounds = []
        for _ in range(3):
            begun = time.process_time()
            work()
            rounds.append(time.process_time() - begun)
        return 1000 * min(rounds) / len(films)

    return {
        "decode": best(lambda: [decode(one) for one in films]),
        "features": best(lambda: [film_features(one) for one in pixels]),
        "embedding, a model": best(lambda: classifier.embeddings(inputs)),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--films", type=Path, help="folder with JPEG films; else phantoms")
    parser.add_argument("--predictions", type=int, nargs="+", default=[500, 10_000, 1_000_000])
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        if asked.films is None:
            LoggedWorld(folder / "phantoms", films=100).close()
        found = sorted((asked.films or folder / "phantoms").rglob("*.jpeg"))
        chosen = random.Random(0).sample(found, min(_FILMS, len(found)))
        films = [path.read_bytes() for path in chosen]
        classifier = network(folder / "network")
        side = np.mean([film_features(decode(one))["side"] for one in films])
        print(f"{len(films)} films of {side:.0f} px; ms of CPU a film:")
        print({name: round(ms, 2) for name, ms in parts(films, classifier).items()})
        for predictions in asked.predictions:
            state = folder / f"of-{predictions}"
            seconds, rows, size = measured_day(state, predictions, films, classifier)
            told = f"{seconds:.1f} s CPU, {rows:,} rows, {size:.1f} MB"
            print(f"{predictions:>9,} predictions a day: {told}")


if __name__ == "__main__":
    main()
