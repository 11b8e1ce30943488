"""A search in MLflow: a run a search, below it a run a try with its curve; and the version.

In the experiment of the trainings and under their names of figures, so that one table there
compares all of them.
"""

from dataclasses import dataclass

from xray_assets.scoring.registered import DIGEST_TAG, RUN_TAG
from xray_assets.statistics.roc import area_under_curve
from xray_assets.training.films import Films
from xray_assets.training.fitting import sigmoid
from xray_assets.training.records import tracking
from xray_assets.training.search.request import SearchRequest
from xray_assets.training.search.running import FamilySearch, SearchResult
from xray_assets.training.search.space import Try


@dataclass(frozen=True)
class Recorded:
    """Where a search is in MLflow, and its version where every gate was passed."""

    run_id: str
    run_path: str
    version: int | None


def record(
    tracker: tracking.Tracker, request: SearchRequest, films: Films, result: SearchResult
) -> Recorded:
    """Log the search with all its tries, and register what was chosen if it passed."""
    judgement, chosen, version = result.judgement, result.chosen, None
    with tracking.tracked_run(
        tracker,
        f"search {request.family}, {len(films)} films, seed {request.plan.seed}",
        request.artifacts_uri,
        description=comparison(result, films),
    ) as run:
        tracking.log_parameters(
            run,
            {"family": request.family, "tries": request.tries, "parameters": chosen.parameters}
            | {
                f"{one.family}_{name}": value
                for one in result.families
                for name, value in one.chosen.choices.items()
            },
        )
        figures = judgement.evaluation.figures()
        run.mlflow.log_metrics(
            {f"test_{name}": value for name, value in figures.items()}
            | {"out_of_fold_loss": chosen.loss, "out_of_fold_loss_error": chosen.error}
            | {"threshold": judgement.artifact.threshold, "parity": judgement.parity}
        )
        for family in result.families:
            for one in family.tries:
                _log_try(run, family, one)
        verdict = "passed" if judgement.passed else "failed"
        run.mlflow.set_tags({"gates": verdict, DIGEST_TAG: judgement.artifact.sha256})
        if judgement.passed:
            tags = {RUN_TAG: run.path, "gates_cause": request.plan.gates_cause}
            version = tracking.register(run, judgement.artifact, request.model_name, tags)
    return Recorded(run.run_id, run.path, version)


def comparison(result: SearchResult, films: Films) -> str:
    """A Markdown table of all families: what each came to on films that it did not learn from."""
    rows = [
        f"| {one.family} | {one.parameters:,} | {one.loss:.4f} | {one.error:.4f} | "
        f"{area_under_curve(films.labels, sigmoid(one.logits)).value:.4f} |"
        for one in result.compared
    ]
    head = "| family | parameters | out-of-fold loss | standard error | out-of-fold AUC |"
    return "\n".join([head, "|---|---|---|---|---|", *rows])


def _log_try(run: tracking.TrackedRun, family: FamilySearch, one: Try) -> None:
    name = f"{family.family}, try {one.number}"
    with run.mlflow.start_run(
        experiment_id=run.experiment_id, run_name=name, nested=True, log_system_metrics=False
    ) as opened:
        nested = tracking.TrackedRun(run.mlflow, opened.info.run_id, run.experiment_id)
        tracking.log_parameters(nested, {"family": family.family, **one.choices})
        run.mlflow.set_tag("stopped", one.stopped)
        curve = {**one.curve, max(one.curve, default=0) + (not one.stopped): one.loss}
        tracking.log_points(
            nested, [("validation_loss", step, loss) for step, loss in curve.items()]
        )
