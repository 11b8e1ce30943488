"""Leases under several readers: whatever they do in whatever order, a case is held once, and what
a reader said is kept.
"""

import shutil
import tempfile
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant, multiple, rule

from xray_assets.reading.forms import AlreadyCommitted, LeaseEnded, LeaseTaken, LeaseUnknown
from xray_assets.reading.leases import LEASE_US, Leases

CASES = [f"case{number}" for number in range(3)]
READERS = st.sampled_from(["anna", "ben", "carl"])


class SeveralReaders(RuleBasedStateMachine):
    """Two open files, as of two processes; the model is who holds what until when."""

    taken = Bundle("taken")

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        self.files = [Leases(self.folder / "reading.sqlite") for _ in range(2)]
        self.now = 0
        self.holder: dict[str, tuple[str, str, int]] = {}
        self.read: dict[str, str] = {}
        self.commits = 0

    def teardown(self) -> None:
        shutil.rmtree(self.folder)

    def held(self, case: str) -> tuple[str, str] | None:
        """(lease, reader) of a case, if its time is not up."""
        lease, reader, until = self.holder.get(case, ("", "", 0))
        return (lease, reader) if until > self.now else None

    @rule(minutes=st.integers(1, 40))
    def time_passes(self, minutes: int) -> None:
        self.now += minutes * 60_000_000

    @rule(target=taken, reader=READERS, file=st.integers(0, 1))
    def take(self, reader: str, file: int) -> object:
        def choose(unavailable: set[str]) -> list[tuple[str, str]]:
            free = [case for case in CASES if case not in unavailable]
            assert not any(self.held(case) for case in free)
            return [(case, "film") for case in free if case not in self.read.values()]

        held = self.files[file].take(reader, choose, self.now, beside=None)
        if held is None:
            return multiple()
        before = self.held(held.request_id)
        assert before in (None, (held.lease, reader))
        self.holder[held.request_id] = held.lease, reader, self.now + LEASE_US
        return held.lease, reader, held.request_id

    @rule(one=taken, file=st.integers(0, 1))
    def renew(self, one: tuple[str, str, str], file: int) -> None:
        lease, reader, case = one
        try:
            held = self.files[file].renew(lease, reader, self.now)
        except LeaseTaken:
            assert self.held(case) not in (None, (lease, reader))
        except LeaseEnded:
            assert self.held(case) != (lease, reader)
        else:
            if held.state == "held":
                assert self.held(case) in (None, (lease, reader))
                self.holder[case] = lease, reader, self.now + LEASE_US

    @rule(one=taken, file=st.integers(0, 1))
    def release(self, one: tuple[str, str, str], file: int) -> None:
        lease, reader, case = one
        try:
            self.files[file].release(lease, reader, self.now)
        except AlreadyCommitted:
            assert lease in self.read
        else:
            assert lease not in self.read
            if self.held(case) == (lease, reader):
                del self.holder[case]

    @rule(one=taken, file=st.integers(0, 1), repeated=st.booleans())
    def commit(self, one: tuple[str, str, str], file: int, repeated: bool) -> None:
        lease, reader, case = one
        self.commits += 1
        name = f"commit{self.commits}"
        try:
            _, draft = self.files[file].begin(lease, reader, name, self.now)
        except LeaseTaken:
            assert self.held(case) not in (None, (lease, reader))
        except AlreadyCommitted:
            assert lease in self.read
        else:
            assert self.held(case) in (None, (lease, reader))
            self.files[file].finish(lease)
            self.read[lease] = case
            self.holder.pop(case, None)
            if repeated:
                _, again = self.files[1 - file].begin(lease, reader, name, self.now + 1)
                assert again == draft

    @rule(one=taken, other=READERS)
    def another_reader_asks(self, one: tuple[str, str, str], other: str) -> None:
        lease, reader, _ = one
        if other != reader:
            try:
                self.files[0].find(lease, other, self.now)
            except LeaseUnknown:
                return
            raise AssertionError("a lease is its reader's alone")

    @invariant()
    def the_file_says_what_the_model_says(self) -> None:
        for case, (lease, reader, _) in self.holder.items():
            state = self.files[0].find(lease, reader, self.now).state
            assert (state == "held") == (self.held(case) == (lease, reader))
        for lease in self.read:
            assert len(self.files[1].commits(lease)) == 1


SeveralReaders.TestCase.settings = settings(max_examples=12, stateful_step_count=20, deadline=None)
TestSeveralReaders = SeveralReaders.TestCase
