"""CPU of `import xray_assets.definitions` against `import dagster`, in turns, fresh processes.

Both are compiled beforehand, whatever PYTHONDONTWRITEBYTECODE says: pip compiles dagster when it is
installed, and Python this project when it first runs.

python benchmarks/import_budget.py
"""

import os
import statistics
import subprocess
import sys

RUNS = 7
CODE = "import time; import {}; print(time.process_time())"
COMPILING = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}


def cpu_seconds(module: str) -> float:
    code = CODE.format(module)
    done = subprocess.run(
        [sys.executable, "-c", code], check=True, capture_output=True, text=True, env=COMPILING
    )
    return float(done.stdout)


def main() -> None:
    cpu_seconds("xray_assets.definitions")  # compiles it
    pairs = [(cpu_seconds("xray_assets.definitions"), cpu_seconds("dagster")) for _ in range(RUNS)]
    ours, theirs = (statistics.median(column) for column in zip(*pairs, strict=True))
    ratios = sorted(ours / theirs for ours, theirs in pairs)
    print(f"xray_assets.definitions {ours:.2f} s, dagster {theirs:.2f} s (medians of {RUNS})")
    print(f"ratio: median {statistics.median(ratios):.2f}, {ratios[0]:.2f} to {ratios[-1]:.2f}")


if __name__ == "__main__":
    main()
