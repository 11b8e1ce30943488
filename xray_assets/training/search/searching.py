"""`search(space, objective, budget)`: Optuna's TPE and successive halving, over a file that a
killed search is continued on.

Nothing of films and networks is here, and no other module knows Optuna: where tries are to run on a
cluster, this file is what changes.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import optuna
from optuna.trial import FrozenTrial, TrialState

from xray_assets.training.search.space import Between, Choices, Objective, Space, Stopped, Try

AGAIN = "again"
"""Attribute of a try that repeats one whose process died: the number of that one."""
_ENDED = (TrialState.COMPLETE, TrialState.PRUNED)


@dataclass(frozen=True)
class Budget:
    """How much is tried: tries in all, whoever ran them; the first epoch a try may be stopped at,
    which doubles from rung to rung.
    """

    tries: int
    first_rung: int = 4


def search(
    space: Space, objective: Objective, budget: Budget, *, file: Path, name: str, seed: int = 0
) -> list[Try]:
    """All tries of the study `name` once `budget.tries` have ended: those of `file` and new ones.

    Li et al. 2020 (ASHA), Bergstra et al. 2011 (TPE). One process at a time works on a file. A try
    whose process was killed is repeated with the same choices, once, so none is lost or doubled.
    """
    study = _study(file, name, seed, budget)
    _repeat_the_dead(study)
    while (left := budget.tries - len(study.get_trials(states=_ENDED))) > 0:
        study.optimize(_objective(space, objective), n_trials=left)
    ended = study.get_trials(states=_ENDED)
    return [_try(trial) for trial in ended]


def _study(file: Path, name: str, seed: int, budget: Budget) -> optuna.Study:
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    file.parent.mkdir(parents=True, exist_ok=True)
    storage = optuna.storages.RDBStorage(f"sqlite:///{file}")
    study = optuna.create_study(storage=storage, study_name=name, load_if_exists=True)
    # With the number of tries in it: a continued search would draw its first choices again.
    drawn = seed + len(study.trials)
    study.sampler = optuna.samplers.TPESampler(seed=drawn, n_startup_trials=8)
    study.pruner = optuna.pruners.SuccessiveHalvingPruner(
        min_resource=budget.first_rung, reduction_factor=2
    )
    return study


def _repeat_the_dead(study: optuna.Study) -> None:
    """Queue a repeat of each try that still runs (whoever ran it is dead: there is one owner), then
    end it. Killed in between, the repeat is found by its attribute.
    """
    trials = study.get_trials()
    queued = {trial.user_attrs.get(AGAIN) for trial in trials}
    for trial in trials:
        if trial.state == TrialState.RUNNING:
            if trial.number not in queued:
                chosen = trial.system_attrs.get("fixed_params", {}) | trial.params
                study.enqueue_trial(chosen, user_attrs={AGAIN: trial.number})
            study.tell(trial.number, state=TrialState.FAIL)


def _objective(space: Space, objective: Objective) -> Callable[[optuna.Trial], float]:
    def tried(trial: optuna.Trial) -> float:
        def report(epochs: int, loss: float) -> None:
            trial.report(loss, epochs)
            if trial.should_prune():
                raise Stopped

        try:
            return objective(_chosen(space, trial), report)
        except Stopped:
            raise optuna.TrialPruned from None

    return tried


def _chosen(space: Space, trial: optuna.Trial) -> Choices:
    chosen = {}
    for name, values in space.items():
        if not isinstance(values, Between):
            chosen[name] = trial.suggest_categorical(name, values)
        elif values.whole:
            low, high = int(values.low), int(values.high)
            chosen[name] = trial.suggest_int(name, low, high, log=values.log)
        else:
            chosen[name] = trial.suggest_float(name, values.low, values.high, log=values.log)
    return chosen


def _try(trial: FrozenTrial) -> Try:
    value = trial.value
    assert value is not None  # noqa: S101  (an ended trial has one: the last report, if pruned)
    return Try(
        number=trial.number,
        choices=dict(trial.params),
        loss=value,
        stopped=trial.state == TrialState.PRUNED,
        curve=dict(trial.intermediate_values),
        seconds=trial.duration.total_seconds() if trial.duration else 0.0,
    )
