"""One read-only query over the lake: names, dates, what is opened, what is refused."""

import io
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest
from rich.console import Console

from xray_assets.catalog import PREDICTION_FEEDBACK, PREDICTIONS, XRAY_METADATA
from xray_assets.contracts.tables import CONTRACTS
from xray_assets.errors import NotYetOnDatabricks
from xray_assets.resources.local.tables import LocalDelta
from xray_assets.settings import Settings
from xray_assets.sql.lake import LakeSql, SqlError
from xray_assets.sql.shown import as_table, write_csv
from xray_assets.stack.readiness import status
from xray_assets_tests.sql.made_lake import fill, predictions
from xray_assets_tests.stack.free_ports import free_ports

LOG = "healthcare_catalog_dev.gold.pneumonia_classifier_predictions"


@pytest.fixture(scope="module")
def tables(tmp_path_factory: pytest.TempPathFactory) -> LocalDelta:
    lake = LocalDelta(root=str(tmp_path_factory.mktemp("lake")))
    fill(lake)
    return lake


def rows(tables: LocalDelta, query: str) -> list[tuple]:
    return list(LakeSql(tables).run(query).rows)


def test_a_three_level_name_reads_the_delta_table(tables: LocalDelta) -> None:
    assert rows(tables, f"SELECT COUNT(*) FROM {LOG};") == [(400,)]


@pytest.mark.parametrize(
    "name",
    ["gold.pneumonia_classifier_predictions", f"`{LOG.replace('.', '`.`')}`", LOG.upper()],
)
def test_a_table_answers_to_its_short_quoted_and_upper_case_name(
    tables: LocalDelta, name: str
) -> None:
    assert rows(tables, f"SELECT COUNT(*) FROM {name}") == [(400,)]


def test_the_last_seven_days_are_those_that_python_counts(tables: LocalDelta) -> None:
    log = tables.read(PREDICTIONS).collect()
    since = datetime.now(UTC).date() - timedelta(days=2)
    expected = log.filter(pl.col("timestamp").dt.date() >= since).height
    assert 0 < expected < log.height
    for condition in (
        "DATE(timestamp) >= current_date() - INTERVAL 2 DAYS",
        "DATE(timestamp) >= date_sub(current_date(), 2)",
        "datediff(current_date(), DATE(timestamp)) <= 2",
        "timestamp >= current_date() - INTERVAL 2 DAYS",
    ):
        assert rows(tables, f"SELECT COUNT(*) FROM {LOG} WHERE {condition}") == [(expected,)]


def test_days_are_days_in_utc_whatever_this_machine_thinks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TZ", "Pacific/Kiritimati")
    lake = LocalDelta(root=str(tmp_path))
    late = predictions(1).with_columns(timestamp=pl.lit(datetime(2026, 3, 1, 23, 59, tzinfo=UTC)))
    lake.append(PREDICTIONS, late)
    day, shown = rows(lake, f"SELECT DATE(timestamp), timestamp::STRING FROM {LOG}")[0]
    assert (str(day), shown) == ("2026-03-01", "2026-03-01 23:59:00+00")


def test_a_table_that_is_not_written_yet_is_empty_and_has_its_columns(tables: LocalDelta) -> None:
    answer = LakeSql(tables).run("SELECT * FROM healthcare_catalog_dev.silver.xray_metadata")
    assert answer.columns == CONTRACTS[XRAY_METADATA].schema.names()
    assert list(answer.rows) == []


def test_every_table_of_the_contracts_can_be_queried(tables: LocalDelta) -> None:
    sql = LakeSql(tables)
    for key, contract in CONTRACTS.items():
        answer = sql.run(f"SELECT * FROM healthcare_catalog_dev.{'.'.join(key)} LIMIT 3")
        assert answer.columns == contract.schema.names()


def test_an_unknown_table_is_an_error_that_lists_the_tables(tables: LocalDelta) -> None:
    with pytest.raises(SqlError, match=f"(?s)predictionz.*{LOG}"):
        LakeSql(tables).run("SELECT * FROM healthcare_catalog_dev.gold.predictionz")


def test_another_environment_s_catalog_is_unknown_here(tables: LocalDelta) -> None:
    with pytest.raises(SqlError, match=r"The tables are:\n  healthcare_catalog_dev"):
        LakeSql(tables).run(f"SELECT * FROM {LOG.replace('_dev', '_prod')}")


@pytest.mark.parametrize(
    "statement",
    [
        f"DELETE FROM {LOG}",
        f"DROP VIEW {LOG}",
        f"CREATE TABLE copied AS SELECT * FROM {LOG}",
        f"COPY (SELECT * FROM {LOG}) TO 'stolen.csv'",
        "SET enable_external_access = true",
        "ATTACH 'other.db'",
        "SELECT 1; SELECT 2",
        "",
    ],
)
def test_whatever_is_no_single_read_is_refused(tables: LocalDelta, statement: str) -> None:
    with pytest.raises(SqlError, match="one SELECT"):
        LakeSql(tables).run(statement)


@pytest.mark.parametrize(
    "reach", ["read_text('/etc/hostname')", "'/etc/hostname'", "glob('/*')", "CONTRACTS"]
)
def test_a_query_reaches_no_file_and_no_python_variable(tables: LocalDelta, reach: str) -> None:
    with pytest.raises(SqlError):
        list(LakeSql(tables).run(f"SELECT * FROM {reach}").rows)


def test_a_query_opens_only_the_tables_it_names(
    tables: LocalDelta, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = []
    uri = LocalDelta.uri
    monkeypatch.setattr(LocalDelta, "uri", lambda self, key: opened.append(key) or uri(self, key))
    rows(tables, f"SELECT COUNT(*) FROM {LOG}")
    assert set(opened) == {PREDICTIONS}


def test_a_query_on_other_tables_works_out_no_consensus(
    tables: LocalDelta, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(LocalDelta, "read", lambda *_: pytest.fail("the table was loaded"))
    assert rows(tables, "SELECT COUNT(*) FROM gold.prediction_feedback")[0][0] == 300


def test_a_mistake_while_reading_rows_is_an_sql_error_too(tables: LocalDelta) -> None:
    with pytest.raises(SqlError, match="Conversion"):
        rows(tables, f"SELECT CAST(request_id AS INTEGER) FROM {LOG}")


def test_on_databricks_the_warehouse_answers_not_this(tmp_path: Path) -> None:
    with pytest.raises(NotYetOnDatabricks, match="SQL warehouse"):
        LakeSql.of(Settings(deployment="databricks", state=tmp_path))


def test_a_query_that_a_limit_ends_early_lets_the_process_end(tmp_path: Path) -> None:
    lake = LocalDelta(root=str(tmp_path))
    lake.append(PREDICTIONS, predictions(60_000, days=40))
    query = f"from xray_assets.sql.lake import *; t = DeltaTables(root={str(tmp_path)!r}); "
    query += f"print(len(list(LakeSql(t).run('SELECT * FROM {LOG} LIMIT 5').rows)))"
    for _ in range(3):
        ended = subprocess.run(
            [sys.executable, "-c", query], capture_output=True, text=True, timeout=60, check=False
        )
        assert (ended.returncode, ended.stdout) == (0, "5\n"), ended.stderr


@pytest.fixture
def s3_url() -> Iterator[str]:
    """Moto's S3 server in a process of its own: in this one it would need the GIL, which a thread
    of DuckDB may hold while it waits for the server's answer.
    """
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    server = subprocess.Popen(
        [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    url = f"http://127.0.0.1:{port}"
    try:
        deadline = time.monotonic() + 60
        while True:
            try:
                urllib.request.urlopen(url, timeout=5)
                break
            except OSError:
                assert time.monotonic() < deadline, "moto's server did not start"
                time.sleep(0.1)
        yield url
    finally:
        server.kill()
        server.wait()


@pytest.fixture
def bucket() -> Iterator[str]:
    """URL of an S3 server with the bucket `lake`.

    It runs in a process of its own: polars holds the interpreter while it opens a Delta table, so
    that a server in a thread could not answer.
    """
    (port,) = free_ports(1)
    url = f"http://127.0.0.1:{port}"
    command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as server:
        deadline = time.monotonic() + 60
        while status(url) is None:
            assert time.monotonic() < deadline, "the S3 server did not start"
            time.sleep(0.1)
        urllib.request.urlopen(urllib.request.Request(f"{url}/lake", method="PUT"), timeout=30)
        yield url
        server.kill()


def test_a_lake_on_s3_answers_like_one_on_disk(bucket: str) -> None:
    options = {
        "AWS_ENDPOINT_URL": bucket,
        "AWS_ALLOW_HTTP": "true",
        "AWS_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
    }
    lake = LocalDelta(root="s3://lake/tables", storage_options=options)
    lake.append(PREDICTIONS, predictions(50))
    assert rows(lake, f"SELECT COUNT(*) FROM {LOG} WHERE request_id <> 'r1'") == [(49,)]


def test_csv_holds_every_row_and_reads_back(tables: LocalDelta) -> None:
    file = io.StringIO()
    write_csv(LakeSql(tables).run(f"SELECT request_id, timestamp, prediction FROM {LOG}"), file)
    read = pl.read_csv(io.StringIO(file.getvalue()), try_parse_dates=True)
    log = tables.read(PREDICTIONS).collect()
    assert sorted(read["request_id"]) == sorted(log["request_id"])
    assert read["prediction"].null_count() == log["prediction"].null_count()


def test_a_long_answer_is_shown_in_part_and_says_so(tables: LocalDelta) -> None:
    table = as_table(LakeSql(tables).run(f"SELECT request_id FROM {LOG}"), max_rows=7)
    assert table.row_count == 7
    assert "7 rows" in str(table.caption)
    whole = as_table(LakeSql(tables).run("SELECT 1"), max_rows=1)
    assert whole.row_count == 1
    assert whole.caption is None


def test_text_that_looks_like_markup_is_shown_as_it_is(tables: LocalDelta) -> None:
    console = Console(file=io.StringIO(), width=60)
    console.print(as_table(LakeSql(tables).run("SELECT '[red]x[/red]' AS y, NULL AS z")))
    assert "[red]x[/red]" in console.file.getvalue()  # type: ignore[attr-defined]
    assert "null" in console.file.getvalue()  # type: ignore[attr-defined]


def test_feedback_is_joined_by_its_own_name(tables: LocalDelta) -> None:
    count = rows(
        tables,
        f"""SELECT COUNT(*) FROM {LOG} p
        JOIN healthcare_catalog_dev.gold.prediction_feedback f ON f.prediction_id = p.request_id""",
    )
    assert count == [(tables.read(PREDICTION_FEEDBACK).collect().height,)]
