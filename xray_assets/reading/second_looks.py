"""After a read is committed: what the models answered, what the reader makes of it, and what the
score depends on. The base of `ReadingQueue`, which it shares the stores with.
"""

import json
from collections.abc import Callable

from xray_assets.clock import now_s
from xray_assets.feedback.fields import FeedbackRefused
from xray_assets.feedback.receiver import FeedbackReceiver
from xray_assets.lake.local import local_tables
from xray_assets.reading.due import DueCases
from xray_assets.reading.forms import (
    Answers,
    AnswersLater,
    Committed,
    Heat,
    NotCommitted,
    Opinion,
)
from xray_assets.reading.lease_file import COMMITTED, LEASES, Held
from xray_assets.reading.leases import SECOND, Leases
from xray_assets.reading.model_answers import ModelAnswers
from xray_assets.reading.reads import commit_uuid, moment, second_look
from xray_assets.settings import Settings
from xray_assets.web.roles import Account, Act


class SecondLooks:
    """A reader is an account that may READ; any other is refused with PermissionDenied."""

    def __init__(self, settings: Settings, *, clock: Callable[[], float] = now_s) -> None:
        """Open the inbox and the leases. Raises InboxUnavailable, sqlite3.Error, OSError."""
        tables = local_tables(settings, "reading films")
        self._clock = clock
        self._receiver = FeedbackReceiver(settings)
        self._due = DueCases(settings, tables)
        self._leases = Leases(settings.reading_folder / LEASES)
        self._models = ModelAnswers(settings, tables)

    def answers(self, lease: str, reader: Account) -> Answers:
        """What each model answered, once the case is settled: nobody is asked about it any more.
        The blinded read stands from then on. Raises LeaseUnknown, NotCommitted, AnswersLater,
        FilmMissing where nothing is known of the request any more.
        """
        held = self._find(lease, reader)
        if held.state == COMMITTED and self._due.is_open(held.request_id):
            raise AnswersLater(
                "the answers are shown once nobody is asked about this film any more"
            )
        held = self._leases.show_answers(lease, reader.name, self._now())
        first, second = self._said(lease)
        models = self._models.of(held.request_id)
        return Answers(first["read"], models, second["opinion"] if second else None)

    def heat(self, lease: str, reader: Account) -> list[Heat]:
        """Occlusion maps of a case whose answers were shown. Raises as `answers`."""
        answers = self.answers(lease, reader)
        held = self._find(lease, reader)
        return self._models.heat(held.request_id, held.image_sha256, answers.models)

    def opine(
        self,
        lease: str,
        reader: Account,
        opinion: Opinion,
        commit_id: str,
        *,
        read: str | None = None,
        source: str = "radiologist",
    ) -> Committed:
        """Store what the reader makes of the answers: agree, keep, or change to another `read`. An
        unblinded read of its own that names the blinded one, which stays the truth. Idempotent as
        `commit`. Raises as `answers`, FeedbackRefused.
        """
        commit_id, answers = commit_uuid(commit_id), self.answers(lease, reader)
        if (opinion == "change") != (read is not None and read != answers.read):
            raise FeedbackRefused("a change names another read; agree and keep name none")
        first, _ = self._said(lease)
        held, draft = self._leases.begin(
            lease, reader.name, commit_id, self._now(), second_to=first["feedback_id"]
        )
        feedback = second_look(held, reader, read or answers.read, opinion, draft, source)
        self._receiver.submit([feedback])
        return self._committed(held, commit_id, draft.committed_us)

    def _said(self, lease: str) -> tuple[dict[str, str], dict[str, str] | None]:
        """The standing blinded read of a lease, and the latest opinion."""
        first: dict[str, str] = {}
        second = None
        for draft in self._leases.commits(lease):
            stored = self._receiver.stored(draft.commit_id)
            if stored is None:  # begun and never sent
                continue
            said = json.loads(stored.content) | {"feedback_id": stored.feedback_id}
            if draft.second_to is None:
                first = said
            else:
                second = said
        if not first:
            raise NotCommitted("commit your read first")
        return first, second

    def _find(self, lease: str, reader: Account) -> Held:
        reader.demand(Act.READ)
        return self._leases.find(lease, reader.name, self._now())

    def _committed(self, held: Held, commit_id: str, committed_us: int) -> Committed:
        is_open = self._due.is_open(held.request_id)
        return Committed(commit_id, moment(committed_us), answers=not is_open)

    def _now(self) -> int:
        return round(self._clock() * SECOND)

    def close(self) -> None:
        """Give inbox and leases back."""
        self._receiver.close()
        self._leases.close()
