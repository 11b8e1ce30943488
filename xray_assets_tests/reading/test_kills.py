"""A small copy of `benchmarks/reading/kill_room.py`, with a kill in the middle of the reads."""

from pathlib import Path

from benchmarks.reading.kill_room import run


def test_a_killed_server_loses_and_doubles_no_read_and_leases_no_case_twice(tmp_path: Path) -> None:
    outcome = run(tmp_path, cases=16, kills=1, pause=(0.3, 0.6), seed=0)
    assert outcome.problems == [] and len(outcome.acknowledged) == 16
