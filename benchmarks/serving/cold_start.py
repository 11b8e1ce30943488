"""Cold start to READY with champion and challenger, and memory of the serving process.

python benchmarks/serving/cold_start.py [--starts 5]
"""

import argparse
import statistics
import tempfile
import time
from pathlib import Path

from material import config, create_endpoint, make_artifact, start_endpoint, write_bodies, wrk


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--starts", type=int, default=5)
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        state = Path(folder) / "state"
        bodies = write_bodies(Path(folder) / "bodies.jsonl", patients=True)
        digests = [make_artifact(state / "artifacts", seed).sha256 for seed in (1, 2)]
        server = start_endpoint(state)
        create_endpoint(server, config(*digests))
        server.stop()
        wall, cpu, idle = [], [], []
        for _ in range(chosen.starts):
            started = time.perf_counter()
            server = start_endpoint(state)
            wall.append(time.perf_counter() - started)
            cpu.append(server.cpu_seconds())
            idle.append(server.rss_mb())
            server.stop()
        server = start_endpoint(state)
        wrk(server, bodies, connections=8, seconds=5)
        print(
            f"process start to READY: {statistics.median(wall):.2f} s (CPU "
            f"{statistics.median(cpu):.2f} s)"
        )
        print(f"RSS: {statistics.median(idle):.0f} MB idle, {server.rss_mb():.0f} MB after load")
        server.stop()


if __name__ == "__main__":
    main()
