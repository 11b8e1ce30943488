"""What a search is asked to do: the extras that travel from the asset to the script. Light."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from xray_assets.catalog import ENSEMBLE, SEARCHED
from xray_assets.settings.training_plan import TrainingPlan

TEST_FILMS_SEEN_ONCE = "test_films_are_seen_once"
"""The check that counts how often a search looked at the test films."""


class SearchRequest(BaseModel):
    """One search. `family`: of `catalog.SEARCHED`, or all of them and their ENSEMBLE. `tries`: of
    each family, whoever ran them. `films`: a manifest (parquet, FILM_COLUMNS). `folder`: where the
    studies are kept.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    family: Literal[*SEARCHED, ENSEMBLE]  # type: ignore[valid-type]
    tries: Annotated[int, Field(ge=1)]
    films: str
    folder: str
    model_name: str
    tracking_uri: str
    artifacts_uri: str
    mlflow_url: str = ""
    plan: TrainingPlan

    @property
    def families(self) -> tuple[str, ...]:
        """The families to search."""
        return SEARCHED if self.family == ENSEMBLE else (self.family,)

    def extras(self) -> dict[str, Any]:
        """As JSON-compatible extras."""
        return self.model_dump(mode="json")
