"""A search from films to a judged classifier; what can be reached of the test films on the way."""

import gc
from pathlib import Path

import numpy as np
import pytest

from xray_assets.catalog import EMBEDDING_SIZE, ENSEMBLE, SEARCHED
from xray_assets.scoring.session import OnnxClassifier
from xray_assets.settings.training_plan import TrainingPlan
from xray_assets.training.films import load_splits
from xray_assets.training.fitting import Method
from xray_assets.training.search import families
from xray_assets.training.search.folds import FirstFold
from xray_assets.training.search.recording import comparison
from xray_assets.training.search.request import SearchRequest
from xray_assets.training.search.running import searched
from xray_assets.training.search.sealed import SealedSplits
from xray_assets_tests.training.small_films import write_films


@pytest.fixture(scope="module")
def films(tmp_path_factory):
    folder = tmp_path_factory.mktemp("films")
    write_films(folder).write_parquet(folder / "films.parquet")
    return folder / "films.parquet"


def asked(films, family, tries):
    return SearchRequest(
        family=family,
        tries=tries,
        films=str(films),
        folder=str(films.parent / "studies"),
        model_name="m",
        tracking_uri="",
        artifacts_uri="",
        plan=TrainingPlan(),
    )


def sealed(films):
    return SealedSplits(load_splits(str(films), seed=0, limit=None, threads=1))


def reachable(start):
    """Every object that can be reached from one, but for modules, classes and functions."""
    seen, left = {}, [start]
    while left:
        one = left.pop()
        if id(one) in seen or isinstance(one, type) or (callable(one) and one is not start):
            continue
        seen[id(one)] = one
        left += gc.get_referents(one)
    return seen.values()


def test_an_objective_cannot_reach_a_test_film(films) -> None:
    splits = load_splits(str(films), seed=0, limit=None, threads=1)
    objective = FirstFold("filterbank", SealedSplits(splits).learned, seed=0)
    known = {one.tobytes() for one in splits.test.images}
    arrays = [one for one in reachable(objective) if isinstance(one, np.ndarray)]
    images = [film for one in arrays if one.shape[1:] == (64, 64) for film in one]
    assert len(images) == len(splits.learned)
    assert not known & {film.tobytes() for film in images}


def test_the_test_films_are_looked_at_once_by_what_was_chosen(films, tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(families, "LONGEST", 1)
    monkeypatch.setattr(Method, "epochs", lambda *_: 1)
    splits, said = sealed(films), []
    result = searched(asked(films, ENSEMBLE, 1), splits, tmp_path, said.append)
    assert result.touches == splits.touches == 1
    assert [one.family for one in result.compared] == [*SEARCHED, ENSEMBLE]
    mean = np.mean([one.logits for one in result.compared[:-1]], axis=0)
    assert np.allclose(result.chosen.logits, mean, atol=1e-6)
    assert result.judgement.parity <= 1e-5
    classifier = OnnxClassifier(result.judgement.artifact)
    _, embedding = classifier.embeddings(splits.learned.images[:2])
    assert embedding is not None and embedding.shape == (2, EMBEDDING_SIZE)
    for family in result.families:
        assert [len(part) for part in (family.tries, family.finalists, family.by_seed)] == [1, 1, 3]
    assert all(
        f"| {name} |" in comparison(result, splits.learned) for name in (*SEARCHED, ENSEMBLE)
    )


def test_a_search_is_continued_with_the_tries_that_were_made(films, tmp_path) -> None:
    first = searched(asked(films, "filterbank", 2), sealed(films), tmp_path / "1", print)
    again = searched(asked(films, "filterbank", 3), sealed(films), tmp_path / "2", print)
    assert [one.choices for one in again.families[0].tries[:2]] == [
        one.choices for one in first.families[0].tries
    ]
    assert len(again.families[0].tries) == 3
    assert Path(asked(films, "filterbank", 2).folder).is_dir()
