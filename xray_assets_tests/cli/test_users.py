"""`xray user`: a person's account from the first password to its removal; and accounts of earlier
releases.
"""

import hashlib
import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from xray_assets.backup.stores import LAST, files_of
from xray_assets.cli import app
from xray_assets.commands.operations.migrate import bring_up_to_date
from xray_assets.settings import Settings
from xray_assets.web.accounts import Accounts
from xray_assets.web.accounts_file import stored_accounts
from xray_assets.web.sign_in.passwords import Passwords
from xray_assets.web.sign_in.sessions import Sessions

PASSWORD = "correct horse battery"


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.setenv("XRAY_STATE", str(tmp_path))
    monkeypatch.setattr("getpass.getuser", lambda: "root")
    return Settings()


def said(*arguments: str, typed: str = "") -> Result:
    return CliRunner().invoke(app, ["user", *arguments], input=typed)


def rows(*arguments: str) -> list[dict[str, str]]:
    return json.loads(said(*arguments, "--json").stdout)


def test_a_person_gets_an_account_a_password_and_a_token_and_loses_them(
    settings: Settings,
) -> None:
    typed = f"{PASSWORD}\n{PASSWORD}\n"
    added = said("add", "Dr. Smith", "--role", "reader", typed=typed)
    assert added.exit_code == 0, added.output
    assert PASSWORD not in added.output
    file = settings.state / "password"
    file.write_text("another long password\n")
    (made,) = stored_accounts(settings)
    assert Passwords().is_right(made, PASSWORD)
    assert said("password", "dr. smith", "--password-file", str(file)).exit_code == 0
    token = said("token", "dr. smith").stdout.strip()
    assert Accounts(settings).of_token(token).name == "dr. smith"
    (made,) = stored_accounts(settings)
    assert [Passwords().is_right(made, one) for one in (PASSWORD, "another long password")] == [
        False,
        True,
    ]
    assert rows("list") == [
        {"name": "dr. smith", "role": "reader", "site": "", "password": "yes", "token": "yes"}
    ]
    assert said("remove", "Dr. Smith").exit_code == 0
    assert stored_accounts(settings) == []
    record = rows("record")
    assert [(row["event"], row["account"], row["by"]) for row in reversed(record)] == [
        (event, "dr. smith", "root (unauthenticated)")
        for event in ("account_added", "password_set", "token_made", "account_removed")
    ]


@pytest.mark.parametrize(
    ("arguments", "typed", "why"),
    [
        (("--role", "client"), "", "viewer, reader"),
        (("--role", "reader", "--password-file", "-"), "short\n", "12 to 1000"),
        (("--role", "reader", "--password-file", "-"), "", "12 to 1000"),
        (("--role", "reader", "--no-password", "--site", "west"), "", "XRAY_SITES"),
    ],
)
def test_what_can_be_no_person_is_refused_and_makes_no_account(
    settings: Settings, arguments: tuple[str, ...], typed: str, why: str
) -> None:
    refused = said("add", "ada", *arguments, typed=typed)
    assert refused.exit_code == 1
    assert why in refused.output + str(refused.exception)
    assert stored_accounts(settings) == []


def test_a_backup_holds_the_record_and_nobodys_session(settings: Settings) -> None:
    said("add", "ada", "--role", "viewer", "--no-password")
    Sessions(settings.room_folder / "sessions.sqlite").begin(stored_accounts(settings)[0])
    kept = {file.name for store in LAST for file in files_of(settings.state, store)}
    assert {"accounts.json", "people.sqlite"} <= kept
    assert "sessions.sqlite" not in kept


def test_migrate_takes_the_accounts_over_and_says_so_once(settings: Settings) -> None:
    digest = hashlib.sha256(b"secret").hexdigest()
    file = settings.state / "accounts.json"
    file.write_text(json.dumps([{"name": "dr7", "role": "adjudicator", "token_sha256": digest}]))
    file.chmod(0o600)
    told: list[str] = []
    assert bring_up_to_date(settings, told.append)
    assert not bring_up_to_date(settings, told.append)
    assert told == [f"Migrated: {file}; every token stays valid"]
    assert Accounts(settings).of_token("secret").name == "dr7"
