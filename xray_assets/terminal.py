"""What is printed with: a console of results, one of errors; and how settings are read."""

import os
import sys
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rich.console import Console
    from rich.table import Table

    from xray_assets.settings import Settings


PIPE_WIDTH = 160
"""Columns where output is no terminal: rich would fold tables at 80."""


def console() -> "Console":
    """The console of results: standard output."""
    from rich.console import Console

    width = None if sys.stdout.isatty() or "COLUMNS" in os.environ else PIPE_WIDTH
    return Console(highlight=False, width=width)


def error_console() -> "Console":
    """The console of errors and progress: standard error."""
    from rich.console import Console

    return Console(stderr=True, highlight=False)


NARROW = 100
"""Below so many columns a table of more than two is shown as records."""


def shown_table(*columns: str) -> "Table":
    """A table that becomes records (a line a field) where it would be narrow or break an id."""
    from rich.console import Console, ConsoleOptions, RenderResult
    from rich.measure import Measurement
    from rich.table import Table

    class RecordTable(Table):
        def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
            wide = options.update(width=1000, max_width=1000)
            least = Measurement.get(console, wide, self).minimum
            narrow = options.max_width < NARROW and len(self.columns) > 2
            if least <= options.max_width and not narrow:
                yield from super().__rich_console__(console, options)
                return
            for record in records(self):
                grid = Table.grid(padding=(0, 2))
                for name, value in record.items():
                    if value:
                        grid.add_row(name, value)
                yield grid
                yield ""

    table = RecordTable(show_header=any(columns))
    for column in columns:
        table.add_column(column, overflow="fold")
    return table


def records(table: "Table") -> list[dict[str, str]]:
    """The rows of a table, each by the names of its columns."""
    names = [str(column.header) for column in table.columns]
    rows = zip(*(column.cells for column in table.columns), strict=True)
    return [dict(zip(names, map(str, row), strict=True)) for row in rows]


def show_table(table: "Table", *, as_json: bool) -> None:
    """Print a table for people, or its rows as JSON for a script."""
    if not as_json:
        console().print(table)
        return
    import json

    from rich.text import Text

    plain = [
        {name: Text.from_markup(value).plain for name, value in record.items()}
        for record in records(table)
    ]
    sys.stdout.write(json.dumps(plain, indent=1, ensure_ascii=False) + "\n")


AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, for a script")]


def is_for_people(error: Exception) -> bool:
    """True for what the project refuses, what the machine's storage says, and wrong settings."""
    from pydantic import ValidationError

    from xray_assets.errors import XrayError

    wrong_settings = isinstance(error, ValidationError) and error.title == "Settings"
    return wrong_settings or isinstance(error, XrayError | OSError)


def show_error(error: Exception) -> None:
    """One message on standard error; of wrong settings, which variable and why."""
    from pydantic import ValidationError

    from xray_assets.stack.environment import variable

    message = str(error)
    if isinstance(error, ValidationError) and error.title == "Settings":
        wrong = (
            ": ".join(
                (*map(variable, map(str, one["loc"][:1])), one["msg"].removeprefix("Value error, "))
            )
            for one in error.errors()
        )
        message = "\n".join(wrong) + "\n`xray settings` lists the settings once these are mended"
    error_console().print(f"[bold red]error[/bold red] {_plain(message)}", soft_wrap=True)


def refuse(message: str) -> NoReturn:
    """Say what is wrong and leave with exit code 1."""
    error_console().print(f"[bold red]error[/bold red] {_plain(message)}", soft_wrap=True)
    raise typer.Exit(1)


def read_settings() -> "Settings":
    """The settings of the environment."""
    from xray_assets.settings import Settings

    return Settings()


def spelled_share(share: "Mapping[str, float | None]") -> str:
    """A reported figure with its interval: value [low, high]."""
    if share["value"] is None:
        return "not enough data"
    return f"{share['value']:.3f} [{share['low']:.3f}, {share['high']:.3f}]"


def _plain(message: str) -> str:
    return message.replace("[", r"\[")
