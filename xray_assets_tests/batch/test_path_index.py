"""The set of paths that a run has met, against Python's own set."""

from hypothesis import given
from hypothesis import strategies as st

from xray_assets.batch.path_index import PathIndex

PATHS = st.lists(st.text("ab/", max_size=4), max_size=12)


@given(st.lists(PATHS, max_size=12))
def test_a_path_is_new_exactly_once_however_the_calls_are_cut(calls: list[list[str]]) -> None:
    index, seen = PathIndex(), set[str]()
    for paths in calls:
        expected = []
        for path in paths:
            expected.append(path not in seen)
            seen.add(path)
        assert index.add(paths) == expected
        assert len(index) == len(seen)


def test_the_index_keeps_few_arrays_and_sixteen_bytes_a_path() -> None:
    index = PathIndex()
    for page in range(100):
        index.add([f"{page}/{number}" for number in range(100)])
    assert len(index) == 10_000
    assert len(index._runs) <= 14
    assert sum(run.nbytes for run in index._runs) == 16 * 10_000
