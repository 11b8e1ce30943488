"""Dagster's daemon, after the runs that nobody carries out have ended, and with sensors that look
every second.

    python -m xray_assets.runs.daemon run --workspace FILE
"""

import logging

import dagster as dg
from dagster._daemon import cli, sensor

from xray_assets.runs.dead import end_dead_runs

SENSOR_LOOP_SECONDS = 1
"""Dagster's own is 5, a constant: half of the wait between the last feedback and its run."""


def main() -> None:
    """Run the daemon until it is told to stop."""
    with dg.DagsterInstance.get() as instance:
        for run_id in end_dead_runs(instance):
            logging.getLogger(__name__).warning("run %s ended: its process was gone", run_id)
    if not hasattr(sensor, "MIN_INTERVAL_LOOP_TIME"):
        raise RuntimeError("this Dagster names its sensor loop differently: mend runs/daemon.py")
    sensor.MIN_INTERVAL_LOOP_TIME = SENSOR_LOOP_SECONDS
    cli.main()


if __name__ == "__main__":
    main()
