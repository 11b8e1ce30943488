"""`xray monitor ...`, a family of commands a file: what the days showed (`shown`), what they
are compared with (`baseline`), what people say about it (`answers`).
"""

import typer

from xray_assets.commands.monitor import answers, baseline, shown

app = typer.Typer(help="What monitoring sees, and what it does.", no_args_is_help=True)
for family in (shown, baseline, answers):
    family.add_to(app)
