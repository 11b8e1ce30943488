"""`xray report`: the daily report as a file, and sent."""

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from xray_assets.terminal import console, error_console, read_settings


def add_to(app: typer.Typer) -> None:
    """Add the command to the root."""
    app.command()(report)


def report(
    day: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%d"], help="Of which day (UTC); without it, yesterday"),
    ] = None,
    pdf: Annotated[bool, typer.Option("--pdf", help="Also print it to PDF, by a browser")] = False,
    out: Annotated[
        Path | None, typer.Option(help="Folder to write to; without it, <state>/reports")
    ] = None,
    send: Annotated[
        bool,
        typer.Option("--send", help="Send it where XRAY_REPORT_... says, once to each address"),
    ] = False,
) -> None:
    """Write the daily report: one HTML file with the dashboard's figures and what happened."""
    from xray_assets.lake.local import local_tables
    from xray_assets.room.daily_report.files import send as send_report
    from xray_assets.room.daily_report.files import write, yesterday
    from xray_assets.room.records.pages import registry_of

    settings = read_settings()
    tables, registry = local_tables(settings, "xray report"), registry_of(settings)
    wanted = day.date() if day else yesterday()
    written = write(settings, tables, registry, day=wanted, out=out, pdf=pdf)
    console().print(str(written.html), soft_wrap=True, markup=False)
    if written.pdf:
        console().print(str(written.pdf), soft_wrap=True, markup=False)
    if written.no_pdf:
        error_console().print(f"no PDF: {written.no_pdf}", soft_wrap=True, markup=False)
    deliveries = send_report(settings, written) if send else []
    if send and not deliveries:
        error_console().print("nobody to send to: set XRAY_REPORT_EMAIL or XRAY_REPORT_WEBHOOK")
    for one in deliveries:
        shown = console() if one.state == "sent" else error_console()
        shown.print(str(one), soft_wrap=True, markup=False)
    if written.no_pdf or any(one.state != "sent" for one in deliveries):
        raise typer.Exit(1)
