"""Out-of-fold scores: every film is scored by a classifier that never saw its patient."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from xray_assets.settings.training_plan import TrainingPlan
from xray_assets.training import cross_fitting
from xray_assets.training.cross_fitting import FOLDS, cross_fitted, folds
from xray_assets.training.films import Films, FilmsError
from xray_assets.training.fitting import Epoch


def films(patients, labels, weights=None):
    images = np.broadcast_to(np.arange(len(labels))[:, None, None], (len(labels), 64, 64))
    return Films(images.astype(np.float32), np.array(labels, np.float32), patients, weights)


@given(
    st.lists(st.tuples(st.integers(0, 12), st.integers(0, 1)), min_size=1, max_size=60),
    st.integers(0, 5),
)
def test_a_patient_is_in_one_fold_and_every_fold_leaves_both_classes(drawn, seed):
    drawn += [(100, 0), (101, 0), (102, 1), (103, 1)]
    patients = np.array([f"p{patient}" for patient, _ in drawn])
    given_films = films(patients, [label for _, label in drawn])
    found = folds(given_films, seed=seed)
    assert set(found) <= set(range(FOLDS))
    for patient in set(patients):
        assert len(set(found[patients == patient])) == 1
    for fold in set(found):
        assert set(given_films.labels[found != fold]) == {0, 1}
    assert np.array_equal(found, folds(given_films, seed=seed))


def test_a_class_of_one_patient_cannot_be_left_out():
    with pytest.raises(FilmsError, match="at least two patients of each class"):
        folds(films(np.array(["a", "a", "b", "c"]), [1, 1, 0, 0]), seed=0)


class Remembers:
    """Log odds: 1 of a film of a patient that it learned from, 0 of another."""

    def __init__(self, learned):
        self.known = set(learned.patients)

    def logits(self, images):
        return np.array([one // 2 in self.known for one in images[:, 0, 0]], np.float32)


def test_no_film_is_scored_by_what_learned_from_its_patient(monkeypatch):
    def fitted(family, learned, plan, *, unseen, method, on_epoch):
        if unseen is not None:
            assert not set(learned.patients) & set(unseen.patients)
            assert len(learned) + len(unseen) == 30
        on_epoch(0, 1, epoch := Epoch(0.5, 0.1))
        return Remembers(learned), [epoch]

    monkeypatch.setattr(cross_fitting, "fitted", fitted)
    said = []
    given_films = films(np.arange(30) // 2, [0, 0, 1, 1] * 7 + [0, 0])
    found = cross_fitted(
        "keras", given_films, TrainingPlan(), on_epoch=lambda name, *_: said.append(name)
    )
    assert not found.logits.any()
    assert found.loss == pytest.approx(np.log(2))
    assert said == ["fold 1", "fold 2", "fold 3"]
    assert found.curve[0].train_loss == 0.5
