"""A request carried out: its parent, its candidates and their gates. What becomes of the last one
is `registering`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

from xray_assets.catalog import CANDIDATES, EXPERIMENTS, FAMILIES, TRAINING_FILMS, Catalog
from xray_assets.contracts.tables.retraining import RECALIBRATE, RETRAIN, SEARCH
from xray_assets.lake.tables import Tables
from xray_assets.retraining.candidate import (
    SEEDS,
    Attempt,
    Made,
    attempts,
    inherited_plan,
    new_reads,
    numbers_before,
    recalibrate,
)
from xray_assets.retraining.gates.gate import GateResult
from xray_assets.retraining.judging import HeldOut, Times, judge
from xray_assets.retraining.registering import Origin, Result, registered
from xray_assets.retraining.requests import Row, read_requests
from xray_assets.rollout.candidates import present_champion
from xray_assets.rollout.experiment_rows import experiment_of
from xray_assets.rollout.state import last_experiment
from xray_assets.scoring.artifact import ServingArtifact
from xray_assets.scoring.registered import RegisteredVersion
from xray_assets.training.request import FILM_COLUMNS, WEIGHT, TrainingRequest

if TYPE_CHECKING:  # Dagster comes with them
    from xray_assets.resources.ramp import Ramp
    from xray_assets.resources.training import Left, Training


@dataclass(frozen=True)
class Workshop:
    """What a candidate is made with. left_by: carries a training out. folder: what it leaves.
    times: how long models take through an endpoint.
    """

    tables: Tables
    ramp: "Ramp"
    training: "Training"
    left_by: Callable[[TrainingRequest], "Left"]
    held_out: HeldOut
    folder: Path
    times: Times
    say: Callable[[str], None]


def make_candidate(shop: Workshop, request: Row, found: Made | None = None) -> Result:
    """Make and judge what the request asks for, register what passes, and say so in its row.

    found: what a search has made (`requests.of_search`); nothing else is made then.
    """
    last = last_experiment(shop.tables)
    registry = shop.ramp.registry
    champion = present_champion(last and last.winner, registry, shop.ramp.model_names)
    parent = registry.version(champion.model, champion.version)
    artifact = registry.fetch(champion.model, champion.version)
    request = request | {
        "parent_model": champion.served_name,
        "parent_sha256": champion.artifact_sha256,
    }
    films = (
        shop.tables.read(TRAINING_FILMS)
        .filter(request_id=request["request_id"])
        .sort("image_id")
        .collect()
    )
    parameters = registry.parameters(parent.run_id) if parent.run_id else {}
    asked = _asked(shop, request, parent, films, parameters)
    before = numbers_before(read_requests(shop.tables))
    anchor = _anchor(shop, artifact)
    versions = shop.held_out.golden["golden_version"].unique().sort().to_list()

    def judged(made: Made, nth: int) -> list[GateResult]:
        return judge(
            made.artifact,
            artifact,
            anchor,
            shop.held_out,
            numbers={version: before.get(version, 0) + nth for version in versions},
            parity=made.parity,
            plan=asked.plan,
            times=shop.times,
        )

    make = {
        RECALIBRATE: lambda: recalibrate(
            artifact, new_reads(films, request), shop.held_out, shop.folder / RECALIBRATE
        ),
        RETRAIN: lambda: _trained(shop, asked),
        SEARCH: lambda: found or "nothing_found",
    }
    tried = []
    for attempt in attempts(request, make, judged):
        tried.append(attempt)
        shop.say(_line(attempt))
    search = parameters.get("search", "")
    origin = Origin(asked=asked, search=search, films=films, golden_versions=versions)
    return registered(shop.tables, request, tried, origin, say=shop.say)


def _asked(
    shop: Workshop,
    request: Row,
    parent: RegisteredVersion,
    films: pl.DataFrame,
    parameters: dict[str, str],
) -> TrainingRequest:
    """The training, on the set and the test films; no golden film is among them. A champion that a
    search put together of several families is followed by the first family.
    """
    test = shop.held_out.test.with_columns(pl.lit(1.0).alias(WEIGHT))
    columns = ("image_id", "file_path", "label", "dataset_split", "patient_key", WEIGHT)
    manifest = pl.concat([films.select(columns), test.select(columns)]).rename(
        {"patient_key": FILM_COLUMNS[-1]}
    )
    path = shop.training.export_films(request["run_id"], "candidate", manifest)
    family = parent.family if parent.family in FAMILIES else next(iter(FAMILIES))
    own = shop.training.request(family, path, {})
    return own.model_copy(
        update={
            "model_name": Catalog(shop.ramp.environment).table(CANDIDATES),
            "plan": inherited_plan(own.plan, parameters),
            "seeds": tuple(range(SEEDS)),
            "leave_in": str(shop.folder / RETRAIN),
            "tags": {"retraining_request": request["request_id"]},
        }
    )


def _trained(shop: Workshop, asked: TrainingRequest) -> Made:
    left = shop.left_by(asked)
    artifact = ServingArtifact.load(Path(left.folder))
    spread = {k: v for k, v in left.metadata.items() if isinstance(v, int | float | str)}
    return Made(RETRAIN, artifact, left.parity, left.run_id, spread)


def _anchor(shop: Workshop, champion: ServingArtifact) -> ServingArtifact:
    """The first champion that ever served; the present one before any experiment."""
    first = shop.tables.read(EXPERIMENTS).sort("opened_at").limit(1).collect().to_dicts()
    if not first:
        return champion
    anchor = experiment_of(first[0]).champion
    return shop.ramp.registry.fetch(anchor.model, anchor.version)


def _line(attempt: Attempt) -> str:
    if attempt.made is None:
        return f"{attempt.method}: not tried ({attempt.not_made})"
    said = "; ".join(
        f"{gate.name} {'ok' if gate.passed else 'FAILED'}: {gate.said}" for gate in attempt.gates
    )
    return f"{attempt.method}: {said}"
