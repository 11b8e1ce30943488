"""A person's act, carried out in this process: nothing of it waits for Dagster's queue, its pools,
its daemon or a run that hangs. An event shows it on the asset's page where Dagster's storage can be
written to.
"""

import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from xray_assets.commands.people.person import Person, person
from xray_assets.terminal import console, error_console

if TYPE_CHECKING:
    from xray_assets.resources.ramp import Ramp
    from xray_assets.rollout.acts import Outcome
    from xray_assets.web.roles import Act


def carry_out(
    act: Callable[["Ramp", Person], "Outcome"], needed: "Act", by: str, token_file: Path | None
) -> None:
    """Do it as whoever asks, and say what came of it. What is refused raises before any change."""
    from xray_assets.commands.experiments import settings_of_what_runs, show_ramp
    from xray_assets.deployments import ramp_of_a_person
    from xray_assets.stack.environment import process_environment

    settings = settings_of_what_runs()
    who = person(settings, needed, by=by, token_file=token_file)
    # An account's token opens no endpoint: the project itself goes through the ramp.
    ramp = ramp_of_a_person(settings.model_copy(update={"token": ""}) if who.named else settings)
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
        os.environ.update(process_environment(settings))
        from xray_assets.runs.runless import show_act

        show_act(ramp.tables, outcome.wanted)
