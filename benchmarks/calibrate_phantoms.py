"""How hard the phantoms are: accuracy of the project's own training from few and from all films.

    python -m benchmarks.calibrate_phantoms [--seeds 5] [--sizes 30,all] [--demo] [--real FOLDER]

Aim: a mean of about 0.75 from 30 films, at least 0.93 from all train films of 1,000. Each row is
one classifier of one family on one seed's films: split by patient, trained, calibrated, thresholded
and exported as the product does it, with its default settings or, by `--demo`, those of the demo's
scenarios. Its accuracy is that of the test films at its threshold. A few films are drawn
DRAWS times a seed, because it matters much which they are. For comparison, `--real FOLDER` takes
real films in the layout chest_xray/{train,val,test}/{NORMAL,PNEUMONIA}.

Also prints the AUC of mean brightness, contrast and file size alone: about 0.5 when the label is
not given away.
"""

import argparse
import os
import tempfile
import time
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
import polars as pl

from benchmarks.in_process_training import trained
from benchmarks.training import manifest, phantoms
from xray_assets.catalog import FAMILIES
from xray_assets.demo.scenarios import SCENARIOS
from xray_assets.imaging.decode import decode
from xray_assets.settings import Settings
from xray_assets.statistics.roc import area_under_curve

FILMS = 1000
DRAWS = 3


def giveaways(films: pl.DataFrame) -> dict[str, float]:
    """AUC, at least 0.5, of what a film's file alone tells."""
    files = [Path(path).read_bytes() for path in films["file_path"]]
    pixels = [decode(data) for data in files]
    told = {
        "mean brightness": [film.mean() for film in pixels],
        "contrast": [film.std() for film in pixels],
        "file size": [len(data) for data in files],
        "bytes a pixel": [len(data) / film.size for data, film in zip(files, pixels, strict=True)],
    }
    areas = {
        name: area_under_curve(
            films["label"].to_numpy(), np.array(values, float) / max(values)
        ).value
        for name, values in told.items()
    }
    return {name: max(area, 1 - area) for name, area in areas.items()}


def show(title: str, values: list[float]) -> None:
    """Print a mean with its standard error over seeds."""
    error = np.std(values, ddof=1) / len(values) ** 0.5 if len(values) > 1 else float("nan")
    print(f"{title}: {np.mean(values):.3f} (s.e. {error:.3f})")


def main() -> None:
    """Print one line for each network, the means, and the giveaways."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--sizes", default="30,all")
    parser.add_argument("--families", nargs="+", default=list(FAMILIES))
    parser.add_argument("--demo", action="store_true", help="with the settings of the demo")
    parser.add_argument("--real", type=Path, help="measure real films instead of phantoms")
    options = parser.parse_args()
    if options.demo:
        os.environ.update(SCENARIOS["same"].variables)
    settings = Settings()
    sizes = [None if size == "all" else int(size) for size in options.sizes.split(",")]
    reached: dict[int | None, dict[int, list[float]]] = {size: {} for size in sizes}
    told: dict[str, list[float]] = {}
    print(f"{'films':>6} {'family':8} {'seed':>4} {'accuracy':>8} {'AUC':>6} {'seconds':>7}")
    for seed in range(options.seeds):
        with tempfile.TemporaryDirectory() as temporary:
            films = manifest(options.real or phantoms(Path(temporary), FILMS, seed), seed)
            file = Path(temporary) / "films.parquet"
            films.write_parquet(file)
            for name, area in giveaways(films).items():
                told.setdefault(name, []).append(area)
            for family in options.families:
                for size, draw in [(s, d) for s in sizes for d in range(DRAWS if s else 1)]:
                    started = time.perf_counter()
                    drawn = seed + 1000 * draw
                    judgement = trained(family, file, size, drawn, settings.epochs)
                    found = judgement.evaluation.figures()
                    seconds = time.perf_counter() - started
                    reached[size].setdefault(seed, []).append(found["accuracy"])
                    print(
                        f"{size or 'all':>6} {family:8} {drawn:>4} {found['accuracy']:>8.3f} "
                        f"{found['auc']:>6.3f} {seconds:>7.1f}",
                        flush=True,
                    )
    for size, of_seeds in reached.items():
        means = [float(np.mean(accuracies)) for accuracies in of_seeds.values()]
        show(f"mean accuracy from {size or 'all'} films", means)
    for name, areas in told.items():
        show(f"AUC of {name} alone", areas)


if __name__ == "__main__":
    main()
