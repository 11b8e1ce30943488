"""`python -m xray_assets.training.search`: a search, asked for by the extras of a Pipes session."""

import contextlib
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from xray_assets.training.pipes import pipes_session
from xray_assets.training.quiet import warn_nobody

if TYPE_CHECKING:
    from dagster_pipes import PipesContext


def main() -> None:
    """Search as the session's extras ask for, and report it."""
    warn_nobody()
    with pipes_session() as context:
        _search(context)


def _search(context: "PipesContext") -> None:
    from xray_assets.training.films import class_counts, load_splits
    from xray_assets.training.records import tracking
    from xray_assets.training.search.recording import comparison, record
    from xray_assets.training.search.request import TEST_FILMS_SEEN_ONCE, SearchRequest
    from xray_assets.training.search.running import searched
    from xray_assets.training.search.sealed import SealedSplits

    request = SearchRequest.model_validate(context.extras)
    splits = SealedSplits(load_splits(request.films, seed=request.plan.seed, limit=None, threads=1))
    normal, pneumonia = class_counts(splits.learned.labels)
    context.log.info(f"films to learn from: {normal} normal, {pneumonia} pneumonia")
    tracker = tracking.open_tracker(request.tracking_uri)
    with tempfile.TemporaryDirectory() as folder:
        result = searched(request, splits, Path(folder), context.log.info)
        recorded = record(tracker, request, splits.learned, result)
    context.report_asset_check(
        TEST_FILMS_SEEN_ONCE, passed=result.touches == 1, metadata={"touches": result.touches}
    )
    for gate in result.judgement.gates:
        context.report_asset_check(
            gate.name,
            passed=gate.passed,
            metadata={"value": gate.value, "limit": gate.limit, "cause": gate.cause},
        )
    if recorded.version is not None:
        context.report_asset_materialization(
            metadata={
                **result.judgement.evaluation.figures(),
                "threshold": result.judgement.artifact.threshold,
                "comparison": {
                    "raw_value": comparison(result, splits.learned),
                    "type": "md",
                },
                "model": request.model_name,
                "version": recorded.version,
                "artifact_sha256": result.judgement.artifact.sha256,
                "mlflow_run_id": recorded.run_id,
                "mlflow_run": {
                    "raw_value": f"{request.mlflow_url}/{recorded.run_path}",
                    "type": "url",
                },
            },
            data_version=str(recorded.version),
        )


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):  # whoever pressed Ctrl-C knows; 130 says it
        sys.exit(main())
    sys.exit(130)
