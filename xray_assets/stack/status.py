"""How the stack is: what runs, which run hangs, how far each table is behind its source, and
whether what is wanted is served. Looks only, and says of each thing that cannot be seen why not.
"""

import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any, TypeVar

from xray_assets.catalog import PREDICTION_FEEDBACK
from xray_assets.errors import XrayError
from xray_assets.runs.identity import ProcessIdentity
from xray_assets.settings import Settings
from xray_assets.stack import running
from xray_assets.stack.processes import RunningProcess
from xray_assets.stack.services import DEFAULT_SERVICES, Service, services
from xray_assets.stack.state import WORKSPACE
from xray_assets.stack.supervision import is_crash_loop

Look = TypeVar("Look")

RUNS, LOOPS, DEAD, MUTE, STOPPED = "runs", "keeps dying", "died", "does not answer", "stopped"
"""States of a service. MUTE: its process is there, and it is not ready."""


@dataclass(frozen=True)
class ServiceStatus:
    """One service. Times are Unix times; `supervisor` is None where nobody looks after it."""

    name: str
    state: str
    pid: int | None = None
    since: float | None = None
    restarts: int = 0
    supervisor: int | None = None
    url: str | None = None
    log: str | None = None

    @property
    def is_well(self) -> bool:
        """True for one that runs under a supervisor."""
        return self.state == RUNS and self.supervisor is not None


@dataclass(frozen=True)
class RunStatus:
    """A run that has not ended."""

    run_id: str
    job: str
    status: str
    since: float
    is_dead: bool
    is_overdue: bool


@dataclass(frozen=True)
class Status:
    """Everything that `xray status` shows. `unseen` says what could not be looked at, and why.

    behind: rows that a source is ahead of its table. wanted, served: share in percent by served
    name. monitoring: the level, since when, its episode and who acknowledged it; empty before the
    first day was judged.
    """

    services: tuple[ServiceStatus, ...]
    runs: tuple[RunStatus, ...]
    behind: dict[str, int]
    experiment: dict[str, Any]
    monitoring: dict[str, Any]
    unseen: dict[str, str]

    @property
    def is_well(self) -> bool:
        """True when every service runs, no run hangs, and what is wanted is served."""
        hangs = any(run.is_dead or run.is_overdue for run in self.runs)
        wanted = self.experiment.get("wanted") == self.experiment.get("served")
        services = all(one.is_well for one in self.services)
        return services and not hangs and wanted and not self.unseen

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return asdict(self) | {"is_well": self.is_well}


def status(settings: Settings) -> Status:
    """Look at everything once."""
    unseen: dict[str, str] = {}

    def seen(what: str, look: Callable[[], Look], otherwise: Look) -> Look:
        try:
            return look()
        except Exception as error:
            unseen[what] = str(error) if isinstance(error, XrayError) else repr(error)
            return otherwise

    return Status(
        _services(settings),
        seen("runs", lambda: unfinished(settings), ()),
        seen("behind", lambda: _behind(settings), {}),
        seen("experiment", lambda: _experiment(settings), {}),
        seen("monitoring", lambda: _monitoring(settings), {}),
        unseen,
    )


def _services(settings: Settings) -> tuple[ServiceStatus, ...]:
    recorded = running.recorded(settings)
    known = services(settings, workspace=WORKSPACE) if recorded else {}
    names = dict.fromkeys((*DEFAULT_SERVICES, *recorded))
    return tuple(
        _service(recorded[name], known.get(name))
        if name in recorded
        else ServiceStatus(name, STOPPED)
        for name in names
    )


def _service(process: RunningProcess, service: Service | None) -> ServiceStatus:
    now = time.time()
    if is_crash_loop(process, now):
        state = LOOPS
    elif not process.is_alive:
        state = DEAD
    else:
        state = RUNS if service is None or service.is_ready(process.started) else MUTE
    return ServiceStatus(
        process.name,
        state,
        process.pid if process.is_alive else None,
        process.started,
        process.restarts,
        ProcessIdentity.parse(process.supervisor).pid if process.is_looked_after else None,
        process.url,
        process.log,
    )


def unfinished(settings: Settings) -> tuple[RunStatus, ...]:
    """The runs of this state's Dagster that have not ended."""
    if not (settings.dagster_home / "dagster.yaml").exists():
        return ()
    import dagster as dg

    from xray_assets.runs.unfinished import unfinished_runs

    now = time.time()
    with dg.DagsterInstance.from_config(str(settings.dagster_home)) as instance:
        return tuple(
            RunStatus(
                run.run_id, run.job, run.status.value, run.since, run.is_dead, run.is_overdue(now)
            )
            for run in unfinished_runs(instance)
        )


def _behind(settings: Settings) -> dict[str, int]:
    from xray_assets.deployments import resources

    room = resources(settings)
    return {
        "log -> predictions": room.inference_log.behind(room.tables),
        "inbox -> feedback": room.inbox.behind(room.tables, PREDICTION_FEEDBACK),
    }


def _experiment(settings: Settings) -> dict[str, Any]:
    from xray_assets.deployments import resources
    from xray_assets.rollout.state import last_experiment, waiting

    ramp = resources(settings).ramp
    if (experiment := last_experiment(ramp.tables)) is None:
        return {}
    known = {
        "experiment_id": experiment.experiment_id,
        "state": experiment.state,
        "stage": experiment.stage,
        "cause": experiment.cause,
        "wanted": experiment.wanted_traffic(),
        "waiting": waiting(ramp.tables),
    }
    served = ramp.serving.served()
    return known | {"served": served.traffic if served else None}


def _monitoring(settings: Settings) -> dict[str, Any]:
    from xray_assets.deployments import resources
    from xray_assets.monitoring.response.record import state_of

    state = state_of(resources(settings).tables)
    known = {
        "level": state.level,
        "since": str(state.since),
        "episode_id": state.episode_id,
        "acknowledged_by": state.acknowledged_by,
        "judged_to": str(state.judged_to or "no day yet"),
        "in_words": str(state),
    }
    return known if state.since else {}
