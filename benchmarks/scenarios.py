"""The demo's scenarios over several seeds of phantoms: does each end in the verdict it should?

    python -m benchmarks.scenarios --seeds 5

Networks are trained, exported and thresholded by the project's own training; assignment, strata and
the decision are the project's too. Processes and tables are left out: the demo and the end-to-end
test have those. Exits with 1 when a verdict differs from the expected one.
"""

import argparse
import os
import sys
import tempfile
from pathlib import Path

import numpy as np
import polars as pl

from benchmarks.in_process_training import trained
from benchmarks.training import manifest, phantoms
from xray_assets.demo.readers import ERROR_RATE
from xray_assets.demo.run import WAVE
from xray_assets.demo.scenarios import SCENARIOS, WEAK_FILMS
from xray_assets.promotion import PairedCounts, Verdict, decide
from xray_assets.promotion.uncertainty_bands import band_of, n_strata, stratum
from xray_assets.serving.hot_path.assignment import assigned_to_challenger
from xray_assets.settings import Settings
from xray_assets.training.judging import Judgement

FILMS = 1000
CHAMPION_FAMILY, CHALLENGER_FAMILY = "keras", "pytorch"
LIMITS = {
    "better": (WEAK_FILMS, None),
    "worse": (None, WEAK_FILMS),
    "same": (None, None),
}
"""Films of champion and challenger, as the scenarios set them."""


def verdict(test: pl.DataFrame, champion: Judgement, challenger: Judgement, seed: int):
    """The last verdict of the demo's waves, and what it rests on."""
    random = np.random.default_rng(seed)
    first = test.with_row_index().unique("patient_id", keep="first", maintain_order=True)
    order = random.permutation(first.height)
    index, patients = first["index"].to_numpy()[order], first["patient_id"].gather(order)
    truth = first["label"].to_numpy()[order] ^ (random.random(len(order)) < ERROR_RATE)
    models = (champion, challenger)
    scores = np.stack([model.test_probabilities[index] for model in models])
    thresholds = np.array([model.artifact.threshold for model in models])
    labels = (scores >= thresholds[:, None]).astype(int)
    arm = np.array([assigned_to_challenger(str(seed), name, share=50) for name in patients], int)
    band = band_of(np.take_along_axis(scores, arm[None], 0)[0], thresholds[arm])
    cells = np.zeros((len(order), n_strata(), 2, 2, 2), np.int64)
    cells[np.arange(len(order)), stratum(arm, band), labels[0], labels[1], truth] = 1
    decision = None
    for end in [*range(WAVE, len(order), WAVE), len(order)]:
        reviewed = cells[:end].sum(axis=0)
        served = np.bincount(arm[:end], minlength=2)[None]
        counts = PairedCounts(reviewed, reviewed.sum(axis=3), served, np.array([0.5]))
        decision = decide(counts)
        if decision.verdict != Verdict.KEEP_TESTING:
            break
    accuracy = (labels == truth).mean(axis=1)
    return decision, accuracy


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--seeds", type=int, default=5)
    seeds = parser.parse_args().seeds
    for name, value in SCENARIOS["same"].variables.items():
        os.environ.setdefault(name, value)
    settings = Settings()
    wrong = 0
    print("| seed | scenario | accuracy [champion, challenger] | verdict | after reads |")
    print("|---|---|---|---|---|")
    for seed in range(seeds):
        with tempfile.TemporaryDirectory() as temporary:
            films = manifest(phantoms(Path(temporary), FILMS, seed), seed)
            file = Path(temporary) / "films.parquet"
            films.write_parquet(file)
            test = films.filter(pl.col("dataset_split") == "test").sort("image_id")
            models = {
                (family, limit): trained(family, file, limit, seed, settings)
                for family in (CHAMPION_FAMILY, CHALLENGER_FAMILY)
                for limit in (WEAK_FILMS, None)
            }
        for name, limits in LIMITS.items():
            champion = models[CHAMPION_FAMILY, limits[0]]
            challenger = models[CHALLENGER_FAMILY, limits[1]]
            decision, accuracy = verdict(test, champion, challenger, seed)
            right = decision.verdict == SCENARIOS[name].expected
            wrong += not right
            shown = " ".join(f"{value:.3f}" for value in accuracy)
            mark = "" if right else f", expected {SCENARIOS[name].expected}"
            print(
                f"| {seed} | {name} | {shown} | {decision.verdict}{mark} | {decision.n_reviewed} |",
                flush=True,
            )
    print(f"{wrong} of {seeds * len(LIMITS)} verdicts differ from the expected one")
    sys.exit(bool(wrong))


if __name__ == "__main__":
    main()
