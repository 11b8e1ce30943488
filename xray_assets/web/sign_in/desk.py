"""The desk where people sign in: from a name and a password to a session, on the record."""

from argon2 import PasswordHasher

from xray_assets.settings import Settings
from xray_assets.web.account_changes import set_password
from xray_assets.web.accounts import Accounts
from xray_assets.web.refusals import Unauthenticated
from xray_assets.web.roles import Account, NameRefused, normalised
from xray_assets.web.sign_in.attempts import Attempts
from xray_assets.web.sign_in.passwords import Passwords
from xray_assets.web.sign_in.record import Event, PeopleRecord
from xray_assets.web.sign_in.sessions import Sessions


class Desk:
    """Accounts, sessions and record of one room. Safe for threads."""

    def __init__(self, settings: Settings, hasher: PasswordHasher | None = None) -> None:
        """`hasher`: a cheaper one for tests."""
        self._settings = settings
        self.accounts = Accounts(settings)
        self.sessions = Sessions(settings.room_folder / "sessions.sqlite")
        self._attempts, self._passwords = Attempts(), Passwords(hasher)
        self._record = PeopleRecord(settings)

    def signed_in(self, token: str) -> Account | None:
        """The account of a session; None once it has ended. Raises Unavailable."""
        session = self.sessions.find(token)
        if session is None:
            return None
        account = self.accounts.person(session.account)
        return account if account and session.is_of(account) else None

    def sign_in(self, name: str, password: str, peer: str, *, before: str = "") -> str:
        """The token of a new session; the one that this browser had `before` ends. Raises
        Unauthenticated, which does not say what was wrong, TooManyRequests, and Unavailable where
        the accounts cannot be read.
        """
        try:
            spelled = normalised(name)
        except NameRefused:
            spelled = ""
        account = self._checked(spelled, password, peer)
        self.sessions.end(before)
        token = self.sessions.begin(account)
        self._record.add(Event.SIGNED_IN, account=account.name, by=account.name, peer=peer)
        return token

    def sign_out(self, token: str, account: Account, peer: str) -> None:
        """End a session."""
        self.sessions.end(token)
        self._record.add(Event.SIGNED_OUT, account=account.name, by=account.name, peer=peer)

    def change_password(self, account: Account, present: str, wanted: str, peer: str) -> str:
        """Set a person's own password: all sessions end, and the token of a new one is returned.

        Raises as `sign_in`, and PasswordRefused.
        """
        self._checked(account.name, present, peer)
        hashed = self._passwords.hashed(wanted)
        set_password(self._settings, account.name, hashed, by=account.name)
        return self.sessions.begin(self.accounts.person(account.name) or account)

    def forwarded(self, name: str) -> Account:
        """The account that a proxy names. Raises Unauthenticated where nobody has this name."""
        try:
            account = self.accounts.person(name)
        except NameRefused:
            account = None
        if account is None:
            raise Unauthenticated(
                "you are signed in, and have no account here: ask for one (`xray user add`)"
            )
        return account

    def close(self) -> None:
        """Give the files back."""
        self.sessions.close()

    def _checked(self, name: str, password: str, peer: str) -> Account:
        """The account whose password this is."""
        self._attempts.begin(name, peer)
        account = self.accounts.person(name) if name else None
        if not self._passwords.is_right(account, password) or account is None:
            known = account.name if account else None
            self._record.add(Event.FAILED, account=known, by="unknown", peer=peer)
            raise Unauthenticated("the name or the password is wrong")
        self._attempts.succeeded(name, peer)
        return account
