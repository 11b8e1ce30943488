"""The classifiers: one asset a family, made by one factory, trained in another process.

Registers versions only: roles and aliases belong to the endpoint's stage, promotion to the last.
"""

from collections.abc import Iterator
from typing import Any

import dagster as dg

from xray_assets.assets.entries import MODELS, OWNERS
from xray_assets.catalog import FAMILIES, XRAY_METADATA, Catalog
from xray_assets.resources.tables import Tables
from xray_assets.resources.training import Training
from xray_assets.training.gates import GATES
from xray_assets.training.request import FILM_COLUMNS, TrainingRequest

CODE_VERSION = "1"
"""Raise it when the same films and seed would give another model."""

FRAMEWORKS = {"keras": "Keras", "pytorch": "PyTorch"}


class TrainingConfig(dg.Config):
    """What one run may choose; None takes the deployment's setting."""

    seed: int | None = None
    epochs: int | None = None
    limit: int | None = None
    threads: int | None = None
    gate_min_auc: float | None = None
    gate_min_sensitivity: float | None = None
    gates_cause: str | None = None


def training_request(
    config: TrainingConfig, training: Training, family: str, films: str
) -> TrainingRequest:
    """What to train: the run's choices, else the deployment's settings."""
    chosen = {name: value for name, value in vars(config).items() if value is not None}
    settled: dict[str, Any] = {
        name: chosen.get(name, getattr(training, name, None)) for name in vars(config)
    }
    return TrainingRequest(
        family=family,
        films=films,
        model_name=Catalog(training.environment).table(FAMILIES[family]),
        tracking_uri=training.tracking_uri,
        artifacts_uri=training.artifacts_uri,
        mlflow_url=training.mlflow_url,
        seed=settled["seed"],
        epochs=settled["epochs"],
        threads=settled["threads"],
        limit=chosen.get("limit", training.limits.get(family)),
        min_auc=settled["gate_min_auc"],
        min_sensitivity=settled["gate_min_sensitivity"],
        max_parity=training.gate_max_parity,
        gates_cause=settled["gates_cause"],
    )


def classifier(family: str) -> dg.AssetsDefinition:
    """The asset of one family."""
    key = dg.AssetKey(FAMILIES[family])

    @dg.asset(
        key=key,
        deps=[dg.AssetKey(XRAY_METADATA)],
        group_name=MODELS,
        kinds={family, "onnx", "mlflow"},
        owners=OWNERS,
        pool="training",
        code_version=CODE_VERSION,
        description=(
            "One registered version a materialization, with its ONNX serving artifact: a "
            f"pneumonia classifier in {FRAMEWORKS[family]}, trained on the train split, stopped "
            "and thresholded on the validation split, reported on the test split. It is "
            "registered only when every gate is passed; no alias is moved."
        ),
        check_specs=[
            dg.AssetCheckSpec(name, asset=key, description=demand, blocking=True)
            for name, demand in GATES.items()
        ],
    )
    def _classifier(
        context: dg.AssetExecutionContext,
        config: TrainingConfig,
        tables: dg.ResourceParam[Tables],
        training: dg.ResourceParam[Training],
    ) -> Iterator[dg.MaterializeResult | dg.AssetCheckResult]:
        films = tables.read(XRAY_METADATA).select(FILM_COLUMNS).collect()
        staged = training.stage(context.run_id, family, films)
        request = training_request(config, training, family, staged)
        yield from training.train(context, family, request.extras())

    return _classifier


classifiers = [classifier(family) for family in FAMILIES]
