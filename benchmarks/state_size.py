"""How large a state folder is after many days of requests, before and after the nightly upkeep.

    python -m benchmarks.state_size --days 1000 --requests 500

Writes log and inbox as the endpoint and the feedback API would (every tenth request is read), runs
`evaluate` once for each `--at-once` days, then tidies every table as `maintain` does, without the
week of grace. 20 films stand for all, so what films take is not in the figure: a stored film is
some 100 kB, and requests of one film share it.
"""

import argparse
import datetime as dt
import logging
import tempfile
from pathlib import Path

import dagster as dg

from xray_assets.contracts.tables import CONTRACTS
from xray_assets.definitions import build_definitions
from xray_assets.deployments import resources
from xray_assets_tests.logged_world import LoggedWorld

DAY_US = 86_400_000_000


def sizes(state: Path) -> dict[str, float]:
    """MB by room of the state folder."""
    rooms = sorted(room for room in state.iterdir() if room.is_dir())
    return {
        room.name: sum(f.stat().st_size for f in room.rglob("*") if f.is_file()) / 1e6
        for room in rooms
    }


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--days", type=int, default=1000)
    parser.add_argument("--requests", type=int, default=500)
    parser.add_argument("--at-once", type=int, default=100)
    chosen = parser.parse_args()
    logging.disable()
    with tempfile.TemporaryDirectory() as folder, dg.DagsterInstance.ephemeral() as instance:
        world = LoggedWorld(Path(folder) / "state", films=20)
        job = build_definitions(world.settings).resolve_job_def("evaluate")
        for _ in range(0, chosen.days, chosen.at_once):
            ids = world.predict(chosen.at_once * chosen.requests, DAY_US // chosen.requests)
            world.read(ids[::10])
            job.execute_in_process(instance=instance)
        print("MB:", {name: round(mb, 1) for name, mb in sizes(world.settings.state).items()})
        tables = resources(world.settings).tables
        for key in CONTRACTS:
            tables.tidy(key, older_than=dt.timedelta(0))
        print("MB, tidied:", {n: round(mb, 1) for n, mb in sizes(world.settings.state).items()})


if __name__ == "__main__":
    main()
