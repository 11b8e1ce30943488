"""Is our "Evidently's default" Evidently's? The same days by both.

    python -m venv /tmp/evidently && /tmp/evidently/bin/pip install evidently "pandas<3"
    python -m benchmarks.monitoring.evidently_check /tmp/evidently/bin/python [--days 40]

Half of the days are ordinary, on the others site B's films are blurred. Evidently runs in its own
environment, on the same frames. Exit code 1 where the answers differ by more than a day in forty.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks.monitoring.scenarios import changed
from benchmarks.monitoring.simulated.pool import CACHE, load_pool
from benchmarks.monitoring.simulated.world import World
from benchmarks.monitoring.usual_rules import LABEL, NUMBERS, RULES, UsualRules

OURS = next(rule for rule in RULES if rule.startswith("Evidently"))
THEIRS = """
import json, sys, warnings
from pathlib import Path
warnings.filterwarnings("ignore")
import pandas as pd
from evidently import DataDefinition, Dataset, Report
from evidently.presets import DataDriftPreset

folder, numbers, label = Path(sys.argv[1]), sys.argv[2].split(","), sys.argv[3]
kinds = DataDefinition(numerical_columns=numbers, categorical_columns=[label])
read = lambda name: Dataset.from_pandas(pd.read_csv(folder / name), data_definition=kinds)
reference, answers = read("reference.csv"), []
for day in range(int(sys.argv[4])):
    result = Report([DataDriftPreset()]).run(read(f"{day}.csv"), reference).dict()
    answers.append(result["metrics"][0]["value"]["share"])
print(json.dumps(answers))
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("python", help="Python of an environment that has Evidently")
    parser.add_argument("--days", type=int, default=40)
    parser.add_argument("--cache", type=Path, default=CACHE)
    asked = parser.parse_args()
    plan = changed(start=asked.days // 2, sites=("B",), kinds=("blur",))
    world = World(load_pool(asked.cache), plan, 1)
    reference, _ = world.baseline()
    rules, ours = UsualRules(reference), []
    columns = [*NUMBERS, LABEL]
    with tempfile.TemporaryDirectory() as folder:
        reference.select(columns).write_csv(Path(folder, "reference.csv"))
        for day in range(asked.days):
            rows, _ = world.day(day)
            rows.select(columns).write_csv(Path(folder, f"{day}.csv"))
            ours.append(rules.alarms(rows)[OURS])
        said = subprocess.run(
            [asked.python, "-c", THEIRS, folder, ",".join(NUMBERS), LABEL, str(asked.days)],
            check=True, capture_output=True, text=True,
        )  # fmt: skip
    shares = json.loads(said.stdout.splitlines()[-1])
    theirs = [share >= 0.5 for share in shares]
    equal = sum(a == b for a, b in zip(ours, theirs, strict=True))
    print(f"{equal} of {asked.days} days alike; alarms: ours {sum(ours)}, theirs {sum(theirs)}")
    sys.exit(int(equal < asked.days * 39 / 40))


if __name__ == "__main__":
    main()
