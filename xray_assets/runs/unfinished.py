"""Runs that have not ended: what they wait for, how old they are, and whether anybody carries them
out.
"""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC

import dagster as dg

from xray_assets.runs.identity import ProcessIdentity

BEGUN = (
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
    dg.DagsterRunStatus.CANCELING,
)
"""States that only a process can take a run out of. A queued run needs none yet."""

UNFINISHED = (dg.DagsterRunStatus.NOT_STARTED, dg.DagsterRunStatus.QUEUED, *BEGUN)

EXPECTED_SECONDS = {"deploy": 120.0, "follow": 300.0, "evaluate": 600.0}
"""What a run of a job takes at most where all is well; the others train, and may take an hour."""

EXPECTED_OF_OTHERS = 3600.0


@dataclass(frozen=True)
class UnfinishedRun:
    """One run. `since` is when it was made or, once it runs, when it started (Unix time)."""

    run_id: str
    job: str
    status: dg.DagsterRunStatus
    since: float
    process: ProcessIdentity | None

    @property
    def is_dead(self) -> bool:
        """True when the process that carried it out is gone. A run that names no process may still
        be on its way to one.
        """
        return self.status in BEGUN and self.process is not None and not self.process.is_alive

    def is_overdue(self, now: float) -> bool:
        """True when it is older than it should ever be: it hangs, or what it waits for does."""
        return now - self.since > EXPECTED_SECONDS.get(self.job, EXPECTED_OF_OTHERS)

    def in_words(self) -> str:
        """Which run, since when, and what is wrong with it."""
        now = time.time()
        said = f"run {self.run_id} of {self.job} is under way for {now - self.since:.0f} s"
        if self.is_dead:
            return f"{said}; its process is gone"
        return f"{said}, longer than it should be" if self.is_overdue(now) else said


def alive_runs(instance: dg.DagsterInstance, *jobs: str) -> set[str]:
    """Ids of the runs of these jobs that somebody carries out, or is about to."""
    return {run.run_id for run in unfinished_runs(instance, *jobs) if not run.is_dead}


def unfinished_runs(instance: dg.DagsterInstance, *jobs: str) -> Iterator[UnfinishedRun]:
    """The runs of these jobs, or of all where none is named, that have not ended; newest first."""
    for record in instance.get_run_records(dg.RunsFilter(statuses=list(UNFINISHED))):
        run = record.dagster_run
        if not jobs or run.job_name in jobs:
            since = record.start_time or record.create_timestamp.replace(tzinfo=UTC).timestamp()
            process = ProcessIdentity.of_run(run.tags)
            yield UnfinishedRun(run.run_id, run.job_name, run.status, since, process)
