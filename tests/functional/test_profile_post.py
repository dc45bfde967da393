"""What comes by post: nothing without a postal address, by whatever way it is asked for; and all ends with it."""

from __future__ import annotations

import html
import json
import re
import zipfile
from dataclasses import replace
from io import BytesIO

import pytest
from sqlalchemy import select

from app.branding.models import FieldKind
from app.courier import exports
from app.errors import NotOffered
from app.flows import preferences
from app.kit import clock
from app.kit.addresses import parse_email
from app.models import ContactPoint, ProfileRow
from app.services import decisions, folding, holdings, ledger, privacy_requests, suppressions
from app.services.folding import Action, Status
from app.services.items import items
from app.services.privacy_requests import Kind
from app.services.suppressions import Reason, Scope
from tests import centres, customers, journeys
from tests.customers import ANA, tell, untell
from tests.functional.test_profile import ADDRESS, GOOD, PROFILE

FIELD = "postal-address"
BOOK = "camille:new-collection:post"
SWITCH = "camille-new-collection-post"


@pytest.fixture
def ana(client, env):
    """Give a full customer's browser."""
    customers.register(client, env, ANA)
    return client


@pytest.fixture
def reached(ana):
    """Give the same once the postal address is known and the book is switched on."""
    tell(ana, FIELD, **ADDRESS)
    journeys.press(ana, set=f"{BOOK}=on")
    return ana


def reason(env, brand="camille", topic="new-collection"):
    return journeys.decision(env, ANA, topic, "post", brand)


def owner(session, env):
    digest = journeys.digest(env, ANA)
    return session.scalars(select(ContactPoint.account_id).where(ContactPoint.address_digest == digest)).one()


def status(session, env, item=BOOK):
    about = items(session).subscription(*item.split(":"))
    state = ledger.present(session, owner(session, env)).get(about.id)
    return state.status if state else None


def test_with_an_address_it_can_be_switched_on_and_is_allowed(ana, env, session):
    tell(ana, "country", country="FR")
    assert f'id="{SWITCH}"' not in ana.get("/camille/preferences").text
    assert reason(env) == "never_asked"
    tell(ana, FIELD, **ADDRESS)
    assert f'id="{SWITCH}"' in ana.get("/camille/preferences").text
    journeys.press(ana, set=f"{BOOK}=on")
    assert (status(session, env), reason(env)) == (Status.GRANTED, "granted")
    assert "Yes since" in centres.row(ana.get("/camille/preferences").text, SWITCH)


def test_a_row_without_an_address_leads_to_where_it_is_given(ana, env, app):
    shown = centres.topic(ana.get("/camille/preferences").text, "camille-new-collection")
    assert "Also by post, once we have your postal address." in shown
    assert f'href="{PROFILE}/{FIELD}"' in shown
    lite = app.test_client()
    journeys.subscribe(lite, env, ANA)
    shown = centres.topic(lite.get("/camille/preferences").text, "camille-new-collection")
    assert "once we have your postal address: write to" in shown
    assert PROFILE not in shown
    tell(ana, FIELD, **ADDRESS)
    assert f'href="{PROFILE}/{FIELD}"' not in ana.get("/camille/preferences").text


def test_a_switch_that_stands_on_without_an_address_leads_there_too(ana, env):
    tell(ana, "country", country="FR")
    centres.record(env, ANA, BOOK, Action.GRANTED)
    shown = centres.topic(ana.get("/camille/preferences").text, "camille-new-collection")
    assert "Nothing is sent" in shown
    assert f'href="{PROFILE}/{FIELD}"' in shown
    assert reason(env) == "unverified_contact"


@pytest.mark.parametrize("site", ["camille", "luxe"])
def test_no_press_switches_it_on_without_an_address(ana, env, session, site):
    tell(ana, "country", country="FR")
    assert journeys.press(ana, site, set=f"{BOOK}=on").status_code in {409, 422}
    token = journeys.form_token(ana.get("/camille/").text)
    form = {"email": ANA, "items": ["new-collection:post"], "csrf_token": token}
    assert ana.post("/camille/", data=form).status_code == 422
    assert (status(session, env), reason(env)) == (None, "never_asked")


def test_no_flow_switches_it_on_without_an_address(ana, env, session):
    tell(ana, "name", name="Ana")
    about = items(session).subscription(*BOOK.split(":"))
    with pytest.raises(NotOffered):
        preferences.change(session, owner(session, env), {about: True}, centres.CENTRE)


def test_undo_does_not_bring_it_back_without_an_address(reached, env, session):
    journeys.press(reached, set=f"{BOOK}=off")
    undo = journeys.undo_id(reached.get("/camille/preferences").text)
    untell(reached, FIELD)
    journeys.press(reached, undo=undo)
    assert status(session, env) is Status.WITHDRAWN


def test_what_ends_with_the_address_is_said_before_and_does_not_come_back(reached, env, session):
    page = html.unescape(reached.get(PROFILE).text)
    assert "If you remove it, what comes by post ends too: The collection book (Camille)." in page
    assert untell(reached, FIELD).location == f"{PROFILE}?ended=1#done"
    assert "what came by post has ended" in reached.get(f"{PROFILE}?ended=1").text
    assert (status(session, env), reason(env)) == (Status.WITHDRAWN, "withdrawn")
    assert journeys.mails(env, ANA).count("summary") == 1
    tell(reached, FIELD, **ADDRESS)
    assert (status(session, env), reason(env)) == (Status.WITHDRAWN, "withdrawn"), "nothing revives"
    assert "Your account" in reached.get("/camille/preferences/history").text


def test_one_line_of_the_ledger_for_each_and_none_for_what_comes_otherwise(reached, env, session):
    journeys.press(reached, set="camille:new-collection:email=on")
    untell(reached, FIELD)
    assert status(session, env, "camille:new-collection:email") is Status.GRANTED
    account = owner(session, env)
    lines = [each for each in holdings.lines(session, account) if each["item"] and each["item"].channel == "post"]
    assert [each["action"] for each in lines] == ["granted", "withdrawn"]
    assert lines[-1]["source"] == "account"
    assert folding.Action(lines[-1]["action"]) is Action.WITHDRAWN


def test_other_fields_come_and_go_without_touching_it(reached, env, session):
    tell(reached, "name", name="Ana")
    untell(reached, "name")
    tell(reached, FIELD, **{**ADDRESS, "city": "Nantes"})
    assert (status(session, env), reason(env)) == (Status.GRANTED, "granted")


def test_what_was_agreed_to_elsewhere_is_left_alone_by_a_name(ana, env, session):
    centres.record(env, ANA, BOOK, Action.GRANTED)
    tell(ana, "name", name="Ana")
    untell(ana, "name")
    assert status(session, env) is Status.GRANTED


def test_a_second_address_of_an_earlier_declaration_still_reaches(reached, env, session):
    account = owner(session, env)
    session.add(ProfileRow(account_id=account, key="old-address", kind="address", sealed=env.sealer.seal("{}"),
                           updated_at=clock.now()))  # fmt: skip
    session.commit()
    flow_removed = untell(reached, FIELD)
    assert flow_removed.location == f"{PROFILE}?removed=1#done"
    assert reason(env) == "granted"


def test_decisions_by_account_and_by_address_and_all_at_once_agree(reached, env, session):
    about, now = items(session).subscription(*BOOK.split(":")), clock.now()
    for subject in (parse_email(ANA), owner(session, env)):
        facts = decisions.ask(env, about, "camille", subject, now)
        assert (facts.has_contact, facts.is_verified, facts.status) == (True, True, Status.GRANTED)
    assert "Nothing is sent" not in centres.row(reached.get("/camille/preferences").text, SWITCH)


def test_a_house_that_wants_addresses_proved_takes_the_word_of_a_proved_mailbox(reached, env, session):
    about, now = items(session).subscription(*BOOK.split(":")), clock.now()
    rules = replace(decisions.rules_for(env.group, env.group.brands["camille"], about, now.date()),
                    must_be_verified=True)  # fmt: skip
    facts = decisions.ask(env, about, "camille", parse_email(ANA), now)
    assert decisions.decide(rules, facts, now).reason.value == "granted"
    session.execute(ContactPoint.__table__.update().values(verified_at=None))
    session.commit()
    facts = decisions.ask(env, about, "camille", parse_email(ANA), now)
    assert decisions.decide(rules, facts, now).reason.value == "unverified_contact"


@pytest.mark.parametrize(
    ("scope", "said"),
    [(Scope(), "suppressed"), (Scope(channel="post"), "suppressed"), (Scope(channel="email"), "granted")],
)
def test_never_again_holds_for_letters_too(reached, env, session, scope, said):
    suppressions.add(session, journeys.digest(env, ANA), scope, Reason.DO_NOT_CONTACT, centres.CENTRE)
    session.commit()
    assert reason(env) == said
    warned = "at the top of this page" in centres.row(page := reached.get("/camille/preferences").text, SWITCH)
    assert "so nothing is sent" in page
    assert warned is (said == "suppressed")


def test_the_statement_for_mails_knows_nothing_of_profiles():
    for contact in ("asked", "email", "phone", None):
        assert b"profile_field" not in decisions._statement("address", contact, "address")
    assert b"profile_field" in decisions._statement("address", "post", "address")


def test_a_copy_has_the_profile_for_programs_and_to_read(ana, env, session):
    for field, typed in GOOD.items():
        tell(ana, field, **typed)
    account = owner(session, env)
    privacy_requests.ask(session, env.group, account, Kind.EXPORT, "en")
    packed = exports.pack(env.group, exports.gather(session, holdings.gather(session, account)), "en")
    with zipfile.ZipFile(BytesIO(packed)) as archive:
        facts, page = json.loads(archive.read("data.json")), html.unescape(archive.read("index.html").decode())
    kept = {each["key"]: each for each in facts["profile"]}
    assert list(kept) == list(GOOD)
    assert kept[FIELD]["value"] == {
        "street": ["12 rue du Port", "3rd floor"], "postal_code": "29200", "city": "Brest", "country": "FR",
    }  # fmt: skip
    assert {each["action"] for each in facts["profile_changes"]} == {"set"}
    assert {each["provenance"]["source"] for each in facts["profile_changes"]} == {"account"}
    for shown in ("Your birthday", "3 November 1990", "12 rue du Port<br>3rd floor<br>29200 Brest<br>France"):
        assert shown in page
    assert re.search(r"Your language<div[^>]*>[^<]+</div></td><td>French", page), "each with what it is for"
    assert env.group.profile_field_of(FieldKind.ADDRESS).key == FIELD
