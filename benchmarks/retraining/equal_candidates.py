"""How often a model of equal merit passes the gates of a retraining: trainings that differ in their
seed alone, each against each other, on the films that none of them learned from.

    python -m benchmarks.retraining.equal_candidates ../shared/xray_sample/chest_xray \\
        [--family pytorch] [--seeds 4] [--kept FOLDER]

Prints by class the share of films that exactly one of two gets right (what the golden margin is
worked out with: `retraining.gates.golden.EQUAL_DISCORDANCE`), and how many of the ordered pairs
pass golden films, robustness and slices. Trainings are kept in the folder and not made again.
"""

import argparse
import itertools
from pathlib import Path

import numpy as np
import polars as pl

from benchmarks.in_process_training import trained_into
from benchmarks.training import manifest
from xray_assets.curation.patients import subtype_of
from xray_assets.retraining.films.golden import one_a_patient
from xray_assets.retraining.films.splits import place
from xray_assets.retraining.gates.fairness import fairness_gate
from xray_assets.retraining.gates.golden import GoldenFilms, golden_gate
from xray_assets.retraining.judging import HeldOut, inputs_of, robustness_of, scored
from xray_assets.scoring.artifact import ServingArtifact
from xray_assets.scoring.session import OnnxClassifier
from xray_assets.settings.training_plan import TrainingPlan
from xray_assets.statistics.noninferiority import Paired


def trained(family: str, films: Path, seed: int, kept: Path) -> ServingArtifact:
    """One training of the product, without MLflow."""
    folder = kept / f"{family}-{seed}"
    if not (folder / "serving" / "serving.json").exists():
        trained_into(folder, family, films, None, seed, TrainingPlan().epochs)
    return ServingArtifact.load(folder / "serving")


def golden_films(table: pl.DataFrame) -> pl.DataFrame:
    """Half of the test patients, a film each, as version 1."""
    test = table.filter(dataset_split="test")
    half = test.filter(
        pl.Series([place("golden", one) < 0.5 for one in test["patient_id"]], dtype=pl.Boolean)
    )
    films = one_a_patient(half.rename({"patient_id": "patient_key"}))
    subtypes = [subtype_of(Path(path).name) for path in films["file_path"]]
    return films.with_columns(
        golden_version=pl.lit(1), subtype=pl.Series(subtypes, dtype=pl.String)
    )


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("films", type=Path)
    parser.add_argument("--family", default="pytorch")
    parser.add_argument("--seeds", type=int, default=4)
    parser.add_argument("--kept", type=Path, default=Path("/tmp/equal_candidates"))
    chosen = parser.parse_args()
    chosen.kept.mkdir(parents=True, exist_ok=True)
    table = manifest(chosen.films, 0)
    path = chosen.kept / "films.parquet"
    table.write_parquet(path)
    films = golden_films(table)
    held_out = HeldOut(films, films.clear(), films.clear(), lambda place: Path(place).read_bytes())
    inputs, truth = inputs_of(held_out, films), films["label"].to_numpy().astype(np.int64)
    models = {
        seed: OnnxClassifier(trained(chosen.family, path, seed, chosen.kept))
        for seed in range(chosen.seeds)
    }
    labels = {
        seed: (scored(model, inputs) >= model.artifact.threshold).astype(np.int64)
        for seed, model in models.items()
    }
    passed: dict[str, list[bool]] = {"golden": [], "robust": [], "fair": []}
    for one, other in itertools.permutations(models, 2):
        both = {"candidate": labels[other], "champion": labels[one], "anchor": labels[one]}
        passed["golden"].append(golden_gate([GoldenFilms(1, 1, truth, both)]).passed)
        pair = {"champion": models[one], "candidate": models[other]}
        passed["robust"].append(robustness_of(pair, held_out).passed)
        right = films.with_columns(
            champion_right=pl.Series(labels[one] == truth),
            candidate_right=pl.Series(labels[other] == truth),
        )
        passed["fair"].append(fairness_gate(right, ("subtype",)).passed)
    for label, name in ((1, "pneumonia"), (0, "normal")):
        pairs = [
            Paired.of(labels[one][truth == label] == label, labels[other][truth == label] == label)
            for one, other in itertools.combinations(models, 2)
        ]
        apart = [(pair.gained + pair.lost) / pair.n for pair in pairs]
        print(
            f"{name}: {pairs[0].n} films, exactly one right in {np.mean(apart):.3f} "
            f"({min(apart):.3f} to {max(apart):.3f})"
        )
    for gate, answers in passed.items():
        print(f"{gate}: {sum(answers)} of {len(answers)} ordered pairs pass")


if __name__ == "__main__":
    main()
