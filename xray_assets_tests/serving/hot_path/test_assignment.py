import math

from hypothesis import given
from hypothesis import strategies as st

from xray_assets.serving.hot_path.assignment import assigned_to_challenger, position

TEXT = st.text(max_size=40)
SHARE = st.integers(0, 100)


@given(TEXT, TEXT)
def test_a_key_has_one_position_in_an_experiment(experiment: str, key: str) -> None:
    assert position(experiment, key) == position(experiment, key)
    assert 0 <= position(experiment, key) < 100


@given(TEXT, TEXT, SHARE, SHARE)
def test_a_ramp_moves_nobody_away_from_the_challenger(
    experiment: str, key: str, one: int, other: int
) -> None:
    low, high = sorted((one, other))
    if assigned_to_challenger(experiment, key, share=low):
        assert assigned_to_challenger(experiment, key, share=high)


@given(TEXT, TEXT)
def test_zero_serves_nobody_and_hundred_everybody(experiment: str, key: str) -> None:
    assert not assigned_to_challenger(experiment, key, share=0)
    assert assigned_to_challenger(experiment, key, share=100)


@given(st.sampled_from([1, 10, 30, 50, 70, 90, 99]), st.integers(0, 1000))
def test_the_split_over_many_patients_is_binomial(share: int, seed: int) -> None:
    keys = 2000
    hits = sum(
        assigned_to_challenger(f"experiment {seed}", f"patient {index}", share=share)
        for index in range(keys)
    )
    deviation = math.sqrt(keys * share / 100 * (1 - share / 100))
    assert abs(hits - keys * share / 100) < 6 * deviation


def test_experiments_assign_independently() -> None:
    keys = [f"patient {index}" for index in range(4000)]
    first = [assigned_to_challenger("a", key, share=50) for key in keys]
    second = [assigned_to_challenger("b", key, share=50) for key in keys]
    agreement = sum(x == y for x, y in zip(first, second, strict=True))
    assert abs(agreement - 2000) < 6 * math.sqrt(1000)


def test_experiment_and_key_cannot_be_confused() -> None:
    assert position("ab", "c") != position("a", "bc")
