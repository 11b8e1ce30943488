"""A person's act, carried out in this process: nothing of it waits for Dagster's queue, its pools,
its daemon or a run that hangs. An event shows it on the asset's page where Dagster's storage can be
written to.
"""

import os
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from xray_assets.commands.people.person import Person, person
from xray_assets.terminal import console, error_console

if TYPE_CHECKING:
    from xray_assets.resources.ramp import Ramp
    from xray_assets.rollout.acts import Outcome
    from xray_assets.settings import Settings
    from xray_assets.web.roles import Act

HTTP_SECONDS, READY_SECONDS = 3.0, 5.0
"""A person waits: an endpoint that does not answer by then gets its config from the next tick."""


def carry_out(
    act: Callable[["Ramp", Person], "Outcome"], needed: "Act", by: str, token_file: Path | None
) -> None:
    """Do it as whoever asks, and say what came of it. What is refused raises before any change."""
    from xray_assets.commands.experiments import settings_of_what_runs, show_ramp

    settings = settings_of_what_runs()
    who = person(settings, needed, by=by, token_file=token_file)
    ramp = _ramp(settings, who)
    outcome = act(ramp, who)
    if outcome.not_served:
        error_console().print(
            f"[bold yellow]saved, not served[/bold yellow] {outcome.not_served}\n"
            "the next tick of promotion_decided carries it out; until then "
            "`xray experiment withdraw` takes it back",
            soft_wrap=True,
        )
    elif outcome.served:
        version, traffic = outcome.served.config_version, outcome.served.traffic
        console().print(f"served: {traffic} (config version {version})", markup=False)
    if outcome.left:
        error_console().print(f"left to the next tick: {outcome.left}", markup=False)
    show_ramp(ramp)
    with suppress(Exception):  # what is shown in Dagster is no part of the act
        _show_in_dagster(settings, ramp, outcome)


def _ramp(settings: "Settings", who: Person) -> "Ramp":
    """The ramp as the project itself goes through it: an account's token opens no endpoint."""
    from xray_assets.deployments import DEPLOYMENTS, ramp

    if who.named:
        settings = settings.model_copy(update={"token": ""})
    roles = DEPLOYMENTS[settings.deployment](settings)
    soon = {"http_seconds": HTTP_SECONDS, "ready_seconds": READY_SECONDS}
    return ramp(settings, replace(roles, serving=roles.serving.model_copy(update=soon)))


def _show_in_dagster(settings: "Settings", ramp: "Ramp", outcome: "Outcome") -> None:
    from xray_assets.stack.environment import process_environment

    os.environ.update(process_environment(settings))
    from dagster import AssetKey, AssetMaterialization, DagsterInstance

    from xray_assets.audit.coverage import CHAIN_HEAD, configs_head, experiments_head
    from xray_assets.catalog import ENDPOINT_CONFIG, EXPERIMENTS

    facts = {"cause": outcome.wanted.cause, "decided_by": outcome.wanted.decided_by}
    with DagsterInstance.get() as instance:
        for key, head in {EXPERIMENTS: experiments_head, ENDPOINT_CONFIG: configs_head}.items():
            metadata = {**facts, CHAIN_HEAD: str(head(ramp.tables))}
            event = AssetMaterialization(AssetKey(key), metadata=metadata)
            instance.report_runless_asset_event(event)
