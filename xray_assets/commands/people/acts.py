"""`xray promote | rollback` and `xray experiment open | set-share | close | withdraw`.

Here: what is asked and who may ask it. How it is carried out and shown is in `carry_out`.
"""

from typing import TYPE_CHECKING, Annotated

import typer

from xray_assets.commands.people.carry_out import carry_out
from xray_assets.commands.people.person import By, Person, TokenFile
from xray_assets.terminal import read_settings, refuse

if TYPE_CHECKING:
    from xray_assets.resources.ramp import Ramp
    from xray_assets.rollout.acts import Outcome

Reason = Annotated[str, typer.Option(help="Why; kept with the experiment")]


def add_to(root: typer.Typer, experiment: typer.Typer) -> None:
    """Add what a person decides to the root and to `xray experiment`."""
    root.command()(promote)
    root.command()(rollback)
    experiment.command(name="open")(open_experiment)
    experiment.command()(set_share)
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

    carry_out(act, Act.APPROVE, by, token_file)


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

    carry_out(
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
    carry_out(
        lambda ramp, who: acts.open_experiment(ramp, name, version, by=who.name, reason=reason),
        Act.EXPERIMENT,
        by,
        token_file,
    )


def set_share(
    share: Annotated[int, typer.Argument(help="The challenger's part of the traffic, percent")],
    reason: Reason = "",
    by: By = "",
    token_file: TokenFile = None,
) -> None:
    """Set the challenger's share, up to where it stands or started; more takes a PROMOTE."""
    from xray_assets.rollout import acts
    from xray_assets.web.roles import Act

    if not reason.strip():
        refuse('a share set by hand needs a reason: add --reason "..."')
    carry_out(
        lambda ramp, who: acts.set_share(ramp, share, by=who.name, reason=reason),
        Act.EXPERIMENT,
        by,
        token_file,
    )


def close(reason: Reason = "closed by hand", by: By = "", token_file: TokenFile = None) -> None:
    """End the running experiment; the champion serves everything."""
    from xray_assets.rollout import acts
    from xray_assets.web.roles import Act

    carry_out(
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
    carry_out(
        lambda ramp, who: acts.withdraw(ramp, by=who.name, reason=reason),
        Act.ROLL_BACK,
        by,
        token_file,
    )
