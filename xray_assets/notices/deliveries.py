"""What was sent to whom, in one SQLite file: a notice goes to an address once, whoever sends it.

The row is written before the notice leaves. Who is cut off in between leaves `sending`: it may have
arrived, so nobody sends it again.
"""

import sqlite3
from collections.abc import Iterable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from xray_assets import clock
from xray_assets.notices.notice import MaybeSent, Notice, NotSent, Sender

State = Literal["sent", "not_sent", "sending"]

_TABLE = """
CREATE TABLE IF NOT EXISTS deliveries (
    key TEXT NOT NULL, address TEXT NOT NULL, state TEXT NOT NULL, at TEXT NOT NULL,
    problem TEXT NOT NULL, PRIMARY KEY (key, address)
) STRICT"""

_CLAIM = """
INSERT INTO deliveries VALUES (?, ?, 'sending', ?, 'cut off while it was sent')
ON CONFLICT DO UPDATE SET state = 'sending', at = excluded.at, problem = excluded.problem
WHERE state = 'not_sent'"""


@dataclass(frozen=True)
class Delivery:
    """How a notice stands at an address. `sending`: under way, or nobody knows whether it came."""

    address: str
    state: State
    at: str
    problem: str
    is_new: bool
    """Made or tried again by this call."""

    def __str__(self) -> str:
        """As people are shown it."""
        if self.state == "sent":
            return f"{self.address}: sent{'' if self.is_new else f' already, {self.at}'}"
        said = "not sent" if self.state == "not_sent" else "perhaps sent, and not sent again"
        return f"{self.address}: {said}; {self.problem}"


class Deliveries:
    """The deliveries of one state; `file` is made by the first one."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def send(self, notice: Notice, senders: Iterable[Sender]) -> list[Delivery]:
        """Send a notice wherever it has not arrived yet; how it stands at each address."""
        return [self._send(notice, sender) for sender in senders]

    def _send(self, notice: Notice, sender: Sender) -> Delivery:
        place = (notice.key, sender.address)
        if not self._write(_CLAIM, (*place, _now())):
            return self._found(*place, is_new=False)
        state, problem = "sent", ""
        try:
            sender.send(notice)
        except NotSent as error:
            state, problem = "not_sent", str(error)
        except MaybeSent as error:
            state, problem = "sending", str(error)
        self._write(
            "UPDATE deliveries SET state = ?, problem = ?, at = ? WHERE key = ? AND address = ?",
            (state, problem, _now(), *place),
        )
        return self._found(*place, is_new=True)

    def _found(self, key: str, address: str, *, is_new: bool) -> Delivery:
        with closing(self._open()) as connection:
            row = connection.execute(
                "SELECT address, state, at, problem FROM deliveries WHERE key = ? AND address = ?",
                (key, address),
            ).fetchone()
        return Delivery(*row, is_new=is_new)

    def _write(self, statement: str, values: tuple[str, ...]) -> bool:
        with closing(self._open()) as connection, connection:
            return connection.execute(statement, values).rowcount > 0

    def _open(self) -> sqlite3.Connection:
        self._file.parent.mkdir(parents=True, exist_ok=True)
        connection = sqlite3.connect(self._file, timeout=30)
        connection.execute(_TABLE)
        return connection


def _now() -> str:
    return clock.now().isoformat(timespec="seconds")
