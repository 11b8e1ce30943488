"""What one training is asked to do: the extras that travel from the asset to the script.

Only types and their validation; light, because the asset imports it too.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

from xray_assets.catalog import FAMILIES
from xray_assets.errors import XrayError

FILM_COLUMNS = ("image_id", "file_path", "label", "dataset_split", "patient_id")
"""Columns of the films manifest."""


class RequestError(XrayError):
    """The extras do not describe a training; the message says what is wrong."""


@dataclass(frozen=True, kw_only=True)
class TrainingRequest:
    """One training: family, films, how to train, the gates, where it is registered.

    `films` is the path of a parquet manifest with FILM_COLUMNS. `limit` bounds the films of the
    train split (class-balanced, by hash rank with the seed); None takes all of them. `mlflow_url`
    is the web interface that links point to.
    """

    family: str
    films: str
    model_name: str
    tracking_uri: str
    artifacts_uri: str
    seed: int
    epochs: int
    threads: int
    min_auc: float
    min_sensitivity: float
    max_parity: float
    gates_cause: str
    limit: int | None = None
    mlflow_url: str = ""

    def __post_init__(self) -> None:
        """Raise RequestError for a value that cannot be meant."""
        if self.family not in FAMILIES:
            raise RequestError(f"family {self.family!r} is none of {sorted(FAMILIES)}")
        if self.limit is not None and self.limit < 2:
            raise RequestError(f"a limit of {self.limit} films cannot hold both classes: take 2+")
        for name in ("epochs", "threads"):
            if getattr(self, name) < 1:
                raise RequestError(f"{name} must be at least 1, got {getattr(self, name)}")
        for name in ("min_auc", "min_sensitivity"):
            if not 0 <= getattr(self, name) <= 1:
                raise RequestError(f"{name} must lie in [0, 1], got {getattr(self, name)}")

    @classmethod
    def from_extras(cls, extras: Mapping[str, Any]) -> "TrainingRequest":
        """Read the extras of a Pipes session. Raises RequestError for a missing or unknown one."""
        known = {field.name for field in fields(cls)}
        if unknown := extras.keys() - known:
            raise RequestError(f"unknown extras {sorted(unknown)}")
        if missing := known - {"limit", "mlflow_url"} - extras.keys():
            raise RequestError(f"the extras lack {sorted(missing)}")
        return cls(**extras)

    def extras(self) -> dict[str, Any]:
        """As JSON-compatible extras for `from_extras`."""
        return asdict(self)
