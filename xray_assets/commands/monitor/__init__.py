"""`xray monitor ...`, a family of commands a file: what the days showed (`shown`)."""

import typer

from xray_assets.commands.monitor import shown

app = typer.Typer(help="What monitoring sees, and what it does.", no_args_is_help=True)
for family in (shown,):
    family.add_to(app)
