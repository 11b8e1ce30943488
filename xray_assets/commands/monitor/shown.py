"""`xray monitor status | explain`: how the last closed day was judged, and on what evidence.

Exit codes, for scripts: 0 up to MINOR, 1 from MODERATE, 3 UNKNOWN or nothing judged yet; of the
level that stands in the record, and before its first row of the last judged day.
"""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from xray_assets.terminal import AsJson, console, read_settings, refuse, show_table, shown_table

if TYPE_CHECKING:
    from xray_assets.lake.tables import Tables

ALARMED, NOT_KNOWN = 1, 3


def add_to(monitor: typer.Typer) -> None:
    """Add these commands to `xray monitor`."""
    monitor.command()(status)
    monitor.command()(explain)


def status(
    days: Annotated[int, typer.Option(help="How many days to show, the newest last", min=1)] = 7,
    as_json: AsJson = False,
) -> None:
    """Show what stands and the last judged days; exit code 0, 1 from MODERATE, 3 UNKNOWN."""
    import polars as pl

    from xray_assets.catalog import MONITORING_DAYS
    from xray_assets.contracts.tables.days import NOT_SHOWN
    from xray_assets.monitoring.response.record import state_of
    from xray_assets.reasons import from_columns

    tables = _tables()
    stands = state_of(tables)
    stored = tables.read(MONITORING_DAYS).select(pl.exclude(NOT_SHOWN))
    rows = stored.sort("date").tail(days).collect().to_dicts()
    table = shown_table("date", "level", "kind", "sites", "films", "reads", "late", "why")
    for row in rows:
        table.add_row(
            str(row["date"]), row["level"], row["kind"], _sites(row["sites"]), str(row["n_films"]),
            str(row["n_reads"]), str(row["n_late"]), "; ".join(map(str, from_columns(row))),
        )  # fmt: skip
    show_table(table, as_json=as_json)
    if stands.since and not as_json:
        console().print(f"stands: {stands}", markup=False)
    last = rows[-1]["level"] if rows else None
    raise typer.Exit(_exit_code(stands.level if stands.since else last))


def explain(
    stream: Annotated[str, typer.Argument(help="One stream; without it every flagged one")] = "",
    as_json: AsJson = False,
) -> None:
    """Show the last judged day's evidence by stream: what changed, where, and by how much."""
    import polars as pl

    from xray_assets.catalog import MONITORING_EVIDENCE

    evidence = _tables().read(MONITORING_EVIDENCE)
    last = evidence.filter(pl.col("date") == pl.col("date").max())
    wanted = last.filter(pl.col("stream") == stream) if stream else last.filter("flagged")
    if stream and wanted.collect().is_empty():
        known = last.select(pl.col("stream").unique().sort()).collect()["stream"].to_list()
        refuse(f"no stream {stream!r} on the last judged day: {', '.join(known) or 'none at all'}")
    table = shown_table("date", "family", "site", "stream", "evidence", "shift", "95 %", "units")
    for row in wanted.sort("log_e", descending=True, nulls_last=True).collect().to_dicts():
        interval = (row["shift_low"], row["shift_high"])
        table.add_row(
            str(row["date"]), row["family"], _sites([row["site"]]), row["stream"],
            _figure(row["log_e"]), _figure(row["shift"]), " to ".join(map(_figure, interval)),
            str(row["n_units"]),
        )  # fmt: skip
    show_table(table, as_json=as_json)
    if not stream and not as_json and not table.rows:
        console().print("nothing is flagged")


def _tables() -> "Tables":
    from xray_assets.deployments import resources

    return resources(read_settings()).tables


def _sites(names: list[str]) -> str:
    return ", ".join(name or "all" for name in names)


def _figure(value: Any) -> str:
    return "" if value is None else f"{value:.3g}"


def _exit_code(level: str | None) -> int:
    from xray_assets.contracts.tables.days import MINOR, NONE, UNKNOWN

    if level in (None, UNKNOWN):
        return NOT_KNOWN
    return 0 if level in (NONE, MINOR) else ALARMED
