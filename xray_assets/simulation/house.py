"""What the house does at night: its assets' bodies, and jobs as runs.

A run of Dagster costs a second or two of its own, which 90 days of several jobs cannot afford. So
the assets that every night needs are called one after the other (`bodies`), as their jobs order
them, with the real resources and tables; no check is made of it. A checked night runs the job
`monitor`. What sensors ask for beyond that (to decide, to change what is served, to train) are
runs, as under `xray up`.
"""

import logging
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import dagster as dg

from xray_assets import catalog
from xray_assets.catalog import Key
from xray_assets.contracts.tables import CONTRACTS
from xray_assets.definitions import build_definitions
from xray_assets.deployments import resources
from xray_assets.errors import XrayError
from xray_assets.jobs import evaluate, follow, monitor, respond
from xray_assets.resources.alerts import Alerts
from xray_assets.resources.roles import Resources
from xray_assets.rollout.state import last_experiment
from xray_assets.settings import Settings

if TYPE_CHECKING:
    from dagster._core.execution.execute_in_process_result import ExecuteInProcessResult

TAKEN_IN: tuple[Key, ...] = (
    catalog.PREDICTIONS,
    catalog.PAIRED_PREDICTIONS,
    catalog.PREDICTION_FEEDBACK,
    catalog.REVIEW_POLICY,
    catalog.REVIEW_ASSIGNMENTS,
)
"""What a night needs of the log and the inbox where no experiment is to be decided."""

EACH_NIGHT = (evaluate.name, follow.name, monitor.name, respond.name)
"""Jobs that no sensor needs to ask for: their work is done each night."""
_MOST_RUNS = 12
"""Runs that sensors may ask for in a night: a sensor that never has enough is a fault."""


class JobFailed(XrayError):
    """A run of a simulated night did not succeed, or sensors asked for more and more of them."""


@contextmanager
def quiet() -> Iterator[None]:
    """Without what Dagster tells of every step of every night."""
    before = logging.root.manager.disable
    logging.disable(logging.INFO)
    try:
        yield
    finally:
        logging.disable(before)


class House:
    """The graph with the resources of a simulation's state; alerts are recorded and not sent."""

    def __init__(self, settings: Settings, instance: dg.DagsterInstance) -> None:
        """Nothing is run here."""
        silent = Alerts(may_leave=False)
        self.room: Resources = replace(resources(settings), alerts=silent)
        self._instance, self._by_name = instance, self.room.by_name()
        self._definitions = build_definitions(settings, alerts=silent)
        self._graph = self._definitions.resolve_asset_graph()
        self._cursors: dict[str, str | None] = {}

    def night(self, *, checked: bool = False) -> list[str]:
        """Take in the day, judge it, and do what sensors ask for; `checked`: judge it in a run with
        its checks, and tidy the tables. Returns the jobs that sensors asked for and that failed;
        raises what the bodies raise, and JobFailed.
        """
        experiment = last_experiment(self.room.tables)
        if experiment is not None and experiment.is_running:
            self.run(evaluate.name)
        else:
            self.bodies(map(dg.AssetKey, TAKEN_IN))
        if checked:
            self.run(monitor.name)
            for key in CONTRACTS:
                self.room.tables.tidy(key)  # as the schedule `nightly` does
        else:
            self.bodies(monitor.selection.resolve(self._graph))
        return self.ask_sensors()

    def bodies(self, keys: Iterable[dg.AssetKey]) -> None:
        """Call the bodies of these assets, upstream first. Raises what they raise."""
        wanted = set(keys)
        done: list[dg.AssetsDefinition] = []
        for key in self._graph.toposorted_asset_keys:
            asset = self._graph.get(key).assets_def
            if key in wanted and asset not in done:
                done.append(asset)
                names = asset.required_resource_keys & self._by_name.keys()
                outcome = asset(
                    dg.build_asset_context(instance=self._instance),
                    **{name: self._by_name[name] for name in names},
                )
                if isinstance(outcome, Iterator):
                    for _ in outcome:
                        pass

    def ask_sensors(self) -> list[str]:
        """Carry out what the sensors ask for, until they ask for no more; returns the jobs whose
        runs failed (a candidate that passes no gate fails its run), which are left for this night.
        Raises JobFailed where there is no end of it.
        """
        asked, failed = 0, []
        while requests := [
            one for name in self._sensors() for one in self._tick(name) if one[0] not in failed
        ]:
            for job, config in requests:
                asked += 1
                if asked > _MOST_RUNS:
                    raise JobFailed(f"sensors asked for over {_MOST_RUNS} runs, last of {job}")
                try:
                    self.run(job, config)
                except JobFailed:
                    failed.append(job)
        return failed

    def run(self, job: str, config: Mapping[str, Any] | None = None) -> "ExecuteInProcessResult":
        """Run a job in this process, checks included. Raises JobFailed."""
        result = self._definitions.resolve_job_def(job).execute_in_process(
            run_config=dict(config or {}), instance=self._instance, raise_on_error=False
        )
        if not result.success:
            failed = ", ".join(event.step_key or "" for event in result.get_step_failure_events())
            raise JobFailed(f"run {result.run_id} of {job} failed at {failed}: see its log")
        return result

    def _sensors(self) -> list[str]:
        """Those that ask for more than the bodies do."""
        found = self._definitions.sensors or ()
        plain = [one for one in found if isinstance(one, dg.SensorDefinition) and one.has_jobs]
        return [one.name for one in plain if one.job.name not in EACH_NIGHT]

    def _tick(self, name: str) -> list[tuple[str, Mapping[str, Any]]]:
        sensor = self._definitions.resolve_sensor_def(name)
        names = sensor.required_resource_keys & self._by_name.keys()
        with dg.build_sensor_context(
            instance=self._instance,
            cursor=self._cursors.get(name),
            resources={key: self._by_name[key] for key in names},
        ) as context:
            tick = sensor.evaluate_tick(context)
        self._cursors[name] = tick.cursor
        return [
            (request.job_name or sensor.job.name, request.run_config)
            for request in tick.run_requests or ()
        ]
