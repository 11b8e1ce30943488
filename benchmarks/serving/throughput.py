"""Requests a second and latency beside bare FastAPI with the same decode and model, in one run.

    python benchmarks/serving/throughput.py [--rounds 20] [--seconds 1] [--workers 1]

Rounds alternate between the servers, so that other work on the machine hits both; they are short
and many, because the medians of their ratios are printed. Every request has another film. `cpu` is
the server's CPU time a request.
"""

import argparse
import statistics
import tempfile
from pathlib import Path

from material import (
    Measured,
    config,
    create_endpoint,
    make_artifact,
    start_bare,
    start_endpoint,
    write_bodies,
    wrk,
)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--seconds", type=float, default=1)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--synchronous", default="NORMAL,FULL")
    parser.add_argument("--connections", default="1,8")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        measure(Path(folder), chosen)


def measure(folder: Path, chosen: argparse.Namespace) -> None:
    bodies = write_bodies(folder / "bodies.jsonl", patients=True)
    first = make_artifact(folder / "first", 1)
    servers = {"bare FastAPI": start_bare(first)}
    for synchronous in chosen.synchronous.split(","):
        state = folder / synchronous
        digests = [make_artifact(state / "artifacts", seed).sha256 for seed in (1, 2)]
        ours = start_endpoint(state, workers=chosen.workers, XRAY_LOG_SYNCHRONOUS=synchronous)
        create_endpoint(ours, config(*digests))
        servers[f"endpoint, {synchronous}"] = ours
    try:
        for server in servers.values():
            wrk(server, bodies, connections=8, seconds=2)
        for connections in map(int, chosen.connections.split(",")):
            rounds: dict[str, list[Measured]] = {name: [] for name in servers}
            for _ in range(chosen.rounds):
                for name, server in servers.items():
                    rounds[name].append(
                        wrk(server, bodies, connections=connections, seconds=chosen.seconds)
                    )
            report(connections, rounds)
        for name, server in servers.items():
            print(f"RSS {name}: {server.rss_mb():.0f} MB")
    finally:
        for server in servers.values():
            server.stop()


def report(connections: int, rounds: dict[str, list[Measured]]) -> None:
    print(
        f"\n{connections} connection(s)      requests/s   p50 ms   p99 ms   cpu ms   failed | of "
        "bare: requests/s  p50   cpu"
    )
    bare = rounds["bare FastAPI"]
    for name, measured in rounds.items():

        def median(field: str, these: list[Measured] = measured) -> float:
            return statistics.median(getattr(one, field) for one in these)

        def ratio(field: str, these: list[Measured] = measured) -> float:
            pairs = zip(these, bare, strict=True)
            return statistics.median(getattr(a, field) / getattr(b, field) for a, b in pairs)

        failed = sum(one.failed for one in measured)
        print(
            f"{name:20} {median('per_second'):11.0f} {median('p50_ms'):8.2f} "
            f"{median('p99_ms'):8.2f} "
            f"{median('cpu_ms'):8.3f} {failed:8d} | {ratio('per_second'):17.2f} "
            f"{ratio('p50_ms'):6.2f} {ratio('cpu_ms'):5.2f}"
        )


if __name__ == "__main__":
    main()
