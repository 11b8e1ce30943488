"""Functions of Databricks SQL that DuckDB lacks or spells with other arguments, as macros."""

import duckdb

MACROS = (
    "date_sub(day, days) AS CAST(day - to_days(CAST(days AS INTEGER)) AS DATE), "
    "(part, a, b) AS system.main.date_sub(part, a, b)",
    "datediff(till, since) AS CAST(till AS DATE) - CAST(since AS DATE), "
    "(part, a, b) AS system.main.datediff(part, a, b)",
    "try_divide(a, b) AS a / nullif(b, 0)",
)
"""`current_date() - INTERVAL 7 DAYS`, `DATE(ts)`, `date_add`, `count_if`, back-quotes need none."""


def speak_databricks(connection: duckdb.DuckDBPyConnection) -> None:
    """Define the macros in the connection's present schema."""
    for macro in MACROS:
        connection.execute(f"CREATE MACRO {macro}")
