"""`ReadingQueue`: one case after another for a reader, its film, and its read.

Every way to read goes through here (feedback API, pages, terminal), and every read through the
validation and the inbox that all feedback goes through. Which cases are read is `review`'s; who may
be asked is in `asked`, who holds a case in `leases`, what follows a read in `second_looks`.
"""

from collections.abc import Callable

from xray_assets.clock import now_s
from xray_assets.reading.asked import DueCase, in_order, may_be_asked
from xray_assets.reading.films import film_of
from xray_assets.reading.forms import (
    Committed,
    Film,
    Lease,
    LeaseEnded,
    Progress,
    Read,
)
from xray_assets.reading.lease_file import Held
from xray_assets.reading.leases import LEASE_US, SECOND, Case
from xray_assets.reading.opaque import OpaqueIds
from xray_assets.reading.reads import blinded_read, commit_uuid, moment
from xray_assets.reading.second_looks import SecondLooks
from xray_assets.settings import Settings
from xray_assets.web.roles import Account, Act


class ReadingQueue(SecondLooks):
    """Safe for threads; several processes may have one each. A reader is an account that may READ;
    any other is refused with PermissionDenied.
    """

    def __init__(self, settings: Settings, *, clock: Callable[[], float] = now_s) -> None:
        """Open the inbox and the leases. Raises InboxUnavailable, sqlite3.Error, OSError."""
        super().__init__(settings, clock=clock)
        self._log, self._ids = settings.inference_log, OpaqueIds(settings.reading_folder)

    def next(self, reader: Account, *, beside: str | None = None) -> Lease | None:
        """The film that the reader holds already, else the next one; None when none waits. `beside`
        a lease in work: another film, to be fetched ahead.
        """
        reader.demand(Act.READ)

        def choose(taken: set[str]) -> list[Case]:
            return [(case.request_id, case.image_sha256) for case in self._offered(reader, taken)]

        held = self._leases.take(reader.name, choose, self._now(), beside=beside)
        return None if held is None else self._lease(held)

    def lease(self, lease: str, reader: Account) -> Lease:
        """A lease as it is now. Raises LeaseUnknown."""
        return self._lease(self._find(lease, reader))

    def renew(self, lease: str, reader: Account) -> Lease:
        """Another half hour. Raises LeaseUnknown, LeaseTaken, LeaseEnded."""
        reader.demand(Act.READ)
        return self._lease(self._leases.renew(lease, reader.name, self._now()))

    def release(self, lease: str, reader: Account) -> None:
        """Give a film back: it passes to others, and stays due. Raises LeaseUnknown,
        AlreadyCommitted.
        """
        reader.demand(Act.READ)
        self._leases.release(lease, reader.name, self._now())

    def film(self, lease: str, reader: Account) -> Film:
        """The film of a lease. Raises LeaseUnknown, LeaseEnded, FilmMissing."""
        reader.demand(Act.READ)
        held = self._leases.show_film(lease, reader.name, self._now())
        return film_of(self._log, held.image_sha256)

    def commit(
        self,
        lease: str,
        reader: Account,
        read: Read,
        commit_id: str,
        *,
        source: str = "radiologist",
    ) -> Committed:
        """Store a blinded read; durable when this returns. The same commit id (a UUID that the
        client makes) gives the same answer and no second row. Also after the lease ended, as long
        as nobody else took the film.

        Raises LeaseUnknown, LeaseTaken, AlreadyCommitted, FeedbackRefused (also for a commit id
        that was used for another read), InboxUnavailable: send it again.
        """
        commit_id, held, now = commit_uuid(commit_id), self._find(lease, reader), self._now()
        blinded_read(held, reader, read, commit_id, now, source)  # refused before it begins
        held, draft = self._leases.begin(lease, reader.name, commit_id, now)
        feedback = blinded_read(held, reader, read, commit_id, draft.committed_us, source)
        self._receiver.submit([feedback])
        self._leases.finish(lease)
        return self._committed(held, commit_id, draft.committed_us)

    def undo(self, lease: str, reader: Account) -> Lease:
        """Let the reader commit another read in place of one of the last half hour: the next commit
        under this lease is a row that supersedes the earlier, which stays. Raises LeaseUnknown,
        NotCommitted, AnswersSeen, LeaseEnded.
        """
        self._find(lease, reader)
        commits = self._leases.commits(lease)
        if commits and commits[-1].committed_us + LEASE_US < self._now():
            raise LeaseEnded("a read is undone within half an hour: ask for an adjudicator")
        return self._lease(self._leases.reopen(lease, reader.name))

    def progress(self, reader: Account) -> Progress:
        """How much waits for the reader, and what was read today (UTC)."""
        reader.demand(Act.READ)
        now = self._now()
        midnight = now - now % (24 * 3600 * SECOND)
        waiting = self._offered(reader, self._leases.unavailable(reader.name, now))
        return Progress(len(waiting), self._leases.committed_since(reader.name, midnight))

    def _offered(self, reader: Account, taken: set[str]) -> list[DueCase]:
        for renewed in (False, True):
            due = self._due.now(renewed=renewed)
            cases = [
                case
                for name, case in due.cases.items()
                if name not in taken
                and may_be_asked(case, due.standing(name), reader.name, reader.role)
            ]
            if cases:
                return in_order(cases, reader.name, self._ids.order)
        return []

    def _lease(self, held: Held) -> Lease:
        case = self._ids.case(held.request_id)
        return Lease(held.lease, case, moment(held.expires_us), held.state, bool(held.reopened))
