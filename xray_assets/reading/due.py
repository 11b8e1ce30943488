"""The cases that are due, kept in memory: from gold.review_assignments, with the reads that they
have in the table and, newer than it, in the inbox.

A look costs the table's version and the inbox's new rows. When the version changed the cases are
read again in a thread; who asks meanwhile gets those of before, with all reads. The same process
never goes back: a reader who has answered is not asked again.
"""

import threading
from dataclasses import dataclass

import polars as pl

from xray_assets.catalog import (
    DUE,
    FEEDBACK_PENDING,
    OVERDUE,
    PREDICTION_FEEDBACK,
    REVIEW_ASSIGNMENTS,
)
from xray_assets.contracts.contract import TIMESTAMP
from xray_assets.feedback.inbox_rows import InboxRows
from xray_assets.feedback.intake.run import INBOX
from xray_assets.feedback.intake.sent import SENT, parse
from xray_assets.lake.tables import Tables
from xray_assets.reading.asked import UNREAD, DueCase, Standing, standings
from xray_assets.serving.log.kept_films import hold
from xray_assets.settings import Settings

_READ = {
    name: pl.Boolean if name == "blinded" else pl.String
    for name in (
        "feedback_id",
        "prediction_id",
        "radiologist_id",
        "reader_role",
        "read",
        "ground_truth",
        "confidence",
        "blinded",
    )
}
_READS = pl.Schema(
    _READ | {"timestamp": TIMESTAMP, "inbox_position": pl.Int64, "prediction_date": pl.Date}
)
"""What a standing follows from."""
_TAIL = 100_000


@dataclass
class Due:
    """The cases of one version of the table, and their reads up to an inbox position."""

    version: int | None
    cases: dict[str, DueCase]
    reads: pl.DataFrame
    position: int
    standings: dict[str, Standing]

    def standing(self, request_id: str) -> Standing:
        """Where the reads of a case stand."""
        return self.standings.get(request_id, UNREAD)


class DueCases:
    """What is due now. Safe for threads."""

    def __init__(self, settings: Settings, tables: Tables) -> None:
        """Nothing is read yet."""
        self._tables, self._inbox = tables, InboxRows(settings.feedback_inbox)
        self._log = settings.inference_log
        self._lock, self._renewal = threading.Lock(), threading.Lock()
        self._due: Due | None = None

    def now(self, *, renewed: bool = False) -> Due:
        """The cases, with every read that the inbox holds; `renewed`: of the table as it is now.
        Raises Delta's and SQLite's errors.
        """
        due = self._due
        if due is None or renewed:
            due = self._renew()
        elif due.version != self._tables.version(REVIEW_ASSIGNMENTS) and not self._renewal.locked():
            threading.Thread(target=self._renew, name="due-cases", daemon=True).start()
        with self._lock:
            _follow(due, self._inbox)
        return due

    def is_open(self, request_id: str) -> bool:
        """True while anybody may be asked about a case."""
        for renewed in (False, True):
            due = self.now(renewed=renewed)
            if request_id in due.cases:
                return due.standing(request_id).is_open
        return False

    def _renew(self) -> Due:
        """Read the table again where it changed. Films that are due are held against the log's
        retention.
        """
        with self._renewal:
            version = self._tables.version(REVIEW_ASSIGNMENTS)
            due = self._due
            if due is None or due.version != version:
                due = self._due = _load(self._tables, version)
                hold(self._log, (case.image_sha256 for case in due.cases.values()))
            return due


def _load(tables: Tables, version: int | None) -> Due:
    drawn = tables.read(REVIEW_ASSIGNMENTS).filter("drawn", pl.col("state").is_in((DUE, OVERDUE)))
    found = drawn.select(
        "request_id",
        "image_sha256",
        "reads_wanted",
        "prediction_date",
        "due_at",
    ).collect()
    # The position first: reads that come in between are in the table and in the tail.
    position = tables.position(FEEDBACK_PENDING, INBOX)
    days, ids = found["prediction_date"].unique(), found.select(prediction_id="request_id")
    reads = (
        tables.read(PREDICTION_FEEDBACK)
        .filter(pl.col("prediction_date").is_in(days.to_list()))
        .select(_READS.names())
        .join(ids.lazy(), on="prediction_id", how="semi")
        .collect()
    )
    cases = {
        row["request_id"]: DueCase(**row)
        for row in found.drop("prediction_date").iter_rows(named=True)
    }
    return Due(version, cases, reads, position, standings(cases.values(), reads))


def _follow(due: Due, inbox: InboxRows) -> None:
    """Take in what the inbox holds after the position."""
    while rows := inbox.read_after(due.position, _TAIL):
        due.position = rows[-1][0]
        columns = {
            "inbox_position": pl.Int64,
            "feedback_id": pl.String,
            "feedback": pl.String,
            "received_at": TIMESTAMP,
        }
        sent = pl.DataFrame(rows, schema=columns, orient="row").select(SENT.names())
        new = (
            parse(sent)
            .filter(pl.col("prediction_id").is_in(list(due.cases)))
            .with_columns(prediction_date=pl.lit(None, pl.Date))
            .select(_READS.names())
        )
        if new.height:
            due.reads = pl.concat([due.reads, new]).unique("feedback_id", keep="first")
            asked = new["prediction_id"].unique().to_list()
            about = due.reads.filter(pl.col("prediction_id").is_in(asked))
            due.standings |= standings((due.cases[name] for name in asked), about)
