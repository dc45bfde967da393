"""The mail before a document changes: to whom, how often, what it says, and the link in it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import text

from app.courier import reconsents
from app.courier.delivery import deliver
from app.flows import restrict
from app.kit.provenance import PERSON, Provenance, Source
from app.models import Message
from app.services import reconsent
from app.services.suppressions import Reason, Scope
from tests import documents, erasing, journeys
from tests.documents import answer, answers, asked, lines, published, today, version, with_version
from tests.letters import suppress
from tests.post import mails_to

ANA, BEA = "ana@example.com", "bea@example.com"
CAME = Provenance(PERSON, Source.CENTRE)
SOON = timedelta(days=20)
SINGLE = ("folie-douze", "restock:email")
"""A topic of single opt-in."""


@pytest.fixture
def ana(member_browser):
    return member_browser


def queue(env):
    return reconsents.run(env, batch=1)


def left(env, client):
    journeys.press(client, leave="all")


def paused(env, client):
    for topic in ("newsletter", "private-sales"):
        journeys.press(client, pause=f"camille:{topic}:email=3")


def restricted(env, client):
    account = documents.owner(env, ANA)
    env.database.write(lambda session: restrict.restrict(session, env.group, account, CAME))


def suppressed(env, client):
    suppress(env, ANA, Reason.COMPLAINT)


def suppressed_by_the_house(env, client):
    suppress(env, ANA, Reason.DO_NOT_CONTACT, Scope("camille"))


@pytest.mark.parametrize("happened", [left, paused, restricted, suppressed, suppressed_by_the_house])
def test_never_those_who_left_paused_or_must_not_be_written_to(env, ana, app, coming, happened):
    happened(env, ana)
    with published(env, coming, app) as changed:
        assert asked(changed, ANA) == []
        assert (queue(changed), journeys.mails(changed, ANA).count("reconsent")) == (0, 0)


def test_what_is_paused_is_not_asked_about_after_the_day_either(env, ana, app, group):
    paused(env, ana)
    with published(env, with_version(group, version(today())), app) as changed:
        assert asked(changed, ANA) == []


def test_about_uses_of_data_nobody_is_mailed_whose_address_must_not_be_written_to(env, ana, app, coming):
    journeys.press(ana, set="luxe:personalisation:purpose=on")
    suppressed(env, ana)
    with published(env, coming, app) as changed:
        assert ([len(each.items) for each in asked(changed, ANA)], queue(changed)) == ([1], 0)


def test_a_single_opt_in_whose_mailbox_is_not_proved_is_not_mailed(env, app, client, coming):
    journeys.sign_up(client, BEA, SINGLE[1:], SINGLE[0])
    journeys.admit(env, BEA, SINGLE[0])
    with published(env, coming, app) as changed:
        assert (len(asked(changed, BEA)), queue(changed)) == (1, 0)


def test_everybody_is_mailed_once_in_the_days_before(env, app, ana, client, group, time):
    journeys.subscribe(app.test_client(), env, BEA)
    new = version(today() + timedelta(days=31))
    with published(env, with_version(group, new), app) as changed:
        assert queue(changed) == 0
        time.shift(timedelta(days=1))
        assert (queue(changed), queue(changed)) == (2, 0)
        time.shift(timedelta(days=30))
        assert queue(changed) == 0


def test_after_the_day_nobody_is_mailed(env, ana, app, group):
    with published(env, with_version(group, version(today())), app) as changed:
        assert (queue(changed), len(asked(changed, ANA))) == (0, 1)


def test_mail_and_note_are_one(news, monkeypatch):
    """Killed between the two, neither is there, and the next hour mails after all."""
    real = reconsent.note_asked

    def killed(session, account_id, change):
        real(session, account_id, change)
        raise KeyboardInterrupt

    monkeypatch.setattr(reconsent, "note_asked", killed)
    with pytest.raises(KeyboardInterrupt):
        queue(news)
    monkeypatch.setattr(reconsent, "note_asked", real)
    assert (queue(news), journeys.mails(news, ANA).count("reconsent")) == (1, 1)


def sent(env, outbox):
    (mail,) = [each for each in mails_to(env, ANA) if each.kind == "reconsent"]
    return deliver(env, outbox, mail.id)


def test_the_mail_says_what_happens_and_can_be_left_by_one_click(news, outbox):
    queue(news)
    assert sent(news, outbox) == "sent"
    mail = outbox.parsed()
    text = mail.get_body(("plain",)).get_content()
    assert "a new version from" in mail["Subject"]
    assert all(words in text for words in ("Letters from the atelier", "stands still from that day on", "/reconsent/"))
    assert f"/luxe/documents/privacy?version={today() + SOON}&against=2026-01-15&lang=en" in text
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"


@pytest.mark.parametrize(("happened", "reason"), [(left, "answered"), (restricted, "restricted"),
                                                  (suppressed, "suppressed")])  # fmt: skip
def test_what_happened_since_is_seen_when_it_is_sent(news, ana, outbox, happened, reason):
    queue(news)
    happened(news, ana)
    assert sent(news, outbox) == "dropped"
    with news.database.transaction() as session:
        assert session.query(Message.state_reason).filter(Message.kind == "reconsent").scalar() == reason


def test_who_agreed_in_the_centre_is_not_mailed_any_more(news, ana, outbox):
    queue(news)
    answer(ana)
    assert sent(news, outbox) == "dropped"


def test_what_was_not_sent_by_the_day_is_not_sent(news, outbox, time):
    queue(news)
    time.shift(SOON)
    assert sent(news, outbox) == "dropped"


@pytest.mark.parametrize(("said", "reason"), [("yes", "granted"), ("no", "withdrawn")])
def test_the_link_of_the_mail_takes_one_answer(news, app, time, said, reason):
    queue(news)
    path, stranger = documents.link(news, ANA), app.test_client()
    page = stranger.get(path)
    before = journeys.decision(news, ANA), len(lines(news, ANA, "renewed"))
    done = stranger.post(path, data={"answer": next(each for each in answers(page.text) if each.startswith(said))})
    assert (before, done.status_code, stranger.get_cookie("parley")) == (("granted", 0), 200, None)
    assert "Letters from the atelier" in done.text
    assert "Nothing to answer here" in stranger.get(path).text
    time.shift(SOON)
    assert journeys.decision(news, ANA) == reason


def test_the_link_is_good_for_the_version_it_told_of_and_only_for_its_owner(news, app, coming, time):
    queue(news)
    path, browser = documents.link(news, ANA), app.test_client()
    with published(news, with_version(coming, version(today() + SOON + timedelta(days=1))), app):
        assert answers(browser.get(path).text) == []
    time.shift(SOON + timedelta(days=30))
    assert len(answers(browser.get(path).text)) == 2
    time.shift(timedelta(days=50))
    assert browser.get(path).status_code == 410
    assert browser.post(path, data={"answer": "yes=00"}).status_code == 410
    assert browser.get(path[:-3]).status_code == 404


def test_the_link_is_over_for_an_address_that_was_left(news, app, outbox):
    queue(news)
    assert sent(news, outbox) == "sent"
    path = documents.link(news, ANA)
    erasing.move(news, documents.owner(news, ANA), "ana.new@example.com")
    page = app.test_client().get(path)
    assert (page.status_code, answers(page.text)) == (410, [])


def test_these_mails_wait_behind_all_others(news, session):
    queue(news)
    priorities = dict(session.execute(text("SELECT args ->> 'message_id', priority FROM procrastinate_jobs")).all())
    (mail,) = [each for each in mails_to(news, ANA) if each.kind == "reconsent"]
    assert priorities.pop(str(mail.id)) < min(priorities.values())
