"""What the registry says about one version, and the errors it answers with.

Names of tags are spelled here: training writes them, everything else reads them.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from xray_assets.errors import XrayError

DIGEST_TAG, FAMILY_TAG, THRESHOLD_TAG = "artifact_sha256", "family", "threshold"
IDENTITY_TAGS = frozenset({DIGEST_TAG, FAMILY_TAG, THRESHOLD_TAG})
RUN_TAG = "run"
"""Path of the training's run in MLflow's pages."""
PARENT_TAG, REQUEST_TAG, EPISODE_TAG = "parent_model", "retraining_request", "monitoring_episode"
"""Of a version that a retraining made: its champion, what asked for it, what it answers."""
SERVING_FOLDER = "serving"
"""Name of the serving artifact among a registered version's artifacts."""


class RegistryError(XrayError):
    """The registry does not hold what was asked for; the message says what to do."""


@dataclass(frozen=True)
class RegisteredVersion:
    """One registered version and what its tags say about it."""

    model_name: str
    version: int
    artifact_sha256: str
    threshold: float
    family: str
    run_id: str | None
    tags: Mapping[str, str] = field(default_factory=dict)
    created_at: datetime | None = None

    @classmethod
    def of(cls, found: Any) -> "RegisteredVersion":
        """From MLflow's ModelVersion. Raises RegistryError when training did not make it."""
        tags = dict(found.tags)
        try:
            return cls(
                model_name=found.name,
                version=int(found.version),
                artifact_sha256=tags[DIGEST_TAG],
                threshold=float(tags[THRESHOLD_TAG]),
                family=tags[FAMILY_TAG],
                run_id=found.run_id or None,
                tags=tags,
                created_at=datetime.fromtimestamp(found.creation_timestamp / 1000, UTC),
            )
        except (KeyError, ValueError) as error:
            raise RegistryError(
                f"version {found.version} of {found.name} lacks the tag {error}: it was not "
                "registered by this project's training; train it again"
            ) from error
