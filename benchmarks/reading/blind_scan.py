"""200 reads over HTTP by one reader: every answer before each commit is looked through for anything
of a model, a score, an arm, a request or a file, and compared with those of a room whose models
answered the opposite.

python -m benchmarks.reading.blind_scan [--reads 200]
"""

import argparse
import sys
import tempfile
from pathlib import Path

from xray_assets_tests.feedback.scenery import request_id
from xray_assets_tests.reading.made_room import NOW
from xray_assets_tests.reading.test_blindness import leaks, read_all


def main() -> None:
    """Print what was found; exit code 1 for a leak."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--reads", type=int, default=200)
    reads = parser.parse_args().reads
    requests = [request_id(NOW) for _ in range(reads)]
    with tempfile.TemporaryDirectory() as folder:
        one, other = (
            read_all(Path(folder) / str(labels[0]), labels, requests) for labels in ((0, 1), (1, 0))
        )
    found, differ = leaks(one), sum(a != b for a, b in zip(one.told, other.told, strict=True))
    print(f"reads {reads}, answers {len(one.told)}, leaks {len(found)} {sorted(set(found))}")
    print(f"answers that differ with the models' labels: {differ}")
    sys.exit(bool(found or differ))


if __name__ == "__main__":
    main()
