"""Named accounts: one place from a token to who calls."""

import hashlib
import json
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xray_assets.settings import PROJECT, Settings
from xray_assets.web.account_changes import add_account, new_token, revoke_account
from xray_assets.web.accounts import Accounts
from xray_assets.web.accounts_file import (
    AccountsError,
    accounts_file,
    client_tokens,
    operator_token,
    room_token,
    stored_accounts,
    take_over,
)
from xray_assets.web.refusals import PermissionDenied, Unauthenticated, Unavailable
from xray_assets.web.roles import ALLOWED, Account, Act, Role, normalised

SECRET = hashlib.sha256(b"secret").hexdigest()


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(state=tmp_path, sites=("nord",))


def test_a_token_leads_to_its_account_also_one_added_later(settings: Settings) -> None:
    accounts = Accounts(settings)
    token = add_account(settings, " Site  Nord ", "trial", site="nord")
    account = accounts.account(b"Bearer " + token.encode())
    assert (account.name, account.role, account.site) == ("site nord", Role.TRIAL, "nord")
    assert accounts.of_token(token) == accounts.account(f"bearer {token}") == account
    assert accounts.person("SITE NORD") == account


def test_the_states_own_tokens_are_accounts(settings: Settings) -> None:
    accounts = Accounts(settings)
    assert accounts.of_token(operator_token(settings)).role is Role.OPERATOR
    assert accounts.of_token(room_token(settings)).role is Role.TRIAL
    (client,) = client_tokens(settings)
    assert accounts.of_token(client).name == "client"
    several = Accounts(Settings(state=settings.state, client_tokens="a, b"))
    assert [several.of_token(token).name for token in "ab"] == ["client", "client-2"]


@pytest.mark.parametrize("header", [None, b"", b"Basic x", b"Bearer", b"Bearer ", b"Bearer x"])
def test_without_a_known_token_there_is_no_account(
    settings: Settings, header: bytes | None
) -> None:
    with pytest.raises(Unauthenticated):
        Accounts(settings).account(header)


def test_a_revoked_token_is_refused_without_a_restart(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = add_account(settings, "dr7", "reader")
    accounts = Accounts(settings)
    accounts.of_token(token)
    revoke_account(settings, "DR7")
    monkeypatch.setattr("time.monotonic", lambda: float("inf"))  # the second that it may take
    with pytest.raises(Unauthenticated):
        accounts.of_token(token)


def test_a_file_that_cannot_be_read_lets_nobody_in_but_the_states_own(settings: Settings) -> None:
    token = add_account(settings, "dr7", "reader")
    accounts = Accounts(settings)
    for damage in (
        lambda path: path.chmod(0o644),
        lambda path: (path.chmod(0o600), path.write_text("[")),
        lambda path: path.write_text(json.dumps([{"name": "x"}])),
    ):
        damage(accounts_file(settings))
        with pytest.raises(OSError, match=r"chmod 600|xray user add"):
            Accounts(settings)
        with pytest.raises(Unavailable):
            accounts.person("dr7")
        with pytest.raises(Unavailable):
            accounts.of_token("unknown")
        with pytest.raises(Unavailable):
            accounts.of_token(token)
        assert accounts.of_token(operator_token(settings)).role is Role.OPERATOR


def test_the_file_is_private_and_keeps_no_token(settings: Settings) -> None:
    token = add_account(settings, "dr7", "reader")
    file = accounts_file(settings)
    assert file.stat().st_mode & 0o777 == 0o600
    assert token not in file.read_text()
    assert [path.name for path in settings.state.iterdir() if path.name.startswith(".")] == []


@pytest.mark.parametrize("name", ["Dr7", "DR7 ", "operator", "Client", "client"])
def test_a_name_has_one_account_in_any_spelling(settings: Settings, name: str) -> None:
    add_account(settings, "dr7", "reader")
    with pytest.raises(AccountsError, match="xray user remove"):
        add_account(settings, name, "adjudicator")


def test_a_bad_name_role_or_revocation_says_so(settings: Settings) -> None:
    with pytest.raises(ValueError, match="printable"):
        add_account(settings, " ", "reader")
    with pytest.raises(AccountsError, match="boss"):
        add_account(settings, "x", "boss")
    with pytest.raises(AccountsError, match="XRAY_SITES"):
        add_account(settings, "x", "client", site="west")
    with pytest.raises(AccountsError, match="xray user list"):
        revoke_account(settings, "nobody")


def test_the_readers_of_the_first_release_go_on(settings: Settings) -> None:
    readers = settings.state / "readers.json"
    row = {"radiologist_id": "DR001", "reader_role": "adjudicator", "token_sha256": SECRET}
    readers.write_text(json.dumps([row]))
    readers.chmod(0o600)
    assert Accounts(settings).of_token("secret").role is Role.ADJUDICATOR
    assert take_over(settings)
    assert not readers.exists()
    add_account(settings, "new", "client")
    assert [one.name for one in stored_accounts(settings)] == ["dr001", "new"]
    assert Accounts(settings).of_token("secret").name == "dr001"


def test_accounts_of_the_second_release_go_on_and_are_taken_over_once(settings: Settings) -> None:
    file = accounts_file(settings)
    row = {"name": "dr001", "role": "reader", "token_sha256": SECRET, "site": None}
    file.write_text(json.dumps([row]))
    file.chmod(0o600)
    assert Accounts(settings).of_token("secret").name == "dr001"
    assert take_over(settings)
    assert not take_over(settings)
    assert json.loads(file.read_text())["version"] == 2
    assert Accounts(settings).of_token("secret").name == "dr001"


def test_a_file_of_a_newer_release_is_refused(settings: Settings) -> None:
    file = accounts_file(settings)
    file.write_text(json.dumps({"version": 3, "people": {}}))
    file.chmod(0o600)
    for read in (stored_accounts, take_over):
        with pytest.raises(AccountsError, match="newer release"):
            read(settings)


def test_a_new_token_takes_the_place_of_the_one_before(settings: Settings) -> None:
    before = add_account(settings, "dr7", "reader")
    after = new_token(settings, "DR7")
    accounts = Accounts(settings)
    assert accounts.of_token(after).name == "dr7"
    with pytest.raises(Unauthenticated):
        accounts.of_token(before)


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("act", Act)
def test_an_act_is_allowed_by_the_table_alone(role: Role, act: Act) -> None:
    account = Account("somebody", role)
    if role in ALLOWED[act]:
        account.demand(act)
    else:
        with pytest.raises(PermissionDenied, match="takes"):
            account.demand(act)


def test_the_documentation_shows_the_table_and_names_tests_that_exist() -> None:
    text = (PROJECT / "docs" / "security.md").read_text()
    for act, roles in ALLOWED.items():
        assert f"| {act} | {', '.join(role for role in Role if role in roles)} |" in text
    source = ""
    for file, name in re.findall(r"`(?:(\w+/test_\w+\.py)::)?(test_\w+)`", text):
        if file:
            source = (PROJECT / "xray_assets_tests" / file).read_text()
        assert f"def {name}(" in source


def test_no_role_both_reads_and_sees_what_a_model_says() -> None:
    seeing = (Act.LOOK_UP, Act.PREDICT, Act.DASHBOARD, Act.SEE_CASES, Act.TRY)
    assert not ALLOWED[Act.READ] & frozenset().union(*(ALLOWED[act] for act in seeing))


@given(st.text(max_size=30))
def test_a_normalised_name_is_its_own_normal_form_whatever_its_case(name: str) -> None:
    try:
        spelled = normalised(name)
    except ValueError:
        return
    assert normalised(spelled) == spelled
    assert normalised(f"  {name.swapcase()} ") == normalised(name.swapcase())
    assert normalised(name.casefold()) == spelled
