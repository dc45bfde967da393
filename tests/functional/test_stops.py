"""What a person sees of a suppression, what they may lift of it, and every cell of the table of the domain."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select, update

from app.flows import admit
from app.kit import clock
from app.models import OptInRequest, SessionRow, Suppression
from app.services.suppressions import Reason, Scope
from tests import centres, customers, journeys
from tests.letters import cause, outcome, suppress
from tests.post import mails_to, sign_up

ANA = "ana@example.com"
BUTTON = 'name="lift"'


@pytest.fixture
def ana(client, env):
    journeys.subscribe(client, env, ANA)
    return client


def shown(client, site="camille"):
    return client.get(f"/{site}/preferences").text


def age(env, table, **by):
    """Let rows be older than they are."""
    column = table.created_at
    with env.database.transaction() as session:
        session.execute(update(table).values(created_at=column - timedelta(**by)))


SAID = {
    Reason.DO_NOT_CONTACT: "You asked us never to contact you",
    Reason.COMPLAINT: "was reported as unwanted in your mailbox",
    Reason.HARD_BOUNCE: "A mail to your address came back, so none are sent until",
    Reason.LEGAL: "The law keeps us from writing to you",
}


@pytest.mark.parametrize("reason", SAID)
def test_the_centre_says_why_nothing_comes(ana, env, reason):
    suppress(env, ANA, reason)
    page = shown(ana)
    assert SAID[reason] in page
    assert "Nothing is sent to you" in page
    assert "for the reason at the top of this page" in page
    assert all(words not in page for other, words in SAID.items() if other != reason)


@pytest.mark.parametrize("reason", [Reason.DO_NOT_CONTACT, Reason.COMPLAINT])
def test_the_owner_lifts_what_is_theirs_to_lift(ana, env, reason):
    suppress(env, ANA, reason)
    assert BUTTON in shown(ana)
    journeys.press(ana, lift="1")
    assert journeys.decision(env, ANA) == "granted"
    assert "Nothing is sent" not in shown(ana)
    with env.database.transaction() as session:
        row = session.scalars(select(Suppression)).one()
    assert row.lifted_at is not None
    assert (row.provenance["lifted_by"]["actor"], row.provenance["lifted_by"]["source"]) == ("person", "centre")


def test_what_the_law_asks_for_is_nobodys_to_lift(ana, env):
    suppress(env, ANA, Reason.LEGAL)
    assert BUTTON not in shown(ana)
    journeys.press(ana, lift="1")
    assert journeys.decision(env, ANA) == "suppressed"


def test_a_bounce_is_lifted_by_whom_a_later_mail_reached(ana, env):
    suppress(env, ANA, Reason.HARD_BOUNCE)
    page = shown(ana)
    assert BUTTON not in page, "the session is older than the mail that came back"
    assert "Have a link mailed to you" in page
    journeys.press(ana, lift="1")
    assert journeys.decision(env, ANA) == "suppressed"
    token = journeys.form_token(ana.get("/camille/preferences/link").text)
    ana.post("/camille/preferences/link", data={"email": ANA, "csrf_token": token})
    ana.post(journeys.access_path(env, ANA))
    assert BUTTON in (page := shown(ana))
    assert "Have a link mailed to you" not in page
    assert journeys.decision(env, ANA) == "suppressed", "the press alone lifts nothing"
    journeys.press(ana, lift="1")
    assert journeys.decision(env, ANA) == "granted"


def test_a_password_does_not_show_that_mails_arrive(client, env):
    customers.register(client, env, ANA)
    suppress(env, ANA, Reason.HARD_BOUNCE)
    age(env, Suppression, minutes=5)
    assert BUTTON not in shown(client)
    journeys.press(client, lift="1")
    with env.database.transaction() as session:
        assert session.scalars(select(Suppression.lifted_at)).one() is None
        session.execute(update(SessionRow).values(kind="preference"))
    assert BUTTON in shown(client)


def test_the_page_of_a_house_tells_and_lifts_what_concerns_it(ana, env):
    suppress(env, ANA, Reason.COMPLAINT, Scope("folie-douze", "email"))
    suppress(env, ANA, Reason.COMPLAINT, Scope("camille", "email"))
    page = shown(ana)
    assert "Not everything is sent to you" in page
    assert page.count("was reported as unwanted") == 1
    assert shown(ana, "luxe").count("was reported as unwanted") == 2
    journeys.press(ana, lift="1")
    with env.database.transaction() as session:
        lifted = {row.brand: row.lifted_at is not None for row in session.scalars(select(Suppression))}
    assert lifted == {"camille": True, "folie-douze": False}
    journeys.press(ana, "luxe", lift="1")
    assert "was reported as unwanted" not in shown(ana, "luxe")


@pytest.mark.parametrize(
    ("scope", "words"),
    [
        (Scope("camille"), "You asked Camille never to contact you"),
        (Scope("camille", "email"), "You asked Camille not to contact you by e-mail"),
        (Scope(None, "sms"), "You asked LÜXE not to contact you by text message"),
    ],
)
def test_how_far_it_goes_is_told(ana, env, scope, words):
    suppress(env, ANA, Reason.DO_NOT_CONTACT, scope)
    assert words in centres.plain(shown(ana))


def test_what_lapsed_is_not_shown(ana, env):
    suppress(env, ANA, Reason.HARD_BOUNCE)
    with env.database.transaction() as session:
        session.execute(update(Suppression).values(lapses_at=clock.now() - timedelta(minutes=1)))
    assert "came back" not in shown(ana)
    assert "Not to be contacted" not in ana.get("/camille/account/data").text


@pytest.mark.parametrize("reason", [Reason.COMPLAINT, Reason.HARD_BOUNCE])
def test_without_an_account_the_way_back_is_a_press_in_the_mailbox(client, env, outbox, reason):
    suppress(env, ANA, reason)
    token = journeys.form_token(client.get("/camille/preferences/link").text)
    client.post("/camille/preferences/link", data={"email": ANA, "csrf_token": token})
    assert outcome(env, outbox, mails_to(env, ANA)[-1]) == ("sent", None)
    path = journeys.access_path(env, ANA)
    assert SAID[reason] in client.get(path).text
    assert journeys.decision(env, ANA) == "suppressed"
    assert "Mails are allowed again" in client.post(path).text
    assert journeys.decision(env, ANA) == "unknown_subject"


def test_without_an_account_what_the_law_asks_for_stays(client, env):
    suppress(env, ANA, Reason.LEGAL)
    suppress(env, ANA, Reason.COMPLAINT)
    token = journeys.form_token(client.get("/camille/preferences/link").text)
    client.post("/camille/preferences/link", data={"email": ANA, "csrf_token": token})
    client.post(path := journeys.access_path(env, ANA))
    assert journeys.decision(env, ANA) == "suppressed"
    assert client.post(path).status_code == 410


# The table "Suppression, by reason and kind of mail": each reason, each column, each scope that holds for the mail

NO, YES = ("dropped", "suppressed"), ("sent", None)
TABLE = {
    Reason.DO_NOT_CONTACT: {"welcome": NO, "summary": NO, "confirm": NO, "access": YES},
    Reason.LEGAL: {"welcome": NO, "summary": NO, "confirm": NO, "access": YES},
    Reason.COMPLAINT: {"welcome": NO, "summary": NO, "confirm": NO, "access": YES},
    Reason.HARD_BOUNCE: {"welcome": NO, "summary": NO, "confirm": NO, "access": YES},
}
SCOPES = [Scope(), Scope("camille"), Scope(None, "email"), Scope("camille", "email")]


@pytest.mark.parametrize("scope", SCOPES, ids=str)
@pytest.mark.parametrize(("reason", "kind"), [(reason, kind) for reason, row in TABLE.items() for kind in row])
def test_each_cell_of_the_table(env, outbox, member, reason, kind, scope):
    suppress(env, member, reason, scope)
    assert journeys.decision(env, member) == "suppressed"
    cause(env, member, kind)
    assert outcome(env, outbox, mails_to(env, member)[-1]) == TABLE[reason][kind]


@pytest.mark.parametrize("kind", ["welcome", "summary", "confirm", "access"])
def test_what_was_lifted_stands_in_no_ones_way(client, env, outbox, member, kind):
    for reason in TABLE:
        suppress(env, member, reason)
    with env.database.transaction() as session:
        session.execute(update(Suppression).values(lifted_at=clock.now()))
    assert journeys.decision(env, member) == "granted"
    cause(env, member, kind)
    assert outcome(env, outbox, mails_to(env, member)[-1]) == YES


def settle(env, email):
    with env.database.transaction() as session:
        request = session.scalars(select(OptInRequest.id)).one()
    env.database.write(lambda session: admit.admit(session, request))
    return journeys.decision(env, email, "restock", brand="folie-douze")


@pytest.mark.parametrize("scope", [*SCOPES, Scope("folie-douze")], ids=str)
@pytest.mark.parametrize("reason", TABLE)
def test_single_opt_in_serves_no_suppressed_address(env, someone, reason, scope):
    suppress(env, someone, reason, scope)
    sign_up(env, someone, "restock:email", brand="folie-douze")
    assert settle(env, someone) in {"suppressed", "pending"}
    assert journeys.mails(env, someone) == ["confirm"]


def test_single_opt_in_serves_an_address_whose_bounce_lapsed(env, someone):
    suppress(env, someone, Reason.HARD_BOUNCE)
    with env.database.transaction() as session:
        session.execute(update(Suppression).values(lapses_at=clock.now() - timedelta(minutes=1)))
    sign_up(env, someone, "restock:email", brand="folie-douze")
    assert settle(env, someone) == "granted"
