"""`kill -9` under load at random moments: acknowledged requests against rows of the log.

python benchmarks/serving/kill_nine.py [--kills 50]
"""

import argparse
import random
import tempfile
import time
from pathlib import Path

from clients import Clients
from material import config, create_endpoint, make_artifact, start_endpoint, write_bodies

from xray_assets.serving.log.logged_rows import InferenceLogRows


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--seed", type=int, default=0)
    chosen = parser.parse_args()
    generator = random.Random(chosen.seed)
    with tempfile.TemporaryDirectory() as folder:
        state, bodies = Path(folder) / "state", Path(folder) / "bodies.jsonl"
        write_bodies(bodies, patients=True)
        digests = [make_artifact(state / "artifacts", seed).sha256 for seed in (1, 2)]
        server = start_endpoint(state)
        create_endpoint(server, config(*digests))
        acknowledged: dict[str, float] = {}
        restarts = []
        for _ in range(chosen.kills):
            with Clients(server, bodies) as clients:
                time.sleep(generator.uniform(0.05, 0.8))
                server.kill()
            acknowledged |= clients.acknowledged
            started = time.perf_counter()
            server = start_endpoint(state)
            restarts.append(time.perf_counter() - started)
        server.stop()
        reader = InferenceLogRows(state / "endpoint" / "log.sqlite")
        columns = reader.read_columns_after(0, 100_000_000)
        rows = dict(zip(columns["request_id"], columns["prediction"], strict=True))
        lost = [one for one, score in acknowledged.items() if rows.get(one) != score]
        doubled = len(columns["request_id"]) - len(rows)
        pictures = {digest: reader.image(digest) for digest in set(columns["image_sha256"])}
        missing = sum(picture is None for picture in pictures.values())
        print(f"kills {chosen.kills}, acknowledged {len(acknowledged)}, rows {len(rows)}")
        print(f"lost {len(lost)}, doubled {doubled}, rows without their film {missing}")
        restarts.sort()
        print(
            f"restart to READY: median {restarts[len(restarts) // 2]:.2f} s, longest "
            f"{restarts[-1]:.2f} s"
        )


if __name__ == "__main__":
    main()
