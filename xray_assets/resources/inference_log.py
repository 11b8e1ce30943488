"""The endpoint's inference log, read by Dagster: SQLite here, the inference table there."""

from abc import abstractmethod
from collections.abc import Sequence
from typing import ClassVar

from xray_assets.catalog import CLINICAL, PREDICTIONS, Key
from xray_assets.resources.source import Source
from xray_assets.rollout.guards import ArmTraffic


class InferenceLog(Source):
    """What the endpoint answered, as rows of gold.pneumonia_classifier_predictions.

    `follow_seconds`: how long it may be ahead of the tables before a run moves it;
    `counted_purpose`: the purpose of the requests that count.
    """

    follow_seconds: float = 60.0
    counted_purpose: str = CLINICAL

    name: ClassVar[str] = "inference_log"
    title: ClassVar[str] = "inference log"
    command: ClassVar[str] = "xray log adopt"
    table: ClassVar[Key] = PREDICTIONS

    @abstractmethod
    def holds(self, request_ids: Sequence[str]) -> bool:
        """True when at least one of these requests is logged."""

    @abstractmethod
    def image(self, image_sha256: str) -> bytes | None:
        """The stored film of a pixel digest; None when it is no longer kept."""

    @abstractmethod
    def hold_films(self, digests: Sequence[str]) -> None:
        """Let films be kept although the log's rows about them may go: they are to be read."""

    @abstractmethod
    def traffic(self, config_version: int) -> list[ArmTraffic]:
        """The latest traffic under a config, by assigned served entity."""
