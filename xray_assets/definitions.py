"""The code location: `defs` is all that Dagster loads. Read it as a table of contents.

- `assets/`: images -> metadata -> classifiers -> endpoint -> predictions -> feedback -> performance
  -> promotion; and backtest beside them
- `checks/`: the check of each table's contract
- `jobs.py`: named selections of them
- `sensors/`: the edges that enter or leave the graph
- `schedules.py`: what happens by the clock
- `automation.py`: what follows its upstreams by itself
- `deployments.py`: the resources of `local` and of `databricks`
"""

import dagster as dg

from xray_assets.assets import (
    backtest,
    classifiers,
    endpoint,
    feedback,
    images,
    metadata,
    performance,
    predictions,
    promotion,
    review,
    summaries,
)
from xray_assets.assets.monitoring import days, figures, films, record
from xray_assets.assets.retraining import candidates, requests, search, training_set
from xray_assets.automation import automation
from xray_assets.checks.keeps_its_contract import contract_checks
from xray_assets.deployments import resources
from xray_assets.jobs import jobs
from xray_assets.runs.executor import known_process_executor
from xray_assets.schedules import daily_report, maintain, schedules
from xray_assets.sensors import sensors
from xray_assets.settings import Settings

STAGES = [
    images,
    metadata,
    classifiers,
    endpoint,
    predictions,
    feedback,
    review,
    performance,
    promotion,
    summaries,
    films,
    days,
    record,
    figures,
    requests,
    training_set,
    candidates,
    search,
    backtest,
]

LOCATION, REPOSITORY = "xray_assets", "__repository__"
"""How GraphQL names this code location; `workspace.yaml` spells the first too."""


def build_definitions(settings: Settings, **overrides: object) -> dg.Definitions:
    """The graph with the resources of a deployment; `overrides` replace single resources (in
    tests).
    """
    assets = dg.load_assets_from_modules(STAGES)
    return dg.Definitions(
        assets=assets,
        asset_checks=[*dg.load_asset_checks_from_modules(STAGES), *contract_checks(assets)],
        jobs=[*jobs, maintain, daily_report],
        schedules=schedules,
        sensors=[*sensors, automation],
        resources=resources(settings).by_name() | overrides,
        executor=known_process_executor,
    )


defs = build_definitions(Settings())
