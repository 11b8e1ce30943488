"""The report of a day as files in `<state>/reports`, and sent: the same for `xray report` and for
Dagster's schedule.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from xray_assets import clock
from xray_assets.lake.tables import Tables
from xray_assets.notices.deliveries import Deliveries, Delivery
from xray_assets.notices.notice import Attachment, Notice
from xray_assets.notices.senders import report_senders
from xray_assets.room.daily_report.content import DailyReport, daily_report
from xray_assets.room.daily_report.pdf import NoPdf, write_pdf
from xray_assets.room.dashboard.look import Look
from xray_assets.room.dashboard.routes import limits
from xray_assets.room.dashboard.summaries import Summaries
from xray_assets.room.records.models import models
from xray_assets.settings import Settings
from xray_assets.storage.atomic import replace_file

if TYPE_CHECKING:  # Dagster comes with the one, MLflow with the other
    from xray_assets.resources.registry import Registry
    from xray_assets.scoring.registry import ModelRegistry


@dataclass(frozen=True)
class Written:
    """A report and its files; `no_pdf` says why there is none where one was asked for."""

    report: DailyReport
    html: Path
    pdf: Path | None = None
    no_pdf: str = ""


def yesterday() -> date:
    """The last whole day, UTC."""
    return (clock.now() - timedelta(days=1)).date()


def write(
    settings: Settings,
    tables: Tables,
    registry: "ModelRegistry | Registry",
    *,
    day: date,
    out: Path | None = None,
    pdf: bool = False,
) -> Written:
    """Write the report of a day to `out` (a folder; None: `<state>/reports`). Raises OSError."""
    report = daily_report(
        Look(Summaries(tables, settings.dagster_url)),
        tables,
        limits(settings),
        day=day,
        environment=settings.environment,
        trained=models(registry, settings.catalog.registered_models),
        now=clock.now(),
    )
    folder = out or settings.state / "reports"
    folder.mkdir(parents=True, exist_ok=True)
    page = folder / f"report-{day}.html"
    replace_file(page, report.html())
    if not pdf:
        return Written(report, page)
    try:
        write_pdf(page, printed := page.with_suffix(".pdf"))
    except NoPdf as error:
        return Written(report, page, no_pdf=str(error))
    return Written(report, page, printed)


def send(settings: Settings, written: Written) -> list[Delivery]:
    """Send a report wherever the settings say and it has not arrived yet. Raises NoWay."""
    attachments = [_attached(written.html, "text/html")]
    if written.pdf:
        attachments.append(_attached(written.pdf, "application/pdf"))
    report = written.report
    notice = Notice(report.key, report.subject, report.text, tuple(attachments))
    return Deliveries(settings.state / "notices.sqlite").send(notice, report_senders(settings))


def _attached(path: Path, media_type: str) -> Attachment:
    return Attachment(path.name, path.read_bytes(), media_type)
