"""`xray settings | doctor`: what is configured, and whether this machine is fit to run it."""

import typer

from xray_assets.terminal import AsJson, read_settings, show_table, shown_table

SECRETS = ("token", "client_tokens")


def add_to(app: typer.Typer) -> None:
    """Add these commands."""
    app.command(name="settings")(show_settings)
    app.command()(doctor)


def show_settings(as_json: AsJson = False) -> None:
    """Print every setting with its environment variable and its value."""
    from xray_assets.settings import Settings
    from xray_assets.stack.environment import settings_environment, spelled, variable

    settings = read_settings()
    chosen, meanings = settings_environment(settings), Settings.explained()
    table = shown_table("variable", "value", "default", "meaning")
    for name, field in Settings.model_fields.items():
        value, default = spelled(name, getattr(settings, name)), spelled(name, field.default)
        if name in SECRETS and value:
            value = "(set)"
        changed = variable(name) in chosen
        shown = f"[bold]{value}[/bold]" if changed else value
        table.add_row(variable(name), shown, default if changed else "", meanings[name])
    show_table(table, as_json=as_json)


def doctor(as_json: AsJson = False) -> None:
    """Look at versions, ports, disk, state, credentials and services; exit code 1 if one fails."""
    from xray_assets.doctor.checkup import examine
    from xray_assets.doctor.finding import FAIL, STYLES

    table = shown_table("status", "what", "found", "what to do")
    findings = list(examine(read_settings()))
    for finding in findings:
        status = f"[{STYLES[finding.status]}]{finding.status}[/]"
        table.add_row(status, finding.what, finding.found, finding.advice)
    show_table(table, as_json=as_json)
    if any(finding.status == FAIL for finding in findings):
        raise typer.Exit(1)
