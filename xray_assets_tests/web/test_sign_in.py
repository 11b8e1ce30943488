"""Wrong passwords, what is counted of them, and sessions that end, by a clock of the test."""

import threading
from pathlib import Path

import pytest

from xray_assets.web.refusals import TooManyRequests
from xray_assets.web.roles import Account, Role
from xray_assets.web.sign_in import attempts as limits
from xray_assets.web.sign_in.attempts import Attempts
from xray_assets.web.sign_in.passwords import PasswordRefused, Passwords
from xray_assets.web.sign_in.sessions import (
    IDLE_SECONDS,
    LONGEST_SECONDS,
    SESSIONS_OF_AN_ACCOUNT,
    Sessions,
)
from xray_assets_tests.room.visitor import CHEAP, PASSWORD

ADA = Account("ada", Role.VIEWER, password_hash="h")


class Clock:
    """Seconds, as a test says."""

    now = 1000.0

    def __call__(self) -> float:
        return self.now


def allowed(attempts: Attempts, name: str, peer: str) -> bool:
    try:
        attempts.begin(name, peer)
    except TooManyRequests:
        return False
    return True


def test_wrong_passwords_of_a_name_are_slowed_down_from_wherever_they_come() -> None:
    clock = Clock()
    attempts = Attempts(clock)
    tried = sum(allowed(attempts, "ada", f"10.0.{n // 256}.{n % 256}") for n in range(1000))
    assert tried == limits.OF_AN_ACCOUNT
    clock.now += 10 * 60
    assert [allowed(attempts, "ada", "10.9.9.9") for _ in range(3)] == [True, False, False]


def test_one_peer_is_slowed_down_whatever_names_it_tries() -> None:
    attempts = Attempts(Clock())
    tried = sum(allowed(attempts, f"name {n}", "10.0.0.1") for n in range(1000))
    assert limits.OF_A_PEER - 2 <= tried <= limits.OF_A_PEER
    attempts = Attempts(Clock())
    tried = sum(allowed(attempts, f"name {n}", f"2001:db8:0:1::{n:x}") for n in range(1000))
    assert limits.OF_A_PEER - 2 <= tried <= limits.OF_A_PEER


def test_no_flood_of_names_and_peers_makes_an_attempt_forgotten_or_costs_memory() -> None:
    attempts = Attempts(Clock())
    while allowed(attempts, "ada", "10.0.0.1"):
        pass
    for n in range(20_000):
        allowed(attempts, f"name {n}", f"10.{n // 65536}.{n // 256 % 256}.{n % 256}")
    assert not allowed(attempts, "ada", "10.77.0.1")
    assert len(attempts._slots) == limits.SLOTS


def test_the_pause_is_bounded_and_a_right_password_ends_it() -> None:
    clock = Clock()
    attempts = Attempts(clock)
    for _ in range(50):
        allowed(attempts, "ada", "10.0.0.1")
        clock.now += limits.LONGEST_PAUSE
    assert allowed(attempts, "ada", "10.0.0.1")
    attempts.succeeded("ada", "10.0.0.1")
    assert allowed(attempts, "ada", "10.0.0.2")
    assert not allowed(attempts, "other", "10.0.0.1")
    clock.now += limits.FORGOTTEN_AFTER
    assert allowed(attempts, "other", "10.0.0.1")


def test_a_password_is_right_in_either_unicode_form_and_never_without_an_account() -> None:
    passwords = Passwords(CHEAP)
    ada = Account("ada", Role.VIEWER, password_hash=passwords.hashed("Schlüssel und Schloss"))
    assert passwords.is_right(ada, "Schlu\u0308ssel und Schloss")
    assert not passwords.is_right(ada, "schlüssel und schloss")
    for nobody in (None, Account("x", Role.VIEWER), Account("x", Role.VIEWER, password_hash="")):
        assert not passwords.is_right(nobody, "")
        assert not passwords.is_right(nobody, "\ud800" + "x" * 100_000)
    for refused in ("", "x" * 11, "x" * 1001):
        with pytest.raises(PasswordRefused):
            passwords.hashed(refused)


def test_a_name_without_account_costs_a_hash_too(monkeypatch: pytest.MonkeyPatch) -> None:
    passwords, verified = Passwords(CHEAP), []
    ada = Account("ada", Role.VIEWER, password_hash=passwords.hashed(PASSWORD))
    monkeypatch.setattr(type(CHEAP), "verify", lambda self, *given: verified.append(given) or True)
    assert [passwords.is_right(one, "x" * 12) for one in (ada, None)] == [True, False]
    assert len(verified) == 2
    known, unknown = ([*hashed.split("$")[:4]] for hashed, _ in verified)
    assert known == unknown


def test_few_passwords_are_hashed_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    passwords, go, inside = Passwords(CHEAP), threading.Event(), threading.Semaphore(0)
    monkeypatch.setattr("xray_assets.web.sign_in.passwords._WAIT_SECONDS", 0.05)

    def slow(*_: object) -> bool:
        inside.release()
        return go.wait(60)

    monkeypatch.setattr(type(CHEAP), "verify", slow)
    threads = [threading.Thread(target=passwords.is_right, args=(ADA, "x")) for _ in range(2)]
    for thread in threads:
        thread.start()
        assert inside.acquire(timeout=60)
    with pytest.raises(TooManyRequests, match="many people"):
        passwords.is_right(ADA, "x")
    go.set()
    for thread in threads:
        thread.join()
    assert passwords.is_right(ADA, "x")


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def sessions(tmp_path: Path, clock: Clock) -> Sessions:
    return Sessions(tmp_path / "room" / "sessions.sqlite", clock)


def test_a_session_that_is_not_used_ends(sessions: Sessions, clock: Clock) -> None:
    token = sessions.begin(ADA)
    clock.now += IDLE_SECONDS
    assert sessions.find(token)
    clock.now += IDLE_SECONDS + 1
    assert sessions.find(token) is None


def test_a_session_ends_however_much_it_is_used(sessions: Sessions, clock: Clock) -> None:
    token, begun = sessions.begin(ADA), clock.now
    while sessions.find(token):
        clock.now += IDLE_SECONDS / 2
        assert clock.now <= begun + LONGEST_SECONDS + IDLE_SECONDS
    assert clock.now > begun + LONGEST_SECONDS


def test_a_session_survives_a_restart_and_nobody_guesses_one(
    sessions: Sessions, tmp_path: Path, clock: Clock
) -> None:
    token = sessions.begin(ADA)
    sessions.close()
    again = Sessions(tmp_path / "room" / "sessions.sqlite", clock)
    found = again.find(token)
    assert found
    assert found.is_of(ADA)
    for other in ("", token[:-1], token.swapcase(), "\ud800", "x" * 100_000):
        assert again.find(other) is None


def test_an_account_has_so_many_sessions_and_the_oldest_end(
    sessions: Sessions, clock: Clock
) -> None:
    tokens = []
    for _ in range(SESSIONS_OF_AN_ACCOUNT + 3):
        tokens.append(sessions.begin(ADA))
        clock.now += 1
    assert [token for token in tokens if sessions.find(token)] == tokens[3:]
