"""What one training is asked to do: the extras that travel from the asset to the script.

Only types and their validation; light, because the asset imports it too.
"""

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from xray_assets.catalog import FAMILIES
from xray_assets.errors import XrayError
from xray_assets.settings.training_plan import TrainingPlan

FILM_COLUMNS = ("image_id", "file_path", "label", "dataset_split", "patient_id")
"""Columns of the films manifest."""
WEIGHT = "weight"
"""Column of a manifest whose films are to be learned from unequally."""


class RequestError(XrayError):
    """The extras do not describe a training; the message says what is wrong."""


class TrainingRequest(BaseModel):
    """One training: family, films, plan, and where it is recorded and registered.

    `films` is the path of a parquet manifest with FILM_COLUMNS. `mlflow_url` is the web interface
    that links point to. `seeds`: train from each and keep the median by validation loss; none: from
    the plan's alone. `leave_in`: the folder that the artifact is left in, unregistered, whatever
    the gates say. `tags`: of the run.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    family: Literal[*FAMILIES]  # type: ignore[valid-type]
    films: str
    model_name: str
    tracking_uri: str
    artifacts_uri: str
    mlflow_url: str = ""
    plan: TrainingPlan
    seeds: tuple[int, ...] = ()
    leave_in: str = ""
    tags: dict[str, str] = {}

    @property
    def limit(self) -> int | None:
        """Films of the train split (half of each class, by hash rank with the seed); None: all."""
        return self.plan.train_limits.get(self.family)

    @classmethod
    def from_extras(cls, extras: Mapping[str, Any]) -> "TrainingRequest":
        """Read the extras of a Pipes session. Raises RequestError, naming what is wrong."""
        try:
            return cls.model_validate(extras)
        except ValidationError as error:
            wrong = (f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in error.errors())
            raise RequestError(f"no training can be made of this: {'; '.join(wrong)}") from error

    def extras(self) -> dict[str, Any]:
        """As JSON-compatible extras for `from_extras`."""
        return self.model_dump(mode="json")
