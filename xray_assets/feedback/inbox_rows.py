"""The inbox read beside its writers: own connection a call, standard library only."""

import sqlite3

from xray_assets.feedback.inbox import InboxUnavailable
from xray_assets.storage.numbered_rows import NumberedRows


class InboxRows(NumberedRows):
    """The reading side: works while others write and before the file exists."""

    _table, _number, _key = "feedback", "position", "feedback_id"

    def read_after(
        self, position: int, limit: int, *, id_: str = ""
    ) -> list[tuple[int, str, str, int]]:
        """At most `limit` rows after a position, in order: (position, feedback_id, content,
        received_at in microseconds). Raises OtherRows as `rows_after`, and InboxUnavailable.
        """
        columns = ("feedback_id", "content", "received_at")
        try:
            return self.rows_after(position, limit, columns, id_=id_)  # type: ignore[return-value]
        except sqlite3.Error as error:
            raise InboxUnavailable(
                f"the feedback inbox {self._path} cannot be read: {error}"
            ) from error
