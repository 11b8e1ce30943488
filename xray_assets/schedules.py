"""What happens by the clock: the lake is tidied once a night, reviews are planned each morning."""

import dagster as dg

from xray_assets.checks.keeps_its_contract import last_passing
from xray_assets.contracts.tables import CONTRACTS
from xray_assets.jobs import evaluate
from xray_assets.resources.tables import Tables


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

schedules = [nightly, each_morning]
