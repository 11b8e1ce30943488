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

from xray_assets.curation.splits import split_of
from xray_assets.demo.readers import ERROR_RATE
from xray_assets.demo.run import WAVE
from xray_assets.demo.scenarios import SCENARIOS, WEAK_FILMS
from xray_assets.imaging.patients import patient_of
from xray_assets.imaging.phantoms import write_phantoms
from xray_assets.scoring.session import OnnxClassifier
from xray_assets.serving.assignment import assigned_to_challenger
from xray_assets.settings import Settings
from xray_assets.statistics.promotion import PairedCounts, Verdict, decide
from xray_assets.statistics.uncertainty_bands import band_of, n_strata, stratum
from xray_assets.training.films import FilmSplits, load_splits
from xray_assets.training.fitting import Plan, fit
from xray_assets.training.judging import judged
from xray_assets.training.network import build
from xray_assets.training.request import TrainingRequest

CHAMPION_FAMILY, CHALLENGER_FAMILY = "keras", "pytorch"
LIMITS = {
    "better": (WEAK_FILMS, None),
    "worse": (None, WEAK_FILMS),
    "same": (None, None),
}
"""Films of champion and challenger, as the scenarios set them."""


def manifest_of(folder: Path, settings: Settings, seed: int) -> pl.DataFrame:
    """The films manifest that curation would give the training."""
    write_phantoms(folder / "phantoms", count=1000, seed=seed)
    shares = dict(zip(("train", "val", "test"), settings.split_shares, strict=True))
    rows = []
    for path in sorted((folder / "phantoms").rglob("*.jpeg")):
        patient = patient_of(path.name)[0]
        assert patient is not None
        rows.append(
            {
                "image_id": path.stem, "file_path": str(path), "patient_id": patient,
                "label": int(path.parent.name == "PNEUMONIA"),
                "dataset_split": split_of(patient, shares=shares, seed=seed),
            }
        )  # fmt: skip
    return pl.DataFrame(rows)


def trained(family: str, manifest: Path, limit: int | None, seed: int, settings: Settings):
    """A network of one family, exported: (threshold, probabilities of the test films)."""
    splits: FilmSplits = load_splits(str(manifest), seed=seed, limit=limit, threads=2)
    network = build(family, seed=seed, threads=1)
    plan = Plan(epochs=settings.epochs)
    fit(network, splits.train, splits.validation, plan, seed=seed, on_epoch=lambda *_: None)
    request = TrainingRequest(
        family=family, films=str(manifest), model_name="m", tracking_uri="", artifacts_uri="",
        seed=seed, epochs=settings.epochs, threads=1, min_auc=0, min_sensitivity=0, max_parity=1,
        gates_cause="benchmark",
    )  # fmt: skip
    with tempfile.TemporaryDirectory() as folder:
        judgement = judged(network, splits, request, Path(folder))
        probabilities = OnnxClassifier(judgement.artifact).probabilities(splits.test.images)
    return judgement.artifact.threshold, probabilities


def verdict(test: pl.DataFrame, champion: tuple, challenger: tuple, seed: int):
    """The last verdict of the demo's waves, and what it rests on."""
    random = np.random.default_rng(seed)
    first = test.with_row_index().unique("patient_id", keep="first", maintain_order=True)
    order = random.permutation(first.height)
    index, patients = first["index"].to_numpy()[order], first["patient_id"].gather(order)
    truth = first["label"].to_numpy()[order] ^ (random.random(len(order)) < ERROR_RATE)
    scores = np.stack([champion[1][index], challenger[1][index]])
    thresholds = np.array([champion[0], challenger[0]])
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
            films = manifest_of(Path(temporary), settings, seed)
            manifest = Path(temporary) / "films.parquet"
            films.write_parquet(manifest)
            test = films.filter(pl.col("dataset_split") == "test").sort("image_id")
            models = {
                (family, limit): trained(family, manifest, limit, seed, settings)
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
