"""One search from request to registration: tries, finalists, choice, refit, one look at the test.

Everything up to the choice is given the films to learn from alone.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from xray_assets.catalog import ENSEMBLE
from xray_assets.training.families.ensemble import Ensemble
from xray_assets.training.films import Films
from xray_assets.training.judging import Judgement, judged
from xray_assets.training.request import TrainingRequest
from xray_assets.training.search.choosing import Finalist, simplest_within_one_error
from xray_assets.training.search.families import FAMILIES
from xray_assets.training.search.folds import FirstFold, cross_validated, finalist
from xray_assets.training.search.request import SearchRequest
from xray_assets.training.search.sealed import SealedSplits
from xray_assets.training.search.searching import Budget, search
from xray_assets.training.search.space import Report, Try

FINALISTS, SEEDS = 3, 3
Say = Callable[[str], None]


@dataclass(frozen=True, eq=False)
class FamilySearch:
    """What a family came to: its tries, finalists, and the chosen one by each seed, best first to
    last by loss; `chosen` is the median.
    """

    family: str
    tries: list[Try]
    finalists: list[Finalist]
    by_seed: list[Finalist]

    @property
    def chosen(self) -> Finalist:
        """The median seed's."""
        return self.by_seed[len(self.by_seed) // 2]


@dataclass(frozen=True, eq=False)
class SearchResult:
    """The searches of all families asked for, all that is compared, and the one that was judged."""

    families: list[FamilySearch]
    compared: list[Finalist]
    chosen: Finalist
    judgement: Judgement
    touches: int


def searched(request: SearchRequest, splits: SealedSplits, folder: Path, say: Say) -> SearchResult:
    """Search every family asked for, choose, refit on all films to learn from, and judge."""
    films, seed = splits.learned, request.plan.seed
    families = [_family(name, request, splits, say) for name in request.families]
    compared = [one.chosen for one in families]
    if request.family == ENSEMBLE:
        logits = np.mean([one.logits for one in compared], axis=0).astype(np.float32)
        parameters = sum(one.parameters for one in compared)
        compared.append(finalist(ENSEMBLE, {}, parameters, logits, films, seed=seed))
    chosen, members = compared[-1], [one.chosen for one in families]
    say(f"refit of {', '.join(one.family for one in members)} on all {len(films)} films")
    ensemble = Ensemble(tuple(_refitted(one, films) for one in members))
    asked = TrainingRequest(
        family="pytorch",
        films=request.films,
        model_name=request.model_name,
        tracking_uri=request.tracking_uri,
        artifacts_uri=request.artifacts_uri,
        mlflow_url=request.mlflow_url,
        plan=request.plan,
    )
    judgement = judged(ensemble, chosen.logits, splits.open(), asked, folder)
    return SearchResult(families, compared, chosen, judgement, splits.touches)


def _family(name: str, request: SearchRequest, splits: SealedSplits, say: Say) -> FamilySearch:
    films, seed = splits.learned, request.plan.seed
    first = FirstFold(name, films, seed=seed)
    done = 0

    def objective(choices: dict[str, object], report: Report) -> float:
        nonlocal done
        loss = first(choices, report)
        done += 1
        say(f"tries of {name} (loss {loss:.4f}) in this process: {done} of {request.tries}")
        return loss

    file = Path(request.folder) / f"{name}-{splits.manifest_sha256[:12]}-{seed}.sqlite"
    tries = search(
        FAMILIES[name].space,
        objective,  # type: ignore[arg-type]
        Budget(request.tries),
        file=file,
        name=name,
        seed=seed,
    )
    best = sorted(tries, key=lambda one: (one.stopped, one.loss))[:FINALISTS]
    say(f"{name}: {len(best)} finalists of {len(tries)} tries in all folds")
    finalists = [cross_validated(name, one.choices, films, seed=seed) for one in best]
    chosen = simplest_within_one_error(finalists)
    others = [
        cross_validated(name, chosen.choices, films, seed=other)
        for other in range(seed + 1, seed + SEEDS)
    ]
    return FamilySearch(name, tries, finalists, sorted([chosen, *others], key=lambda one: one.loss))


def _refitted(chosen: Finalist, films: Films):  # type: ignore[no-untyped-def]
    fit = FAMILIES[chosen.family].fit
    return fit(chosen.choices, films, None, chosen.seed, lambda *_: None).member
