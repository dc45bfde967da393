"""`/hooks/mail/{token}`: who may report, in which form, and what becomes of spoilt and hostile bodies."""

from __future__ import annotations

import time
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select

from app.config import Settings
from app.errors import SettingsError
from app.kit import clock
from app.kit.mail_reports import UnreadableReport, read
from app.models import AddressRow, Message, Suppression
from tests import journeys, reports
from tests.reports import PATH, block, bounce, complaint

ANA, BEA, STRANGER = "ana@example.com", "bea@example.com", "stranger@example.net"


@pytest.fixture
def hook(env):
    return reports.browser(env)


@pytest.fixture
def about(client, env):
    journeys.subscribe(client, env, ANA)
    return reports.message_id(env, ANA, "confirm")


def count(env, table=Suppression):
    with env.database.transaction() as session:
        return session.scalar(select(func.count()).select_from(table))


def problem(answer):
    assert answer.mimetype == "application/problem+json"
    assert answer.json["status"] == answer.status_code
    return answer.status_code, answer.json["code"]


@pytest.mark.parametrize("method", ["POST", "GET", "PUT", "DELETE", "OPTIONS", "HEAD", "BREW"])
def test_without_the_token_there_is_nothing(hook, client, method):
    """A client whose settings name no token is told the same as one that has another."""
    for asked, path in ((hook, f"{PATH}x"), (hook, "/hooks/mail/%C3%A9%00"), (client, PATH)):
        answer = asked.open(path, method=method, data=b"From: a@example.com\n\n", content_type="message/rfc822")
        assert answer.status_code == 404
        if method != "HEAD":
            assert problem(answer) == (404, "not_found")


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "OPTIONS"])
def test_reports_come_by_post(hook, method):
    assert problem(hook.open(PATH, method=method)) == (405, "method_not_allowed")


def test_a_token_has_to_be_long(monkeypatch, tmp_path):
    environ = {"PARLEY_INSTANCE": str(tmp_path), "PARLEY_MAIL_HOOK_TOKEN": "x" * 31}
    with pytest.raises(SettingsError, match="PARLEY_MAIL_HOOK_TOKEN has fewer than 32 bytes"):
        Settings.load(environ)
    assert Settings.load({**environ, "PARLEY_MAIL_HOOK_TOKEN": "x" * 32}).mail_hook_token == "x" * 32


def test_the_token_is_in_no_log(hook, about, capfd):
    reports.send(hook, bounce(block(ANA), about=about))
    reports.send(hook, b"")
    logged = "".join(capfd.readouterr())
    assert "/hooks/mail/<token>" in logged
    assert reports.TOKEN not in logged
    assert ANA not in logged


@pytest.mark.parametrize("media_type", ["multipart/form-data", "application/x-www-form-urlencoded", "text/html", ""])
def test_other_media_types_are_refused(hook, media_type):
    assert problem(reports.send(hook, b"a=1", media_type)) == (415, "unsupported_media_type")


@pytest.mark.parametrize("media_type", ["message/rfc822", "application/json"])
def test_more_than_a_mebibyte_is_refused(hook, media_type):
    assert problem(reports.send(hook, b"x" * 2 * 1024 * 1024, media_type)) == (413, "body_too_large")


def test_a_bounce_that_carries_a_long_mail_is_read(hook, env, about):
    long = bounce(block(ANA), about=about, headers="X-Long: " + "\n ".join(["x" * 70] * 13_000))
    assert 900_000 < len(long) < 1024 * 1024
    assert reports.outcome(hook, long) == "suppressed"


SPOILT = {
    "nothing": (b"", "unreadable_mail"),
    "no header": (b"just some words\n", "unreadable_mail"),
    "no recipient": (bounce("Action: failed\nStatus: 5.1.1"), "incomplete_report"),
    "no part for programs": (
        b"Content-Type: multipart/report; report-type=delivery-status; boundary=b\n\n--b\n\nHello\n--b--\n",
        "incomplete_report",
    ),
    "no kind of feedback": (complaint().replace(b"Feedback-Type: abuse\n", b""), "incomplete_report"),
    "a thousand recipients and one": (bounce(*[block(f"a{n}@example.com") for n in range(1001)]), "too_complex"),
    "parts within parts": (
        b"".join(b"Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n" % (n, n) for n in range(5_000)),
        "too_complex",
    ),
    "mails within mails": (b"Content-Type: message/rfc822\n\n" * 5_000, "unreadable_mail"),
    "blocks without end": (bounce(block(ANA), *["X: y"] * 30_000), "too_complex"),
}


@pytest.mark.parametrize("what", SPOILT)
def test_what_is_no_report_is_refused(hook, env, what):
    raw, code = SPOILT[what]
    started = time.monotonic()
    assert problem(reports.send(hook, raw)) == (400, code)
    assert time.monotonic() - started < 5
    assert count(env) == 0


def test_a_hundred_recipients_stop_but_the_one_the_mail_was_sent_to(hook, env, about):
    told = bounce(*[block(f"person-{n}@example.com") for n in range(100)], about=about)
    assert reports.outcome(hook, told) == "suppressed"
    assert count(env) == 1


HOSTILE = [
    bounce(block(ANA + "\x00")),
    bounce(block("ana@example.com\r\nX-Injected: yes")),
    bounce(block("=?utf-8?q?=00ana?=@example.com", "failed\x00", "5.1.1\x00")),
    bounce(block("\udcff\udcfe@example.com".encode("utf-8", "surrogateescape").decode("latin-1"))),
    bounce(block(ANA)).replace(b"mx.example.net", b"\xff\xfe<script>\x00"),
    bounce(block(ANA)).replace(b"charset=utf-8", b"charset=\xff\x00klingon"),
    bounce(block(ANA)).replace(b"message/delivery-status", b"message/delivery-status; charset=utf-99"),
    bounce(block(ANA), more="Content-Transfer-Encoding: base64"),
    bounce(block(ANA), more="Date: Mon, 99 Foo 99999 99:99:99 +9999"),
    bounce(block(ANA), about="<" + "a" * 2_000 + "@example.com>"),
    bounce(block(ANA), headers="List-Unsubscribe: <http://[::1/camille/unsubscribe/x>"),
    bounce(block(ANA), headers="List-Unsubscribe: <http://x/camille/unsubscribe/\x00\xe9>"),
    complaint("abuse\x00\r\nX: y", recipient="<>"),
    complaint(fields="Arrival-Date: yesterday\nReceived-Date: \x00"),
]


@pytest.mark.parametrize("number", range(len(HOSTILE)))
def test_hostile_reports_are_answered_and_change_nothing(hook, env, number):
    assert reports.send(hook, HOSTILE[number]).status_code in {200, 400}
    assert count(env) == 0


@pytest.mark.parametrize("spoil", [b"\x00", b"\xff\xfe", b"\r\nX-Injected: yes\r\n"])
def test_what_a_report_says_is_stored_clean(hook, env, about, spoil):
    told = bounce(block(ANA), about=about).replace(b"dns; mx", b"dns; " + spoil + b"mx")
    assert reports.outcome(hook, told) == "suppressed"
    with env.database.transaction() as session:
        evidence = session.scalars(select(Suppression.provenance)).one()["evidence"]
    assert set(evidence) <= {"status", "reporter"}
    assert evidence.get("reporter") in {None, "mx.example.net"}


PIECES = st.sampled_from([
    *bounce(block(ANA), about=reports.UNKNOWN_ID).split(b"\n"), *complaint(about=reports.UNKNOWN_ID).split(b"\n"),
    b"", b"\x00", b"\xff", b"Content-Type: multipart/report; boundary=", b"Content-Transfer-Encoding: base64",
    b"Content-Type: message/global-delivery-status", b"Content-Type: message/rfc822", b"=?utf-8?b?AA==?=: x",
])  # fmt: skip


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=2_000) | st.lists(PIECES, max_size=60).map(b"\n".join))
def test_whatever_bytes_come_they_are_read_or_refused(raw):
    try:
        report = read(raw)
    except UnreadableReport:
        return
    told = [report.feedback, report.reporter, report.status, *report.message_ids, *report.links]
    assert all("\x00" not in each and "\n" not in each for each in told)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.tuples(st.integers(0, 1_500), st.binary(max_size=8)), min_size=1, max_size=8),
    st.sampled_from(["message/rfc822", "application/json", "text/plain; charset=\x7f"]),
)
def test_no_bytes_make_a_fault(hook, about, spoils, media_type):
    raw = bytearray(bounce(block(ANA), about=about))
    for place, what in spoils:
        raw[place : place + len(what)] = what
    assert reports.send(hook, bytes(raw), media_type).status_code < 500


# What a mail provider tells


def test_a_provider_is_believed_without_a_mail_of_ours(hook, env):
    journeys_of = {"type": "hard_bounce", "email": STRANGER, "diagnostic": f"550 5.1.1 <{STRANGER}> unknown"}
    answer = reports.tell(hook, journeys_of, {"type": "soft_bounce", "email": BEA}, {"type": "complaint", "email": BEA})
    assert answer.json == {"results": [{"index": 0, "outcome": "suppressed"}, {"index": 1, "outcome": "nothing"},
                                       {"index": 2, "outcome": "suppressed"}]}  # fmt: skip
    assert journeys.decision(env, STRANGER) == "suppressed"
    with env.database.transaction() as session:
        assert set(session.scalars(select(AddressRow.sealed))) == {None}, "an address that was never met stays unread"
        assert STRANGER not in str(session.scalars(select(Suppression.provenance)).all())
        assert session.scalars(select(Suppression.provenance["evidence"])).first() == {"status": "5.1.1"}


def test_a_provider_that_names_the_mail_stops_whom_it_was_sent_to(hook, env, about):
    event = {"type": "complaint", "email": BEA, "message_id": about.strip("<>")}
    assert reports.tell(hook, event).json["results"][0]["outcome"] == "suppressed"
    with env.database.transaction() as session:
        row = session.scalars(select(Suppression)).one()
        assert (row.address_digest, row.brand) == (journeys.digest(env, ANA), "camille")
        assert session.scalars(select(Message.state_reason).where(Message.message_id == about)).one() == "complained"


def test_the_same_event_twice_is_one_and_an_old_one_undoes_no_lifting(hook, client, env, about):
    event = {"type": "complaint", "email": ANA, "occurred_at": clock.now().isoformat()}
    answer = reports.tell(hook, event, event)
    assert [each["outcome"] for each in answer.json["results"]] == ["suppressed", "already"]
    journeys.press(client, lift="1")
    assert reports.tell(hook, event).json["results"][0]["outcome"] == "lifted_since"
    again = {**event, "occurred_at": (clock.now() + timedelta(seconds=1)).isoformat()}
    time.sleep(1.1)
    assert reports.tell(hook, again).json["results"][0]["outcome"] == "suppressed"
    assert count(env) == 2


def test_what_lapsed_before_it_was_told_changes_nothing(hook, env):
    event = {"type": "hard_bounce", "email": BEA, "occurred_at": (clock.now() - timedelta(days=90)).isoformat()}
    assert reports.tell(hook, event).json["results"][0]["outcome"] == "lapsed"
    assert count(env) == 0


GOOD = {"type": "hard_bounce", "email": BEA}


@pytest.mark.parametrize(
    ("event", "pointer"),
    [
        ({"type": "bounce", "email": BEA}, "/events/1/type"),
        ({"type": "complaint"}, "/events/1/email"),
        ({"type": "complaint", "email": "ana"}, "/events/1/email"),
        ({"type": "complaint", "email": "a\x00@example.com"}, "/events/1/email"),
        ({"type": "complaint", "email": ["ana@example.com"]}, "/events/1/email"),
        ({**GOOD, "more": 1}, "/events/1/more"),
        ({**GOOD, "occurred_at": "2026-11-27T10:00:00"}, "/events/1/occurred_at"),
        ({**GOOD, "occurred_at": "2999-01-01T00:00:00Z"}, "/events/1/occurred_at"),
        ({**GOOD, "diagnostic": "x" * 4_001}, "/events/1/diagnostic"),
        ("complaint", "/events/1"),
    ],
)
def test_a_mistake_refuses_all_and_names_its_place(hook, env, event, pointer):
    answer = reports.tell(hook, GOOD, event)
    assert problem(answer) == (422, "validation_error")
    assert [each["pointer"] for each in answer.json["errors"]] == [pointer]
    assert (count(env), count(env, AddressRow)) == (0, 0)
    assert "ana@" not in answer.text


@pytest.mark.parametrize("body", [b"", b"{", b"\xff", b'{"events": "\xed\xa0\x80"}', b"[" * 100_000])
def test_what_is_no_json_is_refused(hook, body):
    assert problem(reports.send(hook, body, "application/json")) == (400, "malformed_json")


@pytest.mark.parametrize("body", [b"[]", b"null", b'{"events": []}', b'{"events": [], "more": 1}', b"{}"])
def test_json_of_another_shape_is_refused(hook, body):
    assert problem(reports.send(hook, body, "application/json")) == (422, "validation_error")


def test_a_thousand_events_are_taken_and_one_more_is_not(hook, env):
    events = [{"type": "soft_bounce", "email": f"p{n}@example.com"} for n in range(1_001)]
    assert len(reports.tell(hook, *events[:1_000]).json["results"]) == 1_000
    assert problem(reports.tell(hook, *events)) == (422, "validation_error")
