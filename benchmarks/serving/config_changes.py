"""Config changes under load: requests that failed, and how long a change takes.

    python benchmarks/serving/config_changes.py [--changes 100] [--workers 1]

Every second change brings a challenger that was not loaded before; the others are ramp steps.
"""

import argparse
import collections
import statistics
import tempfile
import time
from pathlib import Path

import httpx
from clients import Clients
from material import ENDPOINT, config, create_endpoint, make_artifact, start_endpoint, write_bodies

from xray_assets.serving.log.logged_rows import InferenceLogRows


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--changes", type=int, default=100)
    parser.add_argument("--workers", type=int, default=1)
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        state, bodies = Path(folder) / "state", Path(folder) / "bodies.jsonl"
        write_bodies(bodies, patients=True)
        champion, *challengers = (
            make_artifact(state / "artifacts", seed).sha256
            for seed in range(1, chosen.changes // 2 + 3)
        )
        server = start_endpoint(state, workers=chosen.workers)
        create_endpoint(server, config(champion, challengers[0]))
        seconds = []
        headers = {"Authorization": f"Bearer {server.token}"}
        route = f"/api/2.0/serving-endpoints/{ENDPOINT}"
        with (
            Clients(server, bodies) as clients,
            httpx.Client(base_url=server.url, headers=headers) as api,
        ):
            for number in range(chosen.changes):
                wanted = config(champion, challengers[1 + number // 2], share=(number * 7) % 101)
                started = time.perf_counter()
                api.put(f"{route}/config", json=wanted).raise_for_status()
                while (state_now := api.get(route).json()["state"])[
                    "config_update"
                ] == "IN_PROGRESS":
                    time.sleep(0.01)
                assert state_now["config_update"] == "NOT_UPDATING", state_now
                seconds.append(time.perf_counter() - started)
        server.stop()
        columns = InferenceLogRows(state / "endpoint" / "log.sqlite").read_columns_after(0, 10**9)
        lost = clients.acknowledged.keys() - set(columns["request_id"])
        print(f"changes {chosen.changes}, answered {len(clients.acknowledged)}")
        print(
            f"refused {dict(collections.Counter(clients.refused))}, broken {clients.broken}, lost "
            f"{len(lost)}"
        )
        print(f"config versions that served: {len(set(columns['config_version']))}")
        print(f"a change: median {statistics.median(seconds):.3f} s, longest {max(seconds):.3f} s")


if __name__ == "__main__":
    main()
