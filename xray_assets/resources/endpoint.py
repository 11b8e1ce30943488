"""The serving endpoint, through the Databricks SDK: one client for both deployments, pointed at a
host.

The local endpoint speaks the Databricks Model Serving REST API, so nothing here knows which one
answers.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import dagster as dg

from xray_assets.catalog import CHAMPION, ENDPOINT_NAME
from xray_assets.errors import XrayError
from xray_assets.rollout.experiment import Candidate

if TYPE_CHECKING:
    from databricks.sdk import WorkspaceClient

Answer = TypeVar("Answer")

EXPERIMENT_VARIABLE, ROLE_VARIABLE, DIGEST_VARIABLE = (
    "XRAY_EXPERIMENT_ID",
    "XRAY_ROLE",
    "XRAY_ARTIFACT_SHA256",
)
"""Environment variables of a served entity: they change atomically with the config, and exist on
Databricks too.
"""


class EndpointUnreachable(XrayError):
    """Nothing answers at the endpoint's host; the message names the command that starts it."""


class EndpointMismatch(XrayError):
    """The endpoint does not serve what it was told to serve."""


@dataclass(frozen=True)
class ServedEntity:
    """One model version behind the endpoint, with its share of the traffic in percent."""

    name: str
    model: str
    version: int
    artifact_sha256: str
    role: str
    traffic_percentage: int

    @classmethod
    def of(cls, candidate: Candidate, role: str, traffic_percentage: int) -> "ServedEntity":
        """A candidate of an experiment as a served entity."""
        return cls(
            candidate.served_name,
            candidate.model,
            candidate.version,
            candidate.artifact_sha256,
            role,
            traffic_percentage,
        )


@dataclass(frozen=True)
class ServedConfig:
    """What the endpoint says it serves."""

    config_version: int
    experiment_id: str | None
    entities: tuple[ServedEntity, ...]

    def is_of(self, entities: Sequence[ServedEntity], experiment_id: str | None) -> bool:
        """True when exactly these entities are served for this experiment."""
        return set(self.entities) == set(entities) and self.experiment_id == experiment_id

    @property
    def traffic(self) -> dict[str, int]:
        """Share in percent by served name."""
        return {entity.name: entity.traffic_percentage for entity in self.entities}


class ModelServing(dg.ConfigurableResource):
    """The A/B endpoint of one workspace (or of this machine)."""

    host: str
    token: str = ""
    token_file: str = ""
    endpoint_name: str = ENDPOINT_NAME
    ready_seconds: float = 120.0

    def served(self) -> ServedConfig | None:
        """What is served now; None when the endpoint does not exist. Raises EndpointUnreachable."""
        from databricks.sdk.errors import ResourceDoesNotExist

        try:
            endpoint = self._call(lambda client: client.serving_endpoints.get(self.endpoint_name))
        except ResourceDoesNotExist:
            return None
        return _served_config(endpoint.as_dict())

    def ensure(
        self, entities: Sequence[ServedEntity], *, experiment_id: str | None
    ) -> ServedConfig:
        """What is served, made to be exactly these entities where it is something else.

        Raises what `apply` raises.
        """
        served = self.served()
        if served and served.is_of(entities, experiment_id):
            return served
        return self.apply(entities, experiment_id=experiment_id)

    def apply(self, entities: Sequence[ServedEntity], *, experiment_id: str | None) -> ServedConfig:
        """Make the endpoint serve exactly these entities and wait until it is seen to.

        Raises EndpointMismatch when it ends up serving something else, TimeoutError when it is not
        ready in time, EndpointUnreachable when nothing answers.
        """
        from databricks.sdk.service import serving

        served_entities = [
            serving.ServedEntityInput(
                name=entity.name,
                entity_name=entity.model,
                entity_version=str(entity.version),
                workload_size="Small",
                scale_to_zero_enabled=False,
                environment_vars={
                    EXPERIMENT_VARIABLE: experiment_id or "",
                    ROLE_VARIABLE: entity.role,
                    DIGEST_VARIABLE: entity.artifact_sha256,
                },
            )
            for entity in entities
        ]
        routes = serving.TrafficConfig(
            routes=[
                serving.Route(
                    served_model_name=entity.name, traffic_percentage=entity.traffic_percentage
                )
                for entity in entities
            ]
        )
        if self.served() is None:
            config = serving.EndpointCoreConfigInput(
                name=self.endpoint_name, served_entities=served_entities, traffic_config=routes
            )
            self._call(
                lambda client: client.serving_endpoints.create(
                    name=self.endpoint_name, config=config
                )
            )
        else:
            self._call(
                lambda client: client.serving_endpoints.update_config(
                    name=self.endpoint_name, served_entities=served_entities, traffic_config=routes
                )
            )
        return self._wait_until_served(entities, experiment_id)

    def _wait_until_served(
        self, entities: Sequence[ServedEntity], experiment_id: str | None
    ) -> ServedConfig:
        """Poll until no update is under way and the endpoint is READY, then compare (the SDK's own
        wait ignores `ready`).
        """
        deadline = time.monotonic() + self.ready_seconds
        while True:
            state = (
                self._call(lambda client: client.serving_endpoints.get(self.endpoint_name))
                .as_dict()
                .get("state", {})
            )
            if state.get("config_update") in ("UPDATE_FAILED", "UPDATE_CANCELED"):
                raise EndpointMismatch(
                    f"{self.endpoint_name} refused the config: {state}; the old config keeps "
                    "serving"
                )
            if state.get("config_update") == "NOT_UPDATING" and state.get("ready") == "READY":
                break
            if time.monotonic() > deadline:
                raise TimeoutError(
                    f"{self.endpoint_name} was not READY within {self.ready_seconds:.0f} s: {state}"
                )
            time.sleep(0.2)
        served = self.served()
        if served is None or not served.is_of(entities, experiment_id):
            raise EndpointMismatch(
                f"{self.endpoint_name} serves {served}, not {list(entities)} of {experiment_id}"
            )
        return served

    def _call(self, request: Callable[["WorkspaceClient"], Answer]) -> Answer:
        from databricks.sdk.errors.base import DatabricksError

        try:
            return request(self._client())
        except DatabricksError:  # an answer, although its class is an OSError
            raise
        except (TimeoutError, ConnectionError, OSError) as error:
            raise EndpointUnreachable(
                f"no endpoint answers at {self.host}: start it with `xray serve` or the whole "
                f"stack with `xray up` ({error})"
            ) from error

    def _client(self) -> "WorkspaceClient":
        from databricks.sdk import WorkspaceClient
        from databricks.sdk.config import Config

        # The SDK retries refused connections for five minutes unless told otherwise.
        token = self.token or self._token_from_file()
        config = Config(
            host=self.host,
            token=token,
            auth_type="pat",
            retry_timeout_seconds=3,
            http_timeout_seconds=60,
        )
        return WorkspaceClient(config=config)

    def _token_from_file(self) -> str:
        try:
            return Path(self.token_file).read_text().strip()
        except OSError as error:
            raise EndpointUnreachable(
                "no endpoint has run here yet, so there is no token: start it with `xray serve` "
                f"or `xray up` ({self.token_file} is missing)"
            ) from error


def _served_config(endpoint: dict) -> ServedConfig | None:
    config = endpoint.get("config") or endpoint.get("pending_config")
    if not config:
        return None
    routes = config.get("traffic_config", {}).get("routes", [])
    shares = {
        route.get("served_model_name") or route.get("served_entity_name"): route[
            "traffic_percentage"
        ]
        for route in routes
    }
    entities, experiments = [], set()
    for entity in config.get("served_entities", []):
        variables = entity.get("environment_vars", {})
        experiments.add(variables.get(EXPERIMENT_VARIABLE) or None)
        entities.append(
            ServedEntity(
                entity["name"],
                entity["entity_name"],
                int(entity["entity_version"]),
                variables.get(DIGEST_VARIABLE, ""),
                variables.get(ROLE_VARIABLE, CHAMPION),
                shares.get(entity["name"], 0),
            )
        )
    experiment_id = experiments.pop() if len(experiments) == 1 else None
    return ServedConfig(int(config.get("config_version", 0)), experiment_id, tuple(entities))
