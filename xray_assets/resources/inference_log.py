"""The endpoint's inference log, read by Dagster: SQLite here, the inference table there."""

from abc import ABC, abstractmethod
from collections.abc import Sequence

import dagster as dg
import polars as pl

from xray_assets.rollout.guards import ArmTraffic


class InferenceLog(dg.ConfigurableResource, ABC):
    """What the endpoint answered, in the order it was logged.

    `follow_seconds`: how long it may be ahead of the tables before a run moves it.
    """

    follow_seconds: float = 60.0

    @abstractmethod
    def position(self) -> int:
        """The last position; 0 while nothing is logged."""

    @abstractmethod
    def read_after(self, position: int, limit: int) -> pl.DataFrame:
        """At most `limit` rows after a position, in order, as rows of
        gold.pneumonia_classifier_predictions.
        """

    @abstractmethod
    def holds(self, request_ids: Sequence[str]) -> bool:
        """True when at least one of these requests is logged."""

    @abstractmethod
    def image(self, image_sha256: str) -> bytes | None:
        """The stored film of a pixel digest; None when it is no longer kept."""

    @abstractmethod
    def acknowledge(self, position: int) -> None:
        """Say that rows and films up to a position are no longer needed here, so that retention may
        delete them.
        """

    @abstractmethod
    def traffic(self, config_version: int) -> list[ArmTraffic]:
        """The latest traffic under a config, by assigned served entity."""
