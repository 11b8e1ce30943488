"""`xray score`: score a folder or a table of films into a table of scores."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from xray_assets.errors import XrayError
from xray_assets.terminal import (
    console,
    error_console,
    read_settings,
    refuse,
    shown_table,
)

if TYPE_CHECKING:
    from xray_assets.batch.films import FilmList
    from xray_assets.batch.run import Summary
    from xray_assets.batch.scores import ScoringModel
    from xray_assets.progress import Progress
    from xray_assets.resources.roles import Resources
    from xray_assets.settings import Settings


class Format(StrEnum):
    """How the output is stored."""

    delta = "delta"
    parquet = "parquet"


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(score)


def score(
    films: Annotated[
        str,
        typer.Argument(
            help="A folder of JPEG, PNG and DICOM files (also s3://BUCKET/PREFIX), or a table "
            "such as silver.xray_metadata",
            metavar="FOLDER|TABLE",
        ),
    ],
    output: Annotated[Path, typer.Option(help="Folder of the scores; continued if it is there")],
    stored_as: Annotated[
        Format, typer.Option("--format", help="A Delta table, or Parquet files")
    ] = Format.delta,
    model: Annotated[str, typer.Option(help="Registered model; default: the champion")] = "",
    version: Annotated[
        int | None, typer.Option(help="Its version; default: the newest of --model")
    ] = None,
    processes: Annotated[
        int | None, typer.Option(min=1, help="Scoring processes; default: one a core")
    ] = None,
    commit_rows: Annotated[
        int | None, typer.Option(min=1, help="Rows a commit; a killed run repeats at most these")
    ] = None,
) -> None:
    """Score every film that the output does not hold yet, one row a film.

    Exit code 1 when a film could not be read at all; the next run tries it again.
    """
    from xray_assets.batch.model import chosen_model
    from xray_assets.batch.output import open_output
    from xray_assets.batch.run import COMMIT_ROWS, score_films
    from xray_assets.deployments import resources
    from xray_assets.imaging.acceptable import DecodeLimits

    settings = read_settings()
    roles = resources(settings)
    listed = _listed(films, settings, roles)
    chosen = chosen_model(settings, roles.registry, model=model, version=version)
    with open_output(output, stored_as.value) as opened, _bar() as progress:
        summary = score_films(
            listed,
            chosen,
            opened,
            limits=DecodeLimits(modalities=frozenset(settings.dicom_modalities)),
            processes=processes or len(os.sched_getaffinity(0)),
            commit_rows=commit_rows or COMMIT_ROWS,
            progress=progress,
        )
    _report(summary, chosen, output, getattr(listed, "left_out", 0))
    if not summary.done:
        refuse(f"{films} holds no films")
    if summary.unread:
        refuse(
            f"{summary.unread} films could not be read and have no row; run the command again to "
            f"try them. For example: {'; '.join(summary.unread_examples)}"
        )


def _listed(films: str, settings: "Settings", roles: "Resources") -> "FilmList":
    """The films of a table of that name, else of a folder."""
    from xray_assets.batch.films import PATH_COLUMN, FolderFilms, TableFilms
    from xray_assets.contracts.tables import CONTRACTS
    from xray_assets.storage.opening import open_folder

    tables = [key for key, contract in CONTRACTS.items() if PATH_COLUMN in contract.schema]
    for key in tables:
        if films in (settings.catalog.table(key), ".".join(key)):
            return TableFilms(roles.tables.read(key), roles.volume.open().address)
    if films.startswith("s3://") or Path(films).is_dir():
        return FolderFilms(open_folder(films))
    raise XrayError(
        f"there is no folder {films}, and no table of that name holds films; the tables are "
        + ", ".join(settings.catalog.table(key) for key in tables)
    )


@contextmanager
def _bar() -> Iterator["Progress"]:
    """A bar on standard error; without a total it only counts."""
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        SpinnerColumn,
        TextColumn,
        TimeRemainingColumn,
    )

    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[rate]}"),
        TimeRemainingColumn(),
    )
    terminal = error_console()
    hidden = not terminal.is_terminal  # a pipe would get an empty line
    with Progress(*columns, console=terminal, transient=True, disable=hidden) as bar:
        task = bar.add_task("scoring", total=None, rate="")

        def show(done: int, total: int) -> None:
            speed = bar.tasks[0].finished_speed or bar.tasks[0].speed
            rate = f"{speed:,.0f} images/s" if speed else ""
            bar.update(task, completed=done, total=total or None, rate=rate)

        yield show


def _report(summary: "Summary", model: "ScoringModel", output: Path, left_out: int) -> None:
    table = shown_table("", "")
    table.add_row("model", f"{model.model_name} version {model.model_version}")
    table.add_row("scored", f"{summary.scored:,}")
    table.add_row("rejected, with a reason", f"{summary.rejected:,}")
    table.add_row("skipped, already there", f"{summary.skipped:,}")
    table.add_row("not read, no row", f"{summary.unread:,}")
    table.add_row("other files, by their name", f"{left_out:,}")
    table.add_row("images/s", f"{summary.images_per_second:,.0f}")
    table.add_row("output", str(output))
    console().print(table)
