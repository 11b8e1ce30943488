"""Of a crowded site the requests with the lowest hash are measured, whatever their order."""

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from xray_assets.monitoring.films.sample import sampled

REQUESTS = st.lists(
    st.tuples(st.integers(0, 10_000).map(str), st.sampled_from("ABC")),
    unique_by=lambda one: one[0],
    max_size=60,
).map(lambda rows: pl.DataFrame(rows, schema=["request_id", "site"], orient="row"))


def ids(requests: pl.DataFrame) -> set[str]:
    return set(requests["request_id"])


@given(REQUESTS, st.integers(1, 20))
def test_each_site_has_as_many_as_there_are_and_never_more_than_the_most(requests, most) -> None:
    sizes = dict(sampled(requests, most).group_by("site").len().iter_rows())
    assert sizes == {site: min(most, n) for site, n in requests.group_by("site").len().iter_rows()}


@given(REQUESTS, st.integers(1, 20), st.randoms(use_true_random=False))
def test_the_order_of_the_requests_does_not_matter(requests, most, random) -> None:
    order = random.sample(range(requests.height), requests.height)
    assert ids(sampled(requests[order], most)) == ids(sampled(requests, most))


@given(REQUESTS, st.integers(1, 20))
def test_more_requests_and_a_smaller_most_only_take_away(requests, most) -> None:
    chosen = ids(sampled(requests, most))
    assert ids(sampled(requests, most - 1)) <= chosen if most > 1 else True
    half = requests.head(requests.height // 2)
    assert chosen & ids(half) <= ids(sampled(half, most))


def test_what_is_chosen_has_nothing_to_do_with_time() -> None:
    requests = pl.DataFrame({"request_id": [f"{n:08}" for n in range(4000)], "site": "A"})
    chosen = sampled(requests, 1000)["request_id"].cast(pl.Int64).to_numpy()
    assert abs(chosen.mean() - 2000) < 150
