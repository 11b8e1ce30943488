"""Splits follow from the patient alone."""

from hypothesis import given
from hypothesis import strategies as st

from xray_assets.curation.splits import DRAW_ORDER, split_of

SHARES = {"train": 0.7, "val": 0.1, "test": 0.2}

patients = st.text(min_size=1, max_size=20)
weights = st.tuples(*[st.integers(0, 100)] * 3).filter(any)


def shares_of(weight: tuple[int, ...]) -> dict[str, float]:
    return dict(zip(DRAW_ORDER, (part / sum(weight) for part in weight), strict=True))


@given(st.lists(patients, unique=True), st.lists(patients, unique=True), st.integers(0, 5))
def test_new_patients_move_no_old_one(old: list[str], new: list[str], seed: int) -> None:
    before = {patient: split_of(patient, shares=SHARES, seed=seed) for patient in old}
    together = {p: split_of(p, shares=SHARES, seed=seed) for p in [*new, *reversed(old)]}
    assert {patient: together[patient] for patient in old} == before


@given(patients, weights, st.integers(0, 5))
def test_a_split_without_a_share_gets_no_patient(
    patient: str, weight: tuple[int, ...], seed: int
) -> None:
    shares = shares_of(weight)
    assert shares[split_of(patient, shares=shares, seed=seed)] > 0


@given(patients, st.integers(1, 99), st.integers(0, 99))
def test_a_larger_train_share_takes_nobody_out_of_train(patient: str, more: int, seed: int) -> None:
    small = {"train": 0.5, "val": 0.2, "test": 0.3}
    grown = {"train": 0.5 + 0.003 * more, "val": 0.1, "test": 0.4 - 0.003 * more}
    if split_of(patient, shares=small, seed=seed) == "train":
        assert split_of(patient, shares=grown, seed=seed) == "train"


def test_the_shares_are_reached_and_the_seed_draws_another_split() -> None:
    names = [f"person{n}" for n in range(5000)]
    drawn = [split_of(name, shares=SHARES, seed=0) for name in names]
    for split, share in SHARES.items():
        assert abs(drawn.count(split) / len(names) - share) < 0.025
    assert drawn != [split_of(name, shares=SHARES, seed=1) for name in names]


def test_the_split_of_a_patient_is_the_same_in_every_release() -> None:
    drawn = [split_of(f"person{n}", shares=SHARES, seed=0) for n in range(6)]
    assert drawn == ["train", "train", "train", "test", "train", "val"]
