"""Uses of data besides mailings: shown and changed in the centre, objected to, decided by purpose, and ended by GPC."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from app.branding.models import LegalBasis
from app.factory import create_app
from app.kit import clock
from app.kit.addresses import parse_email
from app.models import ConsentEvent, Notice
from app.services import decisions
from app.services.folding import Action
from app.services.items import items
from app.services.questions import about_purpose
from tests import api, centres, journeys
from tests.environments import rolled_back

ANA = "ana@example.com"
SHARING, COUNTING = "luxe:share-within-group:purpose", "luxe:analytics:purpose"
NO = {"Sec-GPC": "1"}


def decision(env, purpose, brand="camille", email=ANA):
    """Ask whether a brand may use data for a purpose; give the reason."""
    now = clock.now()
    question = about_purpose(env, brand, purpose, now.date())
    facts = decisions.ask(env, question.item, brand, parse_email(email), now)
    return decisions.decide(question.rules, facts, now).reason.value


def lines(session):
    query = select(ConsentEvent).where(ConsentEvent.item_id.in_(select(ConsentEvent.item_id)))
    return session.scalars(query.order_by(ConsentEvent.sequence)).all()


@pytest.fixture
def ana(client, env):
    """Give a client in the centre, with Camille's newsletter."""
    journeys.subscribe(client, env, ANA)
    return client


def test_what_needs_no_yes_is_on_until_objected_to_for_every_house(ana, env, session):
    assert decision(env, "analytics") == decision(env, "analytics", "ostra") == "legitimate_interest"
    assert journeys.press(ana, set=f"{COUNTING}=off").location.endswith("#luxe-analytics-purpose")
    assert decision(env, "analytics") == decision(env, "analytics", "ostra") == "objected"
    newest = lines(session)[-1]
    assert (newest.action, newest.legal_basis, newest.source) == ("objected", "legitimate_interest", "centre")
    page = ana.get("/camille/preferences").text
    assert "Ended: Counting what works." in page
    assert "You objected on" in page


def test_what_needs_a_yes_is_off_until_somebody_says_so_on_the_words_shown(ana, env, session):
    assert decision(env, "share-within-group") == "never_asked"
    journeys.press(ana, site="luxe", set=f"{SHARING}=on")
    assert decision(env, "share-within-group") == "granted"
    newest = lines(session)[-1]
    words = session.scalars(select(Notice.text).where(Notice.digest == newest.notice_digest)).one()
    page = ana.get("/luxe/preferences").text
    journeys.press(ana, set=f"{SHARING}=off")
    shown = ana.get("/luxe/preferences").text
    assert all(line in shown for line in words.splitlines()), "what is kept is what stood there"
    assert words.startswith("Yes, you may use my data for “Sharing between the houses”.")
    assert "Yes since" in page
    assert newest.document_version == decisions.version_in_force(env.group, env.group, clock.now().date())
    assert decision(env, "share-within-group") == "withdrawn"


def test_an_objection_can_be_taken_back(ana, env):
    journeys.press(ana, set=f"{COUNTING}=off")
    journeys.press(ana, undo=journeys.undo_id(ana.get("/camille/preferences").text))
    assert decision(env, "analytics") == "granted"


def test_nothing_is_agreed_to_on_words_of_another_day(ana, env):
    answer = journeys.press(ana, set=f"{SHARING}=on", words="of another day")
    assert "reworded=1" in answer.location
    assert decision(env, "share-within-group") == "never_asked"


@pytest.mark.parametrize("value", [
    "luxe:nothing:purpose=on", "camille:analytics:purpose=off", "ostra:analytics:purpose=off", "nobody:x:purpose=on",
])  # fmt: skip
def test_a_press_that_makes_no_sense_changes_nothing(ana, session, value):
    before = len(lines(session))
    assert journeys.press(ana, set=value).status_code == 422
    assert len(lines(session)) == before


def test_leaving_all_mails_is_no_word_about_other_uses(ana, env):
    journeys.press(ana, site="luxe", set=f"{SHARING}=on")
    journeys.press(ana, leave="all")
    assert decision(env, "share-within-group") == "granted"
    assert decision(env, "analytics") == "legitimate_interest"


def test_the_signal_is_offered_and_nothing_is_done_before_the_press(ana, env, session):
    journeys.press(ana, site="luxe", set=f"{SHARING}=on")
    before = len(lines(session))
    assert "Your browser says no for you" not in ana.get("/camille/preferences").text
    assert "Your browser says no for you" in ana.get("/camille/preferences", headers=NO).text
    assert len(lines(session)) == before
    journeys.press(ana, gpc="1")
    newest = lines(session)[-1]
    assert (newest.action, newest.source) == ("withdrawn", "gpc")
    assert decision(env, "share-within-group") == "withdrawn"
    assert decision(env, "analytics") == "legitimate_interest", "it is neither sale nor sharing"
    page = ana.get("/camille/preferences", headers=NO).text
    assert "Your browser says no for you<" not in page
    assert "Your browser said no for you on" in page
    assert "and so it is here" in page


def test_where_nothing_was_said_the_signal_is_an_explicit_no_that_undo_does_not_turn_into_a_yes(ana, env, session):
    journeys.press(ana, gpc="1")
    assert lines(session)[-1].action == "refused"
    page = ana.get("/camille/preferences").text
    assert 'name="undo"' not in page
    assert "Ended: Sharing between the houses." in page
    journeys.press(ana, undo=str(lines(session)[-1].sequence))
    assert decision(env, "share-within-group") == "refused"
    before = len(lines(session))
    journeys.press(ana, gpc="1")
    assert len(lines(session)) == before, "twice is as good as once"


def test_its_history_says_what_the_browser_did(ana):
    journeys.press(ana, gpc="1")
    assert (
        "Your browser said no to <b>Sharing between the houses</b> for you" in ana.get("/luxe/preferences/history").text
    )


def test_the_site_says_that_it_keeps_to_the_signal(client):
    answer = client.get("/.well-known/gpc.json")
    assert answer.json == {"gpc": True, "lastUpdate": "2026-11-30"}
    assert answer.mimetype == "application/json"


def send(client, headers, **changes):
    body = {"subject": api.ANA, "brand": "camille", "signal": "gpc", **changes}
    return client.post("/api/v1/signals", json=body, headers=headers)


@pytest.fixture
def headers(client, env):
    return api.bearer(client, env, scopes=("consents:write",))


def test_a_system_passes_the_signal_on(app, client, env, headers, session):
    ana = app.test_client()
    journeys.subscribe(ana, env, ANA)
    journeys.press(ana, site="luxe", set=f"{SHARING}=on")
    assert send(client, headers).json == {"ended": [{"brand": None, "purpose": "share-within-group"}]}
    newest = lines(session)[-1]
    assert (newest.action, newest.source, newest.actor_kind) == ("withdrawn", "gpc", "client")
    assert send(client, headers).json == {"ended": []}


def test_what_is_allowed_again_knowing_of_the_signal_stays_allowed(app, client, env, headers):
    ana = app.test_client()
    journeys.subscribe(ana, env, ANA)
    send(client, headers)
    journeys.press(ana, site="luxe", set=f"{SHARING}=on")
    assert send(client, headers).json == {"ended": []}
    assert decision(env, "share-within-group") == "granted"


def test_of_strangers_nothing_is_kept(client, headers, session):
    assert send(client, headers).json == {"ended": []}
    assert lines(session) == []


@pytest.mark.parametrize(("changes", "status", "code"), [
    ({"brand": "ostra"}, 403, "brand_forbidden"), ({"brand": "nobody"}, 422, "unknown_item"),
    ({"signal": "dnt"}, 422, "validation_error"), ({"subject": {"email": "x"}}, 422, "invalid_subject"),
])  # fmt: skip
def test_signals_that_make_no_sense(client, headers, changes, status, code):
    answer = send(client, headers, **changes)
    assert (answer.status_code, answer.json["code"]) == (status, code)


def test_reading_is_not_enough_to_pass_a_signal_on(client, env):
    assert send(client, api.bearer(client, env)).json["code"] == "insufficient_scope"


@pytest.fixture
def counted_by_contract(env, database_urls):
    """Give Parley where counting rests on a contract."""
    group = env.group
    needed = group.purposes[2].model_copy(update={"legal_basis": LegalBasis.CONTRACT})
    changed = group.model_copy(update={"purposes": (*group.purposes[:2], needed)})
    with rolled_back(env.settings, database_urls.application, changed) as other:
        yield other


def test_what_a_contract_needs_has_no_switch(counted_by_contract):
    client = create_app(counted_by_contract.settings, counted_by_contract).test_client()
    journeys.subscribe(client, counted_by_contract, ANA)
    page = client.get("/camille/preferences").text
    assert "Needed for what you asked us to do." in page
    assert "luxe-analytics-purpose" not in page
    for wanted in ("off", "on"):
        assert journeys.press(client, set=f"{COUNTING}={wanted}").status_code == 422, wanted
    assert decision(counted_by_contract, "analytics") == "contract"


def test_a_yes_from_before_it_was_a_contract_can_be_taken_back(counted_by_contract):
    client = create_app(counted_by_contract.settings, counted_by_contract).test_client()
    journeys.subscribe(client, counted_by_contract, ANA)
    with counted_by_contract.database.transaction() as session:
        item = items(session).own_purpose(None, "analytics")
    centres.record(counted_by_contract, ANA, item, Action.GRANTED)
    assert "luxe-analytics-purpose" in client.get("/camille/preferences").text
    assert journeys.press(client, set=f"{COUNTING}=off").status_code == 303
    assert decision(counted_by_contract, "analytics") == "withdrawn"
