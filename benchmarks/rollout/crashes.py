"""Crashes at chosen calls, and an endpoint in memory that they can hit.

Every call of `POINTS` counts as a point. A plan says at which one the process dies: before the
call, after its effect, or, for a config change, before an effect that comes later (the endpoint
took the request and the caller never heard the end).
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from unittest.mock import patch

from mlflow import MlflowClient

from xray_assets.resources.local.tables import LocalDelta
from xray_assets.resources.serving.endpoint import ModelServing
from xray_assets.rollout.served import EndpointMismatch, ServedConfig, ServedEntity


class Crash(BaseException):
    """The process dies here: nothing may catch it and go on."""


@dataclass
class Twin:
    """What the endpoint of one host served, oldest first; `late` is a config still to come."""

    served: list[ServedConfig] = field(default_factory=list)
    late: ServedConfig | None = None

    @property
    def now(self) -> ServedConfig | None:
        return self.served[-1] if self.served else None

    def land(self) -> None:
        if self.late:
            self.served.append(self.late)
            self.late = None


TWINS: dict[str, Twin] = {}
"""By host, because Dagster makes resources anew for each tick."""


class EndpointInMemory(ModelServing):
    """Keeps configs as the endpoint does: each change is one version, and atomic."""

    def served(self) -> ServedConfig | None:
        TWINS[self.host].land()
        return TWINS[self.host].now

    def apply(
        self, entities: Sequence[ServedEntity], *, experiment_id: str | None, generation: int
    ) -> ServedConfig:
        twin = TWINS[self.host]
        if twin.now and generation < twin.now.generation:
            raise EndpointMismatch(f"generation {twin.now.generation} is served, not {generation}")
        version = len(twin.served) + 1
        twin.late = ServedConfig(version, experiment_id, tuple(entities), generation)
        if PLAN.dies_late:
            raise Crash("apply, effect still to come")
        twin.land()
        return twin.served[-1]


@dataclass
class Plan:
    """After how many points of armed code the process dies (None: never), counting all calls or
    writes only. `mode`: before, after or late.
    """

    left: int | None = None
    writes_only: bool = False
    mode: str = "before"
    armed: bool = False
    crashed: list[str] = field(default_factory=list)
    dies_late: bool = False
    on_alias: Callable[[str, str, str], None] | None = None

    def call(self, name: str, original: Callable[..., Any], given: tuple, named: dict) -> Any:
        counts = self.armed and not (self.writes_only and name not in WRITES)
        if self.left is None or not counts:
            return original(*given, **named)
        self.left -= 1
        if self.left:
            return original(*given, **named)
        self.left = None
        can_be_late = name == "EndpointInMemory.apply"
        mode = "before" if self.mode == "late" and not can_be_late else self.mode
        self.crashed.append(f"{mode} {name}")
        if mode == "before":
            raise Crash(name)
        self.dies_late = mode == "late"
        try:
            original(*given, **named)
        finally:
            self.dies_late = False
        raise Crash(name)


PLAN = Plan()

POINTS: tuple[tuple[type, str], ...] = (
    (LocalDelta, "read"),
    (LocalDelta, "version"),
    (LocalDelta, "append"),
    (LocalDelta, "merge"),
    (LocalDelta, "advance"),
    (EndpointInMemory, "served"),
    (EndpointInMemory, "apply"),
    (MlflowClient, "get_registered_model"),
    (MlflowClient, "set_registered_model_alias"),
    (MlflowClient, "delete_registered_model_alias"),
)

WRITES = {
    "LocalDelta.append",
    "LocalDelta.merge",
    "LocalDelta.advance",
    "EndpointInMemory.apply",
    "MlflowClient.set_registered_model_alias",
    "MlflowClient.delete_registered_model_alias",
}


def _counted(owner: type, name: str) -> Any:
    original = getattr(owner, name)

    def counted(self: Any, *given: Any, **named: Any) -> Any:
        if PLAN.on_alias and name == "set_registered_model_alias":
            PLAN.on_alias(*given[:3])
        return PLAN.call(f"{owner.__name__}.{name}", original, (self, *given), named)

    return counted


@contextmanager
def counted_calls() -> Iterator[None]:
    """Every call of POINTS goes through PLAN."""
    patches = [patch.object(owner, name, _counted(owner, name)) for owner, name in POINTS]
    for one in patches:
        one.start()
    try:
        yield
    finally:
        for one in patches:
            one.stop()


@contextmanager
def may_crash() -> Iterator[None]:
    """PLAN counts in here; a crash of its making ends the block and nothing else."""
    PLAN.armed = True
    try:
        yield
    except Crash:
        pass
    finally:
        PLAN.armed = False
