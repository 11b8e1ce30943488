"""`xray promote | rollback | experiment open | close | withdraw`: what a person decides.

It is carried out in this process: nothing of it waits for Dagster's queue, its pools, its daemon or
a run that hangs. An event shows it on the asset's page where Dagster's storage can be written to.
"""

import os
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from xray_assets.commands.person import By, Person, TokenFile, person
from xray_assets.terminal import console, error_console, read_settings, refuse

if TYPE_CHECKING:
    from xray_assets.resources.ramp import Ramp
    from xray_assets.rollout.acts import Outcome
    from xray_assets.settings import Settings
    from xray_assets.web.roles import Act

Reason = Annotated[str, typer.Option(help="Why; kept with the experiment")]

HTTP_SECONDS, READY_SECONDS = 3.0, 5.0
"""A person waits: an endpoint that does not answer by then gets its config from the next tick."""


def add_to(root: typer.Typer, experiment: typer.Typer) -> None:
    """Add what a person decides to the root and to `xray experiment`."""
    root.command()(promote)
    root.command()(rollback)
    experiment.command(name="open")(open_experiment)
    experiment.command()(close)
    experiment.command()(withdraw)


def promote(
    approve: Annotated[
        bool, typer.Option("--approve", help="Approve the recommended step")
    ] = False,
    reason: Reason = "",
    by: By = "",
    token_file: TokenFile = None,
) -> None:
    """Show the recommended step of the ramp; with --approve, approve it.

    Where XRAY_APPROVERS is 2, the first approval is kept and another person's takes the step; both
    say it with the token of their own account.
    """
    from xray_assets.commands.experiments import show
    from xray_assets.rollout import acts
    from xray_assets.rollout.state import last_experiment
    from xray_assets.web.roles import Act

    if not approve:
        show()
        return
    if not reason.strip():
        refuse('an approval needs a reason: add --reason "..."')

    def act(ramp: "Ramp", who: Person) -> "Outcome":
        seen = last_experiment(ramp.tables)
        if seen is None:
            refuse("nothing to approve: there is no experiment yet")
        return acts.approve(
            ramp,
            experiment_id=seen.experiment_id,
            stage=seen.stage,
            by=who.name,
            reason=reason,
            named=who.named,
        )

    _carry_out(act, Act.APPROVE, by, token_file)


def rollback(
    reason: Reason = "rolled back by hand",
    by: By = "",
    to_previous: Annotated[
        bool, typer.Option(help="To the champion before the last promotion, whatever came after")
    ] = False,
    token_file: TokenFile = None,
) -> None:
    """Send all traffic back to the champion; after a promotion, to the previous one."""
    from xray_assets.rollout import acts
    from xray_assets.web.roles import Act

    _carry_out(
        lambda ramp, who: acts.roll_back(ramp, by=who.name, reason=reason, to_previous=to_previous),
        Act.ROLL_BACK,
        by,
        token_file,
    )


def open_experiment(
    model: Annotated[str, typer.Argument(help="Registered model of the challenger")],
    version: Annotated[int, typer.Argument(help="Its version")],
    reason: Reason = "",
    by: By = "",
    token_file: TokenFile = None,
) -> None:
    """Open an experiment of the present champion against a registered version."""
    from xray_assets.rollout import acts
    from xray_assets.web.roles import Act

    name = read_settings().catalog.model(model)
    _carry_out(
        lambda ramp, who: acts.open_experiment(ramp, name, version, by=who.name, reason=reason),
        Act.OPERATE,
        by,
        token_file,
    )


def close(reason: Reason = "closed by hand", by: By = "", token_file: TokenFile = None) -> None:
    """End the running experiment; the champion serves everything."""
    from xray_assets.rollout import acts
    from xray_assets.web.roles import Act

    _carry_out(
        lambda ramp, who: acts.close(ramp, by=who.name, reason=reason),
        Act.ROLL_BACK,
        by,
        token_file,
    )


def withdraw(reason: Reason = "", by: By = "", token_file: TokenFile = None) -> None:
    """Take back a person's last word, while it is not served yet."""
    from xray_assets.rollout import acts
    from xray_assets.web.roles import Act

    if not reason.strip():
        refuse('a withdrawal needs a reason: add --reason "..."')
    _carry_out(
        lambda ramp, who: acts.withdraw(ramp, by=who.name, reason=reason),
        Act.ROLL_BACK,
        by,
        token_file,
    )


def _carry_out(
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
