"""Models: the search for a better classifier. Started by a person alone; moves no alias."""

from collections.abc import Iterator

import dagster as dg

from xray_assets.assets.entries import OWNERS, RETRAINING
from xray_assets.catalog import SEARCH, XRAY_METADATA
from xray_assets.resources.tables import Tables
from xray_assets.resources.training import Training
from xray_assets.training.gates import GATES
from xray_assets.training.request import FILM_COLUMNS
from xray_assets.training.search.request import TEST_FILMS_SEEN_ONCE

BY_HAND = "start a search: `xray search ensemble --trials 24`"
KEY = dg.AssetKey(SEARCH)
CHECKS = {
    TEST_FILMS_SEEN_ONCE: "The search looked at the test films once, when all was chosen.",
    **GATES,
}


class SearchConfig(dg.Config):
    """What to search: a family, or `ensemble` for all of them. Without one nothing is searched, so
    that "Materialize all" may be pressed.
    """

    family: str = ""
    trials: int = 24


@dg.asset(
    key=KEY,
    deps=[dg.AssetKey(XRAY_METADATA)],
    group_name=RETRAINING,
    kinds={"onnx", "mlflow"},
    owners=OWNERS,
    pool="training",
    description=(
        "One registered version a search that passed every gate: of the choices tried on patient "
        "folds of the splits train and val, the simplest within one standard error of the best, "
        "refitted and judged on the test films once. A killed search is continued."
    ),
    check_specs=[
        dg.AssetCheckSpec(name, asset=KEY, description=demand, blocking=True)
        for name, demand in CHECKS.items()
    ],
)
def search(
    context: dg.AssetExecutionContext,
    config: SearchConfig,
    tables: dg.ResourceParam[Tables],
    training: dg.ResourceParam[Training],
) -> Iterator[dg.MaterializeResult | dg.AssetCheckResult]:
    """Search in a process of its own, and register what it found."""
    if not config.family:
        context.log.info(f"nothing was asked: {BY_HAND}")
        yield from (
            dg.AssetCheckResult(passed=True, check_name=name, description="nothing to judge")
            for name in CHECKS
        )
        yield dg.MaterializeResult(metadata={"how_to_start": BY_HAND})
        return
    films = tables.read(XRAY_METADATA).select(FILM_COLUMNS).collect()
    manifest = training.export_films(context.run_id, "search", films)
    request = training.search_request(config.family, config.trials, manifest)
    yield from training.search(context, request)
