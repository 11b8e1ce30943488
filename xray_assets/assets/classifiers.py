"""The classifiers: one asset a family, made by one factory, trained in another process.

Registers versions only: roles and aliases belong to the endpoint's stage, promotion to the last.
"""

from collections.abc import Iterator
from typing import Any

import dagster as dg
from pydantic import Field, create_model

from xray_assets.assets.entries import MODELS, OWNERS
from xray_assets.catalog import FAMILIES, XRAY_METADATA
from xray_assets.resources.tables import Tables
from xray_assets.resources.training import Training
from xray_assets.settings.training_plan import TrainingPlan
from xray_assets.training.gates import GATES
from xray_assets.training.request import FILM_COLUMNS

CODE_VERSION = "2"
"""Raise it when the same films and seed would give another model."""


def _optional(name: str, meaning: str) -> tuple[Any, Any]:
    kind: Any = TrainingPlan.model_fields[name].annotation
    return kind | None, Field(default=None, description=meaning)


TrainingConfig = create_model(
    "TrainingConfig",
    __base__=dg.Config,
    __doc__="What one run may choose; None takes the deployment's plan.",
    **{name: _optional(name, meaning) for name, meaning in TrainingPlan.explained().items()},  # type: ignore[arg-type]
)


def classifier(family: str) -> dg.AssetsDefinition:
    """The asset of one family."""
    key = dg.AssetKey(FAMILIES[family].model)

    @dg.asset(
        key=key,
        deps=[dg.AssetKey(XRAY_METADATA)],
        group_name=MODELS,
        kinds={family, "onnx", "mlflow"},
        owners=OWNERS,
        pool="training",
        code_version=CODE_VERSION,
        description=(
            "One registered version a materialization, with its ONNX serving artifact: a pneumonia "
            f"classifier, the mean of a network in {FAMILIES[family].framework} and a bank of "
            "oriented gradients; trained on the splits train and val, calibrated and thresholded "
            "on their out-of-fold scores, reported on the test split. It is registered "
            "only when every gate is passed; no alias is moved."
        ),
        check_specs=[
            dg.AssetCheckSpec(name, asset=key, description=demand, blocking=True)
            for name, demand in GATES.items()
        ],
    )
    def _classifier(
        context: dg.AssetExecutionContext,
        config: TrainingConfig,  # type: ignore[valid-type]
        tables: dg.ResourceParam[Tables],
        training: dg.ResourceParam[Training],
    ) -> Iterator[dg.MaterializeResult | dg.AssetCheckResult]:
        films = tables.read(XRAY_METADATA).select(FILM_COLUMNS).collect()
        manifest = training.export_films(context.run_id, family, films)
        choices = config.model_dump(exclude_none=True)
        yield from training.train(context, training.request(family, manifest, choices))

    return _classifier


classifiers = [classifier(family) for family in FAMILIES]
