"""To whom a mail may go: its cause must stand, and the table of suppressions allow it."""

from datetime import timedelta

import pytest
from sqlalchemy import update

from app.courier.delivery import deliver
from app.kit import clock
from app.models import Account, AddressRow, ContactPoint, OptInItem, Suppression
from app.services.suppressions import Reason, Scope
from tests import journeys
from tests.letters import cause, outcome, suppress, turn
from tests.post import mails_to, queue, sign_up


def test_the_link_of_a_request_that_was_left_is_not_mailed(env, outbox, someone):
    sign_up(env, someone)
    (message,) = mails_to(env, someone)
    with env.database.transaction() as session:
        session.execute(update(OptInItem).values(cancelled_at=clock.now()))
    assert outcome(env, outbox, message) == ("dropped", "superseded")


@pytest.mark.parametrize("kind", ["access", "confirm"])
def test_of_links_that_waited_together_the_newest_alone_is_mailed(env, outbox, member, someone, kind):
    for _ in range(3):
        queue(env, member, "access") if kind == "access" else sign_up(env, someone)
    waiting = [each for each in mails_to(env, member if kind == "access" else someone) if each.kind == kind]
    assert [outcome(env, outbox, each) for each in waiting] == [("dropped", "superseded")] * 2 + [("sent", None)]


def test_links_of_two_houses_are_both_mailed(env, outbox, someone):
    sign_up(env, someone)
    sign_up(env, someone, brand="folie-douze")
    assert [outcome(env, outbox, each) for each in mails_to(env, someone)] == [("sent", None)] * 2


def test_an_access_link_for_nobody_is_not_mailed(env, outbox, someone):
    queue(env, someone, "access")
    assert outcome(env, outbox, mails_to(env, someone)[0]) == ("dropped", "unknown")


def test_who_asks_for_access_before_confirming_gets_the_confirmation_again(env, outbox, someone):
    sign_up(env, someone)
    queue(env, someone, "access")
    deliver(env, outbox, mails_to(env, someone)[1].id)
    assert "/camille/confirm/" in outbox.mails[0].text


def test_a_confirmation_in_the_place_of_access_obeys_the_rules_of_confirmations(env, outbox, someone):
    sign_up(env, someone)
    suppress(env, someone, Reason.LEGAL)
    queue(env, someone, "access")
    assert outcome(env, outbox, mails_to(env, someone)[1]) == ("dropped", "suppressed")


@pytest.mark.parametrize("reason", [Reason.DO_NOT_CONTACT, Reason.COMPLAINT, Reason.HARD_BOUNCE])
def test_who_must_not_be_contacted_gets_the_way_back_on_request(env, outbox, someone, reason):
    suppress(env, someone, reason)
    queue(env, someone, "access")
    deliver(env, outbox, mails_to(env, someone)[0].id)
    assert "/camille/access/" in outbox.mails[0].text


def test_an_erased_address_gets_nothing(env, outbox, member):
    queue(env, member, "access")
    with env.database.transaction() as session:
        session.execute(update(AddressRow).values(sealed=None))
    assert outcome(env, outbox, mails_to(env, member)[-1]) == ("dropped", "unknown")


def test_a_restricted_account_gets_no_welcome(env, outbox, member):
    queue(env, member, "welcome")
    with env.database.transaction() as session:
        session.execute(update(Account).values(status="restricted"))
    assert outcome(env, outbox, mails_to(env, member)[-1]) == ("dropped", "restricted")


def test_a_summary_tells_what_changed_in_the_end(env, outbox, member):
    turn(env, member, "newsletter", on=False)
    turn(env, member, "private-sales", on=False)
    turn(env, member, "private-sales", on=True)
    summaries = [mail for mail in mails_to(env, member) if mail.kind == "summary"]
    assert len(summaries) == 1
    deliver(env, outbox, summaries[0].id)
    assert "you left on" in outbox.mails[0].text
    assert outbox.mails[0].text.count("* ") == 1


def test_a_summary_of_nothing_is_not_mailed(env, outbox, member):
    turn(env, member, "newsletter", on=False)
    turn(env, member, "newsletter", on=True)
    assert outcome(env, outbox, mails_to(env, member)[-1]) == ("dropped", "nothing_changed")


NO, YES = ("dropped", "suppressed"), ("sent", None)


@pytest.mark.parametrize(
    ("reason", "kind", "expected"),
    [
        (Reason.DO_NOT_CONTACT, "confirm", NO),
        (Reason.DO_NOT_CONTACT, "welcome", NO),
        (Reason.DO_NOT_CONTACT, "access", YES),
        (Reason.LEGAL, "confirm", NO),
        (Reason.LEGAL, "summary", NO),
        (Reason.LEGAL, "access", YES),
        (Reason.COMPLAINT, "confirm", NO),
        (Reason.COMPLAINT, "welcome", NO),
        (Reason.COMPLAINT, "access", YES),
        (Reason.HARD_BOUNCE, "confirm", NO),
        (Reason.HARD_BOUNCE, "welcome", NO),
        (Reason.HARD_BOUNCE, "access", YES),
    ],
)
def test_the_table_of_suppressions(env, outbox, member, reason, kind, expected):
    suppress(env, member, reason)
    cause(env, member, kind)
    assert outcome(env, outbox, mails_to(env, member)[-1]) == expected


@pytest.mark.parametrize(
    ("scope", "expected"),
    [
        (Scope("camille"), NO),
        (Scope("folie-douze"), YES),
        (Scope(None, "email"), NO),
        (Scope(None, "sms"), YES),
    ],
)
def test_a_suppression_holds_in_its_scope(env, outbox, member, scope, expected):
    suppress(env, member, Reason.DO_NOT_CONTACT, scope)
    queue(env, member, "welcome")
    assert outcome(env, outbox, mails_to(env, member)[-1]) == expected


@pytest.mark.parametrize(("is_own", "expected"), [(False, NO), (True, YES)])
def test_who_complained_is_asked_again_from_their_own_session_only(client, app, env, outbox, someone, is_own, expected):
    journeys.subscribe(client, env, someone)
    suppress(env, someone, Reason.COMPLAINT)
    journeys.sign_up(client if is_own else app.test_client(), someone, ["private-sales:email"])
    message = [each for each in mails_to(env, someone) if each.kind == "confirm"][-1]
    assert outcome(env, outbox, message) == expected


def test_a_bouncing_address_gets_one_access_link_a_day(env, outbox, member):
    suppress(env, member, Reason.HARD_BOUNCE)
    for expected in (YES, NO):
        queue(env, member, "access")
        assert outcome(env, outbox, mails_to(env, member)[-1]) == expected


def test_after_a_bounce_lapsed_one_confirmation_is_tried(env, outbox, someone):
    suppress(env, someone, Reason.HARD_BOUNCE)
    with env.database.transaction() as session:
        session.execute(update(Suppression).values(lapses_at=clock.now() - timedelta(minutes=1)))
    for expected in (YES, NO):
        sign_up(env, someone)
        assert outcome(env, outbox, mails_to(env, someone)[-1]) == expected


def test_a_mailbox_that_proved_itself_after_a_bounce_is_like_any_other(env, outbox, member):
    suppress(env, member, Reason.HARD_BOUNCE)
    with env.database.transaction() as session:
        session.execute(update(Suppression).values(lapses_at=clock.now() - timedelta(minutes=2)))
        session.execute(update(ContactPoint).values(verified_at=clock.now() - timedelta(minutes=1)))
    for _ in range(2):
        sign_up(env, member)
        assert outcome(env, outbox, mails_to(env, member)[-1]) == YES
