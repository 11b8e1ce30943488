"""The serving endpoint, through the Databricks SDK: one client for both deployments, pointed at a
host.

The local endpoint speaks the Databricks Model Serving REST API, so nothing here knows which one
answers.
"""

import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import dagster as dg

from xray_assets.catalog import (
    DIGEST_VARIABLE,
    ENDPOINT_NAME,
    EXPERIMENT_VARIABLE,
    GENERATION_VARIABLE,
    ROLE_VARIABLE,
)
from xray_assets.resources.serving.served_document import served_config
from xray_assets.rollout.served import (
    EndpointMismatch,
    EndpointUnreachable,
    ServedConfig,
    ServedEntity,
)

if TYPE_CHECKING:
    from databricks.sdk import WorkspaceClient

Answer = TypeVar("Answer")


class ModelServing(dg.ConfigurableResource):
    """The A/B endpoint of one workspace (or of this machine)."""

    host: str
    token: str = ""
    token_file: str = ""
    endpoint_name: str = ENDPOINT_NAME
    ready_seconds: float = 120.0
    http_seconds: float = 60.0

    def served(self) -> ServedConfig | None:
        """What is served now; None when the endpoint does not exist. Raises EndpointUnreachable."""
        from databricks.sdk.errors import ResourceDoesNotExist

        try:
            endpoint = self._call(lambda client: client.serving_endpoints.get(self.endpoint_name))
        except ResourceDoesNotExist:
            return None
        return served_config(endpoint.as_dict())

    def ensure(
        self, entities: Sequence[ServedEntity], *, experiment_id: str | None, generation: int
    ) -> ServedConfig:
        """What is served, made to be exactly these entities where it is something else, as wanted
        by a generation of gold.experiments.

        Raises what `apply` raises.
        """
        served = self.served()
        if served and served.is_of(entities, experiment_id):
            return served
        return self.apply(entities, experiment_id=experiment_id, generation=generation)

    def apply(
        self, entities: Sequence[ServedEntity], *, experiment_id: str | None, generation: int
    ) -> ServedConfig:
        """Make the endpoint serve exactly these entities and wait until it is seen to.

        Raises EndpointMismatch when it refuses the config (also one of an older generation than it
        serves) or ends up serving something else, TimeoutError when it is not ready in time,
        EndpointUnreachable when nothing answers.
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
                    GENERATION_VARIABLE: str(generation),
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
            self._change(
                lambda client: client.serving_endpoints.create(
                    name=self.endpoint_name, config=config
                )
            )
        else:
            self._change(
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

    def _change(self, request: Callable[["WorkspaceClient"], object]) -> None:
        from databricks.sdk.errors.base import DatabricksError

        try:
            self._call(request)
        except DatabricksError as error:
            raise EndpointMismatch(f"{self.endpoint_name} refused the config: {error}") from error

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
            http_timeout_seconds=self.http_seconds,
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
