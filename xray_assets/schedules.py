"""What happens by the clock: the lake is tidied once a night, each morning reviews are planned and
the report of the day before is written and sent.
"""

from datetime import date, timedelta

import dagster as dg

from xray_assets.checks.keeps_its_contract import last_passing
from xray_assets.contracts.tables import CONTRACTS
from xray_assets.jobs import evaluate
from xray_assets.resources.registry import Registry
from xray_assets.resources.tables import Tables
from xray_assets.settings import Settings


@dg.op(pool="gold")
def tidy_tables(context: dg.OpExecutionContext, tables: Tables) -> None:
    """Compact and clean up every table; snapshots that its check goes on from are kept."""
    for key, contract in CONTRACTS.items():
        checked = last_passing(context.instance, contract, tables)
        keep = [checked.to] if checked and isinstance(checked.to, str) else []
        tables.tidy(key, keep=keep)
        context.log.info(f"tidied {'.'.join(key)}")


@dg.job(description="Compact the tables, delete files and log entries that nobody needs any more.")
def maintain() -> None:
    """One step over all tables."""
    tidy_tables()


nightly = dg.ScheduleDefinition(
    name="nightly",
    job=maintain,
    cron_schedule="30 3 * * *",
    default_status=dg.DefaultScheduleStatus.RUNNING,
)

each_morning = dg.ScheduleDefinition(
    name="each_morning",
    job=evaluate,
    cron_schedule="0 4 * * *",
    default_status=dg.DefaultScheduleStatus.RUNNING,
    description="Fix the day's chances of review, and count what nobody has read in time.",
)


class ReportConfig(dg.Config):
    """Of which day (YYYY-MM-DD, UTC); empty: yesterday."""

    day: str = ""


@dg.op(pool="gold")
def write_report(
    context: dg.OpExecutionContext, config: ReportConfig, tables: Tables, registry: Registry
) -> None:
    """Write the report of a day and send it. Fails where it did not arrive; another try sends
    nothing twice.
    """
    from xray_assets.room.daily_report.files import send, write, yesterday
    from xray_assets.room.daily_report.pdf import browser

    settings = Settings()
    day = date.fromisoformat(config.day) if config.day else yesterday()
    written = write(settings, tables, registry, day=day, pdf=browser() is not None)
    deliveries = send(settings, written)
    for line in (f"wrote {written.html}", written.no_pdf, *map(str, deliveries)):
        context.log.info(line)
    if failed := [str(one) for one in deliveries if one.state != "sent"]:
        raise dg.Failure("; ".join(failed))


@dg.job(description="Write yesterday's report to <state>/reports, and send it where it is wanted.")
def daily_report() -> None:
    """One step."""
    write_report()


@dg.schedule(
    job=daily_report,
    cron_schedule="0 5 * * *",
    execution_timezone="UTC",
    default_status=dg.DefaultScheduleStatus.RUNNING,
)
def report_of_yesterday(context: dg.ScheduleEvaluationContext) -> dg.RunRequest:
    """The report of the day before the tick, whenever the tick is carried out."""
    day = f"{(context.scheduled_execution_time - timedelta(days=1)).date()}"
    config = {"ops": {"write_report": {"config": {"day": day}}}}
    return dg.RunRequest(run_key=day, run_config=config)


schedules = [nightly, each_morning, report_of_yesterday]
