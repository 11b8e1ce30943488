"""How a classifier is trained and what it must reach: every knob, spelled once.

One object from the command line to the optimizer: settings extend it (`XRAY_EPOCHS`), Dagster's
training resource does, a run may override any of it in the launchpad, the training's process gets
it as it is, and MLflow records it. Nothing but names, defaults, bounds.
"""

import ast
import inspect
from itertools import pairwise
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, field_validator

from xray_assets.catalog import FAMILIES


class TrainingPlan(BaseModel):
    """What may be chosen of a training."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    seed: int = 0
    """Of the choice of films, the split, the training and the phantoms"""
    epochs: Annotated[int, Field(ge=1)] = 10
    """Epochs of a training"""
    batch_size: Annotated[int, Field(ge=1)] = 32
    """Films a step of the optimizer"""
    learning_rate: Annotated[float, Field(gt=0)] = 2e-3
    """Of Adam's first step; it falls along a half cosine"""
    train_limits: dict[str, Annotated[int, Field(ge=2)]] = {}
    """Films that a family is trained on, where not all: keras=300,pytorch=300"""
    training_threads: Annotated[int, Field(ge=1)] = 1
    """Threads of a training; one training runs at a time"""
    gate_min_auc: Annotated[float, Field(ge=0, le=1)] = 0.90
    """Lowest test AUC that is registered"""
    gate_min_sensitivity: Annotated[float, Field(ge=0, le=1)] = 0.85
    """Lowest test sensitivity that is registered"""
    gate_max_parity: Annotated[float, Field(gt=0)] = 1e-5
    """Largest difference of probability between native and ONNX model"""
    gates_cause: str = "default floors"
    """Recorded with the gates: why the floors are what they are"""

    @classmethod
    def explained(cls) -> dict[str, str]:
        """The sentence below each knob, also of a class that adds some.

        Pydantic's `use_attribute_docstrings` reads them whenever the class is made, in every
        process, which costs 0.1 s; few ask.
        """
        said: dict[str, str] = {}
        for owner in reversed(cls.__mro__):
            if owner.__module__.startswith("xray_assets."):
                (made,) = ast.parse(inspect.getsource(owner)).body
                for knob, below in pairwise(made.body):  # type: ignore[attr-defined]
                    match knob, below:
                        case (
                            ast.AnnAssign(target=ast.Name(id=name)),
                            ast.Expr(value=ast.Constant(value=str(sentence))),
                        ):
                            said[name] = inspect.cleandoc(sentence)
        return said

    @field_validator("train_limits", mode="before")
    @classmethod
    def _limits(cls, value: Any) -> Any:
        """Accept `keras=300,pytorch=300`, and demand families that there are."""
        if isinstance(value, str):
            parts = [part.partition("=") for part in value.split(",") if part.strip()]
            value = {family.strip(): films.strip() for family, _, films in parts}
        if unknown := set(value) - FAMILIES.keys():
            raise ValueError(f"no family {', '.join(sorted(unknown))}: take {', '.join(FAMILIES)}")
        return value
