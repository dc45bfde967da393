"""Bounces and complaints as mails: what they say, what is believed of it, and what comes of it."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine
from sqlalchemy import func, select

from app.kit import clock
from app.models import Consent, ContactPoint, Message, Suppression
from app.services import returned, tokens
from app.services.tokens import LeaveTarget
from tests import journeys, reports
from tests.letters import outcome as delivery
from tests.post import mails_to, queue, sign_up
from tests.reports import block, bounce, complaint

ANA, BEA = "ana@example.com", "bea@example.com"


@pytest.fixture
def hook(env):
    return reports.browser(env)


@pytest.fixture
def about(client, env):
    """Give the Message-ID of a mail to Ana, who is on Camille's list."""
    journeys.subscribe(client, env, ANA)
    return reports.message_id(env, ANA, "confirm")


def suppressions(env):
    with env.database.transaction() as session:
        rows = session.scalars(select(Suppression).order_by(Suppression.id))
        return [(row.reason, row.brand, row.channel) for row in rows]


def test_a_hard_bounce_stops_all_houses_for_ninety_days(hook, env, about):
    with time_machine.travel(clock.now(), tick=False) as time:
        answer = reports.send(hook, bounce(block(ANA), about=about))
        assert answer.json == {"report": "bounce", "status": "5.1.1", "feedback": "", "outcome": "suppressed"}
        assert suppressions(env) == [("hard_bounce", None, "email")]
        assert journeys.decision(env, ANA) == "suppressed"
        time.shift(timedelta(days=91))
        assert journeys.decision(env, ANA) == "granted"


def test_a_complaint_stops_the_house_whose_mail_it_was_and_leaves_consents_alone(hook, client, env, about):
    journeys.press(client, "luxe", set="folie-douze:newsletter:email=on")
    assert reports.outcome(hook, complaint(about=about, recipient=ANA)) == "suppressed"
    assert suppressions(env) == [("complaint", "camille", "email")]
    assert journeys.decision(env, ANA) == "suppressed"
    assert journeys.decision(env, ANA, brand="folie-douze") == "granted"
    with env.database.transaction() as session:
        assert set(session.scalars(select(Consent.status))) == {"granted"}


def test_the_courier_sends_no_more_after_a_bounce(hook, env, outbox, about):
    reports.outcome(hook, bounce(block(ANA), about=about))
    sign_up(env, ANA, "private-sales:email")
    assert delivery(env, outbox, mails_to(env, ANA)[-1]) == ("dropped", "suppressed")
    assert outbox.mails == []


def test_the_mail_says_what_came_of_it_and_no_address_is_kept(hook, env, about):
    reports.outcome(hook, bounce(block(ANA, diagnostic=f"550 5.1.1 <{ANA}> no such user"), about=about))
    with env.database.transaction() as session:
        assert session.scalars(select(Message.state_reason).where(Message.message_id == about)).one() == "bounced"
        kept = session.scalars(select(Suppression.provenance)).one()
    assert kept["evidence"] == {"reporter": "mx.example.net", "status": "5.1.1"}
    assert (kept["actor"], kept["source"]) == ("system", "mail_report")
    assert ANA not in str(kept)


@pytest.mark.parametrize("raw", [bounce, complaint])
def test_the_same_report_twice_is_one(hook, env, about, raw):
    told = bounce(block(ANA), about=about) if raw is bounce else complaint(about=about)
    assert [reports.outcome(hook, told) for _ in range(2)] == ["suppressed", "already"]
    assert len(suppressions(env)) == 1


def test_a_report_that_comes_again_does_not_undo_what_the_owner_lifted(hook, client, env, about):
    told = complaint(about=about)
    reports.outcome(hook, told)
    journeys.press(client, lift="1")
    assert journeys.decision(env, ANA) == "granted"
    assert reports.outcome(hook, told) == "lifted_since"
    assert journeys.decision(env, ANA) == "granted"


@pytest.mark.parametrize("status", ["5.1.1", "5.1.2", "5.1.3", "5.1.6", "5.1.10", "5.2.1", "5.4.4"])
def test_codes_that_tell_of_the_address_count(hook, env, about, status):
    assert reports.outcome(hook, bounce(block(ANA, status=status), about=about)) == "suppressed"


@pytest.mark.parametrize(
    ("action", "status"),
    [
        ("failed", "4.2.2"), ("delayed", "4.4.1"), ("delayed", "5.1.1"), ("delivered", "2.0.0"), ("relayed", "2.0.0"),
        ("expanded", "2.0.0"), ("failed", "5.0.0"), ("failed", "5.1.0"), ("failed", "5.1.7"), ("failed", "5.1.8"),
        ("failed", "5.2.2"), ("failed", "5.2.3"), ("failed", "5.3.4"), ("failed", "5.6.1"), ("failed", "5.7.1"),
        ("failed", "5.7.26"), ("failed", "5.11.1"), ("failed", ""), ("", "5.1.1"),
    ],
)  # fmt: skip
def test_all_others_are_noted_nowhere(hook, env, about, action, status):
    assert reports.outcome(hook, bounce(block(ANA, action, status), about=about)) == "nothing"
    assert suppressions(env) == []
    assert journeys.decision(env, ANA) == "granted"


@pytest.mark.parametrize("feedback", ["abuse", "Abuse", "fraud", "opt-out"])
def test_feedback_of_people_counts(hook, env, about, feedback):
    assert reports.outcome(hook, complaint(feedback, about)) == "suppressed"


@pytest.mark.parametrize("feedback", ["not-spam", "virus", "other", "auth-failure", "dmarc", "x-strange"])
def test_other_feedback_does_not(hook, env, about, feedback):
    assert reports.outcome(hook, complaint(feedback, about)) == "nothing"
    assert suppressions(env) == []


def test_who_writes_to_the_bounce_mailbox_can_stop_nobody_without_a_mail_of_ours(hook, env, about):
    link = "List-Unsubscribe: <https://x.example/x/unsubscribe/a>"
    for forged in (bounce(block(ANA)), bounce(block(ANA), about=reports.UNKNOWN_ID), complaint(recipient=ANA),
                   bounce(block(ANA), about=about.replace("@", "@x")), bounce(block(ANA), about="<nonsense>"),
                   complaint(recipient=ANA, headers=link)):  # fmt: skip
        assert reports.outcome(hook, forged) == "not_ours"
    assert suppressions(env) == []


def test_were_reports_taken_at_their_word_anybody_could_be_stopped(hook, env, about, monkeypatch):
    """Break the guard on purpose, to show that the test above can fail."""
    believed = returned.Proof((journeys.digest(env, ANA),), None)
    monkeypatch.setattr(returned, "find", lambda _session, _ids, _links: believed)
    assert reports.outcome(hook, bounce(block(ANA))) == "suppressed"


def test_the_mail_itself_counts_more_than_the_recipient_that_a_report_names(hook, client, env, app, about):
    journeys.subscribe(app.test_client(), env, BEA)
    assert reports.outcome(hook, bounce(block(BEA), about=about)) == "suppressed"
    assert (journeys.decision(env, ANA), journeys.decision(env, BEA)) == ("suppressed", "granted")


def test_a_mailbox_that_passes_mails_on_lives_while_one_of_them_arrives(hook, env, about):
    told = bounce(block("cem@example.org", original=ANA), block("dora@example.org", "delivered", "2.0.0"), about=about)
    assert reports.outcome(hook, told) == "nothing"
    assert suppressions(env) == []


def test_the_message_id_may_also_stand_in_the_headers_of_the_report(hook, env, about):
    assert reports.outcome(hook, bounce(block(ANA), more=f"In-Reply-To:\n {about}")) == "suppressed"


@pytest.fixture
def listed(env, about):
    """Give the header of a mail that another system sent to Ana for Camille, with a link of ours."""
    with env.database.transaction() as session:
        account = session.scalars(select(ContactPoint.account_id)).one()
        link = tokens.unsubscribe_link(session, "camille", LeaveTarget(account, brand="camille"))
    return f"List-Unsubscribe:\n <mailto:x@camille.example>, <{link}>"


def test_mails_of_other_systems_are_known_by_the_link_they_carry(hook, env, listed):
    told = bounce(block("nobody@example.com"), block(ANA), about="<1@crm.example>", headers=listed)
    assert reports.outcome(hook, told) == "suppressed"
    assert suppressions(env) == [("hard_bounce", None, "email")]
    assert journeys.decision(env, ANA) == "suppressed"


def test_whose_link_it_is_must_be_whom_it_came_back_from(hook, env, listed):
    assert reports.outcome(hook, bounce(block(BEA), headers=listed)) == "nothing"
    assert reports.outcome(hook, complaint(recipient=BEA, headers=listed)) == "nothing"
    assert suppressions(env) == []


@pytest.mark.parametrize("recipient", ["", ANA])
def test_a_complaint_may_keep_its_author_to_itself(hook, env, listed, recipient):
    assert reports.outcome(hook, complaint(recipient=recipient, headers=listed)) == "suppressed"
    assert suppressions(env) == [("complaint", "camille", "email")]


def test_a_report_that_is_older_than_a_bounce_lasts_changes_nothing(hook, env, listed):
    told = bounce(block(ANA), headers=listed, more="Date: Mon, 3 Mar 2025 10:00:00 +0100")
    assert reports.outcome(hook, told) == "lapsed"


def test_a_mail_that_is_no_report_is_taken_and_changes_nothing(hook, env):
    away = b"From: ana@example.com\nSubject: I am away\nAuto-Submitted: auto-replied\n\nBack on Monday.\n"
    assert reports.send(hook, away).json == {"report": "none", "status": "", "feedback": "", "outcome": "nothing"}


@pytest.mark.parametrize("media_type", ["message/rfc822", "text/plain; charset=latin-1", "application/octet-stream"])
def test_a_mail_may_come_under_several_names(hook, env, about, media_type):
    assert reports.send(hook, bounce(block(ANA), about=about), media_type).json["outcome"] == "suppressed"


def test_the_answer_names_nobody(hook, env, about):
    assert "ana" not in reports.send(hook, bounce(block(ANA), about=about)).text


def test_lines_may_end_as_in_the_mail_protocol(hook, env, about):
    assert reports.outcome(hook, bounce(block(ANA), about=about).replace(b"\n", b"\r\n")) == "suppressed"


def test_a_complaint_about_a_mail_of_the_group_stops_all_houses(hook, client, env, about):
    queue(env, ANA, "access", brand="luxe")
    assert reports.outcome(hook, complaint(about=reports.message_id(env, ANA, "access"))) == "suppressed"
    assert suppressions(env) == [("complaint", None, "email")]


def test_after_an_erasure_nothing_is_known_of_its_mails(hook, env, about):
    with env.database.transaction() as session:
        session.delete(session.scalars(select(Message).where(Message.message_id == about)).one())
    assert reports.outcome(hook, bounce(block(ANA), about=about)) == "not_ours"
    with env.database.transaction() as session:
        assert session.scalar(select(func.count()).select_from(Suppression)) == 0
