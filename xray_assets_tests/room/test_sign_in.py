"""Signing in and out, and what is refused: sessions that somebody else made, forms of others, old
passwords, other hosts' paths, a proxy that nobody named.
"""

import random
import re
import sqlite3
from collections import Counter
from pathlib import Path

import pytest
from fastapi import FastAPI
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.web.login import fuzzed
from xray_assets.room import account_pages
from xray_assets.room.forms import form_of
from xray_assets.room.sign_in import own_path
from xray_assets.settings import Settings
from xray_assets.web.account_changes import add, revoke_account
from xray_assets.web.refusals import BadRequest, Unauthenticated
from xray_assets.web.sign_in.forwarded import ForwardedIdentity
from xray_assets.web.sign_in.record import PeopleRecord
from xray_assets_tests.room.visitor import PASSWORD, Visitor, csrf_in, room_with

COOKIE = "xray_room_8700"
OTHER = "another long password"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(state=tmp_path)


@pytest.fixture
def room(settings: Settings) -> FastAPI:
    return room_with(settings, ada="engineer", ines="reader")


@pytest.fixture
def ada(room: FastAPI) -> Visitor:
    visitor = Visitor(room)
    assert visitor.sign_in("Ada").status_code == 303
    return visitor


def sessions(settings: Settings) -> list[tuple[str]]:
    with sqlite3.connect(settings.room_folder / "sessions.sqlite") as db:
        return db.execute("SELECT account FROM sessions").fetchall()


def test_without_a_session_every_page_leads_to_the_sign_in_and_back(room: FastAPI) -> None:
    visitor = Visitor(room)
    answer = visitor.get("/account?x=1")
    assert (answer.status_code, answer.headers["location"]) == (
        303,
        "/login?next=%2Faccount%3Fx%3D1",
    )
    page = visitor.get(answer.headers["location"])
    assert page.status_code == 200
    assert "session has ended" not in page.text
    back = visitor.sign_in("ada", next="/account?x=1")
    assert back.headers["location"] == "/account?x=1"
    assert visitor.get("/account").status_code == 200


def test_a_script_without_a_session_gets_401_and_no_page(room: FastAPI) -> None:
    answer = Visitor(room, headers={}).get("/account")
    assert (answer.status_code, answer.json()["error_code"]) == (401, "UNAUTHENTICATED")


def test_a_wrong_password_an_unknown_name_and_one_without_password_look_alike(
    room: FastAPI, settings: Settings
) -> None:
    add(settings, "sso", "viewer")
    said = set()
    for name in ("ada", "nobody", "operator", "sso", ""):
        answer = Visitor(room).sign_in(name, "not the password")
        assert answer.status_code == 401
        said |= set(re.findall(r'role="alert">([^<]+)<', answer.text))
    assert said == {"The name or the password is wrong."}
    assert sessions(settings) == []


def test_a_session_that_was_there_before_the_sign_in_is_nobodys(
    room: FastAPI, settings: Settings
) -> None:
    victim, attacker = Visitor(room), Visitor(room)
    for planted in ("chosen-by-the-attacker", "visitor-chosen"):
        victim.cookies.clear()
        victim.cookies.set(COOKIE, planted, domain="127.0.0.1", path="/")
        csrf = csrf_in(victim.get("/login"))
        form = {"name": "ada", "password": PASSWORD, "csrf": csrf}
        assert victim.send("POST", "/login", data=form).status_code == 303
        attacker.cookies.set(COOKIE, planted, domain="127.0.0.1", path="/")
        assert attacker.get("/account").status_code == 303
    assert [name for (name,) in sessions(settings)] == ["ada", "ada"]


def test_signing_out_ends_the_session_for_whoever_kept_the_cookie(ada: Visitor) -> None:
    thief = Visitor(ada.room)
    thief.cookies.update(ada.cookies)
    assert thief.get("/account").status_code == 200
    assert ada.post("/logout", {}, of="/account").headers["location"] == "/login"
    answer = thief.get("/account")
    assert answer.headers["location"] == "/login?next=%2Faccount&ended=1"
    assert "Your session has ended" in thief.get(answer.headers["location"]).text


def test_a_form_without_the_sessions_own_token_changes_nothing(ada: Visitor, room: FastAPI) -> None:
    ines, before = Visitor(room), csrf_in(Visitor(room).get("/login"))
    ines.sign_in("ines")
    for csrf in ("", before, csrf_in(ines.get("/account")), "ü\x00", "0" * 64):
        for answer in (
            ada.send("POST", "/logout", data={"csrf": csrf}),
            ada.send("POST", "/logout", headers={"x-csrf-token": csrf.encode()}),
        ):
            assert answer.status_code == 403
            assert "out of date" in answer.text
    assert ada.get("/account").status_code == 200


def test_signing_in_as_somebody_else_ends_the_session_before(ada: Visitor) -> None:
    kept = Visitor(ada.room)
    kept.cookies.update(ada.cookies)
    form = {"name": "ines", "password": PASSWORD}
    assert ada.post("/login", form, of="/account").status_code == 303
    assert "ines" in ada.get("/account").text
    assert kept.get("/account").status_code == 303


def test_a_token_of_before_signing_in_again_is_stale(ada: Visitor) -> None:
    stale = csrf_in(ada.get("/account"))
    ada.post("/logout", {}, of="/account")
    ada.sign_in("ada")
    assert ada.send("POST", "/logout", data={"csrf": stale}).status_code == 403
    token = {"x-csrf-token": csrf_in(ada.get("/account"))}
    assert ada.send("POST", "/logout", headers=token).status_code == 303


def test_another_password_ends_every_other_session(ada: Visitor, room: FastAPI) -> None:
    elsewhere = Visitor(room)
    elsewhere.sign_in("ada")
    for form, wrong in (
        ({"present": "wrong wrong wrong", "wanted": OTHER, "again": OTHER}, "present password"),
        ({"present": PASSWORD, "wanted": OTHER, "again": "x"}, "differ"),
        ({"present": PASSWORD, "wanted": "short", "again": "short"}, "12 to 1000"),
    ):
        answer = ada.post("/account/password", form, of="/account")
        assert answer.status_code == 400
        assert wrong in answer.text
    form = {"present": PASSWORD, "wanted": OTHER, "again": OTHER}
    answer = ada.post("/account/password", form, of="/account")
    assert "is changed" in ada.get(answer.headers["location"]).text
    assert elsewhere.get("/account").status_code == 303
    assert elsewhere.sign_in("ada").status_code == 401
    assert elsewhere.sign_in("ada", OTHER).status_code == 303


def test_a_removed_person_is_signed_out_also_when_the_name_is_given_again(
    ada: Visitor, settings: Settings
) -> None:
    revoke_account(settings, "ada")
    assert ada.get("/account").status_code == 303
    add(settings, "ada", "approver")
    assert ada.get("/account").status_code == 303


def test_while_the_accounts_cannot_be_read_nobody_is_let_in(
    ada: Visitor, settings: Settings
) -> None:
    (settings.state / "accounts.json").write_text("[")
    assert ada.get("/account").status_code == 503
    assert Visitor(ada.room).sign_in("ada").status_code == 503


def test_what_people_do_is_on_the_record_and_stays_there(ada: Visitor, settings: Settings) -> None:
    visitor = Visitor(ada.room, peer="10.0.0.9")
    visitor.sign_in("a password typed as a name", "x")
    visitor.sign_in("ada", "wrong")
    ada.post("/logout", {}, of="/account")
    record = PeopleRecord(settings)
    assert [(row.event, row.account, row.by, row.peer) for row in record.rows(4)] == [
        ("signed_out", "ada", "ada", "127.0.0.1"),
        ("sign_in_failed", "ada", "unknown", "10.0.0.9"),
        ("sign_in_failed", None, "unknown", "10.0.0.9"),
        ("signed_in", "ada", "ada", "127.0.0.1"),
    ]
    for change in ("UPDATE record SET by = 'x'", "DELETE FROM record"):
        with (
            sqlite3.connect(settings.room_folder / "people.sqlite") as db,
            pytest.raises(sqlite3.IntegrityError, match="only added to"),
        ):
            db.execute(change)


def test_failures_cannot_fill_the_disk(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    from xray_assets.web.sign_in import record

    monkeypatch.setattr(record, "FAILURES_A_DAY", 3)
    kept = PeopleRecord(settings)
    for _ in range(5):
        kept.add(record.Event.FAILED, account=None, by="unknown")
    kept.add(record.Event.SIGNED_IN, account="ada", by="ada")
    assert [row.event for row in kept.rows()] == ["signed_in", *["sign_in_failed"] * 3]


def test_the_files_are_private_and_hold_no_token(ada: Visitor, settings: Settings) -> None:
    token = ada.cookies[COOKIE].encode()
    for file in settings.room_folder.iterdir():
        assert file.stat().st_mode & 0o077 == 0, file
        assert token not in file.read_bytes()
    assert PASSWORD not in (settings.state / "accounts.json").read_text()


def test_with_https_the_cookie_is_this_hosts_alone(tmp_path: Path) -> None:
    visitor = Visitor(room_with(Settings(state=tmp_path, room_https=True), ada="engineer"))
    page = visitor.get("/login")
    (cookie,) = page.headers.get_list("set-cookie")
    assert cookie.startswith("__Host-xray_room_8700=")
    assert cookie.endswith("; Path=/; HttpOnly; SameSite=Lax; Secure")
    assert "max-age" in page.headers["strict-transport-security"]


PROXY = {"x-forwarded-email": "ada"}


def test_a_named_proxys_word_is_enough_and_anybody_elses_is_nothing(tmp_path: Path) -> None:
    settings = Settings(
        state=tmp_path, forwarded_identity="X-Forwarded-Email", trusted_peers="10.1.0.0/16"
    )
    room = room_with(settings, ada="engineer")
    by_proxy = Visitor(room, peer="10.1.2.3")
    assert by_proxy.get("/account", headers=PROXY).status_code == 200
    page = by_proxy.get("/account", headers=PROXY)
    assert "Sign out" not in page.text
    form = {"csrf": csrf_in(page)}
    assert by_proxy.send("POST", "/logout", data=form, headers=PROXY).status_code == 303
    assert by_proxy.send("POST", "/logout", data={}, headers=PROXY).status_code == 403
    for headers in ({}, {"x-forwarded-email": "eve"}, {"x-forwarded-email": " "}):
        assert by_proxy.get("/account", headers=headers).status_code == 401
    with pytest.raises(Unauthenticated):
        ForwardedIdentity(settings).name([(b"x-forwarded-email", b"ada")] * 2)
    for peer in ("127.0.0.1", "10.2.0.1", "not an address", "::1"):
        assert Visitor(room, peer=peer).get("/account", headers=PROXY).status_code == 303


def test_without_the_setting_no_header_says_who_calls(room: FastAPI) -> None:
    for header in ("X-Forwarded-Email", "X-Forwarded-Preferred-Username", "X-Forwarded-User"):
        assert Visitor(room).get("/account", headers={header: "ada"}).status_code == 303


def test_a_header_that_anybody_could_send_is_refused_as_a_setting(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="XRAY_TRUSTED_PEERS"):
        Settings(state=tmp_path, forwarded_identity="X-Forwarded-Email")
    with pytest.raises(ValueError, match="does not appear to be"):
        Settings(state=tmp_path, trusted_peers="proxy.lan")


def test_errors_are_pages_of_ours_and_say_nothing_of_what_broke(
    ada: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_: object) -> list[object]:
        raise RuntimeError("a secret")

    assert "Nothing here" in ada.get("/nothing").text
    monkeypatch.setattr(account_pages, "links_for", broken)
    answer = ada.get("/")
    assert (answer.status_code, "secret" in answer.text) == (500, False)
    assert "Something broke" in answer.text
    assert "Not for clinical use" in answer.text
    assert answer.headers["content-security-policy"].startswith("default-src 'self';")


def test_every_answer_forbids_what_a_page_does_not_need(room: FastAPI) -> None:
    visitor = Visitor(room)
    for path in ("/login", "/account", "/nothing", "/health", "/static/room.css", "/static/none"):
        headers = visitor.get(path).headers
        assert "script-src" not in headers["content-security-policy"]
        assert "frame-ancestors 'none'" in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff"
        kept = "no-cache" if path.startswith("/static/") else "no-store"
        assert headers["cache-control"] == kept
    page = visitor.get("/login").text
    assert not re.search(r"<style|<script(?! src)|\son\w+=|\sstyle=|https?://", page)


@given(st.text() | st.from_regex(r"[/\\]{1,3}[a-z.:@]*[/?#\\]?[a-z]*"))
def test_after_signing_in_nobody_is_led_to_another_host(wanted: str) -> None:
    from urllib.parse import urljoin, urlsplit

    found = own_path(wanted)
    for read_as in (found, found.replace("\\", "/")):
        assert urlsplit(urljoin("https://room.example/login", read_as)).netloc == "room.example"


@pytest.mark.parametrize(
    "wanted",
    ["//evil.example", "/\\evil.example", "\\\\evil.example", "https://evil.example", "/\t/evil",
     "javascript:alert(1)", "/%0d\n", "", " /", "///evil.example", "/" + "a" * 3000],
)  # fmt: skip
def test_open_redirects_are_refused(room: FastAPI, wanted: str) -> None:
    assert own_path(wanted) == "/"
    assert Visitor(room).sign_in("ada", next=wanted).headers["location"] == "/"


@given(st.binary(max_size=200))
def test_no_body_breaks_the_reading_of_forms(body: bytes) -> None:
    fields = form_of("application/x-www-form-urlencoded; charset=utf-8", body)
    assert all(isinstance(value, str) for value in fields.values())
    assert form_of("multipart/form-data", body) == {}


def test_wrong_passwords_and_broken_forms_make_no_session_and_break_nothing(
    room: FastAPI, settings: Settings
) -> None:
    rng, statuses = random.Random(0), Counter[int]()
    for attempt in range(30):
        visitor = Visitor(room, peer=f"10.0.{attempt % 3}.1")
        token = csrf_in(visitor.get("/login"))
        statuses[
            visitor.sign_in(("ada", "ines", "eve")[attempt % 3], f"no {attempt}").status_code
        ] += 1
        for _ in range(10):
            method, path, options = fuzzed(rng, token)
            statuses[visitor.send(method, path, **options).status_code] += 1
    assert sessions(settings) == []
    assert {401, 403, 429} <= set(statuses)
    assert max(statuses) < 500


def test_a_form_that_is_too_large_is_refused(ada: Visitor) -> None:
    for body in (b"a=" + b"x" * 70_000, b"a=1&" * 300):
        with pytest.raises(BadRequest, match="at most"):
            form_of("application/x-www-form-urlencoded", body)
    assert ada.send("POST", "/logout", data={"csrf": "x" * 70_000}).status_code == 400
