"""`xray review policy raise | show`: which part of the cases is read, and who ordered more."""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import typer

from xray_assets import clock
from xray_assets.commands.people.person import By, TokenFile
from xray_assets.terminal import AsJson, console, read_settings, refuse, show_table, shown_table

if TYPE_CHECKING:
    from xray_assets.settings import Settings

policy = typer.Typer(help="Which part of the cases is read.", no_args_is_help=True)


def add_to(review: typer.Typer) -> None:
    """Add these commands to `xray review`."""
    review.add_typer(policy, name="policy")


@policy.command(name="raise")
def raise_chance(
    site: Annotated[str, typer.Option(help="One of XRAY_SITES, `other`, or `*` for every site")],
    chance: Annotated[float, typer.Option(help="0.03, 0.05, 0.1, 0.2, 0.35, 0.5, 0.75 or 1")],
    until: Annotated[datetime, typer.Option(formats=["%Y-%m-%d"], help="Last day, UTC")],
    reason: Annotated[str, typer.Option(help="Why; kept with the order")],
    by: By = "",
    token_file: TokenFile = None,
) -> None:
    """Have more of a site's future cases read. What is ordered already stays."""

    from xray_assets.commands.people.person import person
    from xray_assets.deployments import resources
    from xray_assets.review.ordering import raise_share
    from xray_assets.web.roles import Act

    settings = read_settings()
    _demand_site(settings, site)
    who = person(settings, Act.OPERATE, by=by, token_file=token_file)
    (row,) = raise_share(
        resources(settings).tables,
        site=site,
        chance=chance,
        until=until.date(),
        reason=reason,
        by=who.name,
        now=clock.now(),
    ).to_dicts()
    console().print(
        f"cases of site {site} that are scored from {row['effective_from']:%Y-%m-%d %H:%M:%S} to "
        f"{row['effective_until']:%Y-%m-%d %H:%M} UTC are read at {chance:g} or more",
        markup=False,
    )


@policy.command()
def show(as_json: AsJson = False) -> None:
    """Show the orders that are in force now; of several that fit a case the largest draws."""

    from xray_assets.catalog import LABELS, REVIEW_POLICY
    from xray_assets.deployments import resources
    from xray_assets.review.ordering import NOTICE
    from xray_assets.review.orders import in_force

    now = clock.now()
    orders = resources(read_settings()).tables.read(REVIEW_POLICY).collect()
    table = shown_table(
        "chance", "site", "experiment", "champion", "challenger", "until", "cause", "by"
    )
    for row in in_force(orders, now, now + NOTICE).iter_rows(named=True):
        labels = [
            LABELS[row[name]] if row[name] is not None else ""
            for name in ("champion_label", "challenger_label")
        ]
        until = f"{row['effective_until']:%Y-%m-%d %H:%M}" if row["effective_until"] else ""
        table.add_row(
            f"{row['chance']:g}", row["site"], row["experiment_id"] or "", *labels, until,
            row["cause"], row["decided_by"],
        )  # fmt: skip
    show_table(table, as_json=as_json)


def _demand_site(settings: "Settings", site: str) -> None:
    from xray_assets.catalog import OTHER_SITE
    from xray_assets.review.orders import EVERY_SITE

    known = (*settings.sites, OTHER_SITE, EVERY_SITE)
    if site not in known:
        refuse(f"no site {site!r}: write one of {', '.join(known)}")
