"""The search over a file: what is tried, what is stopped early, and what a kill leaves."""

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from xray_assets.training.search.searching import Budget, search
from xray_assets.training.search.space import Between

SPACE = {"x": Between(-1, 1), "n": Between(1, 8, whole=True), "kind": ("a", "b")}


def bowl(choices, report):
    return (choices["x"] - 0.5) ** 2 + 0.01 * choices["n"] + (choices["kind"] == "b")


def test_choices_lie_in_the_space_and_better_ones_are_found(tmp_path: Path) -> None:
    tries = search(SPACE, bowl, Budget(15), file=tmp_path / "s.sqlite", name="bowl")
    assert [one.number for one in tries] == list(range(15))
    for one in tries:
        assert -1 <= one.choices["x"] <= 1 and one.choices["kind"] in ("a", "b")
        assert one.choices["n"] in range(1, 9)
        assert one.loss == pytest.approx(bowl(one.choices, None))
    losses = [one.loss for one in tries]
    assert min(losses[8:]) < min(losses[:8])


def test_a_search_that_is_done_tries_nothing_more_and_a_larger_budget_goes_on(tmp_path) -> None:
    file, asked = tmp_path / "s.sqlite", []

    def objective(choices, report):
        asked.append(choices)
        return bowl(choices, report)

    for budget, expected in ((3, 3), (3, 3), (5, 5)):
        tries = search(SPACE, objective, Budget(budget), file=file, name="s")
        assert len(tries) == len(asked) == expected
    assert len({one["x"] for one in asked}) == 5  # a continued search draws other choices


def test_worse_tries_are_stopped_at_the_rungs(tmp_path: Path) -> None:
    def objective(choices, report):
        for epochs in range(1, 16):
            report(epochs, choices["x"] + 1 / epochs)
        return choices["x"]

    tries = search(
        {"x": Between(0, 1)}, objective, Budget(14), file=tmp_path / "s.sqlite", name="s"
    )
    lasted = {one.number: max(one.curve) for one in tries}
    assert set(lasted.values()) <= {4, 8, 15}
    assert {one.stopped for one in tries} == {True, False}
    assert all(one.stopped == (lasted[one.number] < 15) for one in tries)
    assert not min(tries, key=lambda one: one.loss).stopped


KILLED = """
import json, os, signal, sys
from pathlib import Path
from xray_assets.training.search.searching import Budget, search
from xray_assets.training.search.space import Between

said, tries, deadly = Path(sys.argv[2]), int(sys.argv[3]), json.loads(sys.argv[4])

def objective(choices, report):
    with said.open("a") as lines:
        lines.write(f"{choices['x']!r}\\n")
    if len(said.read_text().splitlines()) in deadly:
        os.kill(os.getpid(), signal.SIGKILL)
    return choices["x"]

search({"x": Between(0, 1)}, objective, Budget(tries), file=Path(sys.argv[1]), name="s")
"""


def test_of_a_search_killed_twice_no_try_is_lost_or_doubled(tmp_path: Path) -> None:
    file, said = tmp_path / "s.sqlite", tmp_path / "said"

    def start() -> int:
        command = [sys.executable, "-c", KILLED, str(file), str(said), "6", json.dumps([3, 6])]
        return subprocess.run(command, check=False, stderr=subprocess.DEVNULL).returncode

    assert [start(), start(), start()] == [-signal.SIGKILL, -signal.SIGKILL, 0]
    begun = said.read_text().splitlines()
    assert len(begun) == 6 + 2  # two begun twice: the killed ones
    assert begun[2] == begun[3] and begun[5] == begun[6]
    space = {"x": Between(0, 1)}
    tries = search(space, bowl, Budget(6), file=file, name="s")
    assert sorted(repr(one.choices["x"]) for one in tries) == sorted(set(begun))
