"""The demo's scenarios over several seeds of phantoms: does each end in the verdict it should?

    python -m benchmarks.scenarios --seeds 5

Networks are trained, exported and thresholded by the project's own training; assignment, chances of
review and the decision are the project's too. Processes, tables and double reads are left out: the
demo and the end-to-end test have those. Exits with 1 when a verdict differs from the expected one.
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
from xray_assets.catalog import NOT_DRAWN, SETTLED
from xray_assets.demo.readers import ERROR_RATE
from xray_assets.demo.run import WAVE
from xray_assets.demo.scenarios import SCENARIOS, WEAK_FILMS
from xray_assets.promotion import Verdict, decide_cases
from xray_assets.review.policy import ReviewPolicy
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
    random, policy = np.random.default_rng(seed), ReviewPolicy()
    first = test.with_row_index().unique("patient_id", keep="first", maintain_order=True)
    order = random.permutation(first.height)
    index, patients = first["index"].to_numpy()[order], first["patient_id"].gather(order)
    truth = first["label"].to_numpy()[order] ^ (random.random(len(order)) < ERROR_RATE)
    labels = [
        (model.test_probabilities[index] >= model.artifact.threshold).astype(int)
        for model in (champion, challenger)
    ]
    chance = np.where(labels[0] != labels[1], policy.disagreements, policy.floor)
    drawn = random.random(len(order)) < chance
    cases = pl.DataFrame(
        {
            "chance": chance,
            "drawn": drawn,
            "served_challenger": [
                assigned_to_challenger(str(seed), name, share=50) for name in patients
            ],
            "champion_label": labels[0],
            "challenger_label": labels[1],
            "truth": truth,
            "state": np.where(drawn, SETTLED, NOT_DRAWN),
        }
    )
    decision = None
    for end in [*range(WAVE, len(order), WAVE), len(order)]:
        decision = decide_cases(cases[:end])
        if decision.verdict != Verdict.KEEP_TESTING:
            break
    return decision, [float((label == truth).mean()) for label in labels]


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
                (family, limit): trained(family, file, limit, seed, settings.epochs)
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
