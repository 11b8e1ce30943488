"""`xray settings | doctor`: what is configured, and whether this machine is fit to run it."""

import typer

from xray_assets.terminal import console, folding_table, read_settings

SECRETS = ("token", "client_tokens")


def add_to(app: typer.Typer) -> None:
    """Add these commands."""
    app.command(name="settings")(show_settings)
    app.command()(doctor)


def show_settings() -> None:
    """Print every setting with its environment variable and its value."""
    from xray_assets.settings import Settings
    from xray_assets.stack.environment import settings_environment, spelled, variable

    settings = read_settings()
    chosen = settings_environment(settings)
    table = folding_table("variable", "value", "default", "meaning")
    for name, field in Settings.model_fields.items():
        value, default = spelled(name, getattr(settings, name)), spelled(name, field.default)
        if name in SECRETS and value:
            value = "(set)"
        changed = variable(name) in chosen
        shown = f"[bold]{value}[/bold]" if changed else value
        table.add_row(variable(name), shown, default if changed else "", field.description or "")
    console().print(table)


def doctor() -> None:
    """Look at versions, ports, disk, state, credentials and services; exit code 1 if one fails."""
    from xray_assets.doctor.checkup import examine
    from xray_assets.doctor.finding import FAIL, STYLES

    table = folding_table("", "what", "found", "what to do")
    findings = list(examine(read_settings()))
    for finding in findings:
        status = f"[{STYLES[finding.status]}]{finding.status}[/]"
        table.add_row(status, finding.what, finding.found, finding.advice)
    console().print(table)
    if any(finding.status == FAIL for finding in findings):
        raise typer.Exit(1)
