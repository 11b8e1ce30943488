"""A candidate against its gates: which films each of them looks at, and in which order.

Models are compared on the films that none of them was trained on: golden versions, and production
films of test patients. What a gate demands is in `gates/`.
"""

import base64
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from xray_assets.imaging.acceptable import ACCEPTED_BEFORE, InvalidImage
from xray_assets.imaging.corruptions import corrupted
from xray_assets.imaging.decode import decode
from xray_assets.imaging.preprocess import model_input
from xray_assets.retraining.films.splits import place
from xray_assets.retraining.gates.fairness import fairness_gate
from xray_assets.retraining.gates.floors import floors_gate
from xray_assets.retraining.gates.gate import GateResult
from xray_assets.retraining.gates.golden import GoldenFilms, golden_gate
from xray_assets.retraining.gates.latency import REQUESTS, latency_gate
from xray_assets.retraining.gates.robustness import CLEAN, CORRUPTED, robustness_gate
from xray_assets.scoring.artifact import ServingArtifact
from xray_assets.scoring.session import OnnxClassifier
from xray_assets.scoring.stored_film import stored_model_input
from xray_assets.settings.training_plan import TrainingPlan

CORRUPTED_OF_A_CLASS = 100
"""Golden films of a class that are corrupted, by hash: eight times as many are scored."""
FILMS_SENT = 64
SLICES = ("site", "subtype", "age", "sex")

Times = Callable[[ServingArtifact, ServingArtifact, Sequence[bytes], int], tuple[list, list]]
"""Milliseconds of champion and candidate: `resources.serving.trial_endpoint.request_times`."""


@dataclass(frozen=True)
class HeldOut:
    """Films that no model was trained on. golden: rows of silver.golden_films. production: the same
    columns, of production's test patients in no golden version. test: file_path and label of the
    test films. read: a film's bytes by its file path.
    """

    golden: pl.DataFrame
    production: pl.DataFrame
    test: pl.DataFrame
    read: Callable[[str], bytes]


def judge(
    candidate: ServingArtifact,
    champion: ServingArtifact,
    anchor: ServingArtifact,
    held_out: HeldOut,
    *,
    numbers: Mapping[int, int],
    parity: float,
    plan: TrainingPlan,
    times: Times,
) -> list[GateResult]:
    """Every gate's answer. numbers: the how-many-th candidate this is, by golden version."""
    models = {
        name: OnnxClassifier(artifact)
        for name, artifact in (("candidate", candidate), ("champion", champion), ("anchor", anchor))
    }
    test = inputs_of(held_out, held_out.test)
    on_test = scored(models["candidate"], test)
    labels = held_out.test["label"].to_numpy().astype(np.float32)
    films = pl.concat([held_out.golden, held_out.production], how="diagonal")
    inputs = inputs_of(held_out, films)
    positive = {
        name: (scored(model, inputs) >= model.artifact.threshold).astype(np.int64)
        for name, model in models.items()
    }
    truth = films["label"].to_numpy().astype(np.int64)
    return [
        floors_gate(labels, on_test, candidate.threshold, parity, plan),
        golden_gate(_versions(films, truth, positive, numbers)),
        robustness_of(models, held_out),
        fairness_gate(
            films.with_columns(
                champion_right=pl.Series(positive["champion"] == truth),
                candidate_right=pl.Series(positive["candidate"] == truth),
            ),
            tuple(name for name in SLICES if name in films.columns),
        ),
        latency_gate(*map(np.asarray, times(champion, candidate, _bodies(held_out), REQUESTS))),
    ]


def _versions(
    films: pl.DataFrame,
    truth: NDArray[np.int64],
    positive: Mapping[str, NDArray[np.int64]],
    numbers: Mapping[int, int],
) -> list[GoldenFilms]:
    version = films["golden_version"].to_numpy()
    return [
        GoldenFilms(
            number,
            numbers.get(number, 1),
            truth[version == number],
            {name: labels[version == number] for name, labels in positive.items()},
        )
        for number in films["golden_version"].drop_nulls().unique().sort().to_list()
    ]


def robustness_of(models: Mapping[str, OnnxClassifier], held_out: HeldOut) -> GateResult:
    """On golden films that came as files; an array of 64 x 64 has no pixels to corrupt."""
    chosen = [film for label in (0, 1) for film in _some(held_out, label)]
    truth = np.array([label for label, _ in chosen], np.int64)
    kinds = {CLEAN: [model_input(pixels) for _, pixels in chosen]} | {
        name: [model_input(corrupted(pixels, name)) for _, pixels in chosen] for name in CORRUPTED
    }
    arrays = {name: np.array(films, np.float32) for name, films in kinds.items()}
    if not chosen:
        return robustness_gate(truth, {}, {})
    scores = {
        name: {kind: scored(models[name], films) for kind, films in arrays.items()}
        for name in ("champion", "candidate")
    }
    return robustness_gate(truth, scores["champion"], scores["candidate"])


def _some(held_out: HeldOut, label: int) -> list[tuple[int, NDArray[np.uint8]]]:
    of_class = held_out.golden.filter(label=label)
    ranked = sorted(of_class["file_path"], key=lambda path: place("corrupted", path))
    found = []
    for path in ranked[:CORRUPTED_OF_A_CLASS]:
        try:
            found.append((label, decode(held_out.read(path), limits=ACCEPTED_BEFORE)))
        except InvalidImage:
            continue
    return found


def inputs_of(held_out: HeldOut, films: pl.DataFrame) -> NDArray[np.float32]:
    """(N, 64, 64) of what models see of N films."""
    read = [stored_model_input(held_out.read(path)) for path in films["file_path"]]
    return np.array(read, np.float32).reshape(len(read), 64, 64)


def scored(model: OnnxClassifier, films: NDArray[np.float32]) -> NDArray[np.float32]:
    """(N,) probabilities of (N, 64, 64) films."""
    parts = [model.probabilities(films[start : start + 256]) for start in range(0, len(films), 256)]
    return np.concatenate(parts) if parts else np.zeros(0, np.float32)


def _bodies(held_out: HeldOut) -> list[bytes]:
    """Requests of as many patients as are needed, of a few films that came as files."""
    paths = sorted(held_out.golden["file_path"], key=lambda path: place("sent", path))[:FILMS_SENT]
    films = [base64.b64encode(held_out.read(path)).decode() for path in paths]
    return [
        json.dumps(
            {"dataframe_records": [{"image": films[i % len(films)], "patient_id": f"trial-{i}"}]}
        ).encode()
        for i in range(2 * REQUESTS)
        if films
    ]
