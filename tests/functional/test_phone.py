"""A phone number: proved by a code, what it makes possible, and how it comes and goes."""

from __future__ import annotations

import re

import pytest
import time_machine
from sqlalchemy import func, select

from app.config import Settings
from app.kit import clock
from app.kit.addresses import parse_phone
from app.models import AddressRow, ConsentEvent, ContactPoint, Message, PhoneProof
from app.services import decisions
from app.services import phones as service
from app.services.items import items
from tests import customers, erasing, journeys, phones
from tests.functional.moving import NEW
from tests.ones_data import step_up
from tests.phones import NUMBER, OTHER, PHONE, ask, code, enter, prove, token, wrong

ANA, BEA = "ana@example.com", "bea@example.com"


@pytest.fixture
def ana(client, env):
    journeys.subscribe(client, env, ANA)
    return client


@pytest.fixture
def bea(app, env):
    browser = app.test_client()
    journeys.subscribe(browser, env, BEA)
    return browser


def numbers(env):
    """Give who has which number, by address digest."""
    with env.database.transaction() as session:
        query = select(ContactPoint.address_digest, ContactPoint.account_id).where(ContactPoint.kind == "phone")
        return {bytes(digest): account for digest, account in session.execute(query)}


def digest(env, number=NUMBER):
    return env.digester.newest(parse_phone(number))


def sms(env, subject=NUMBER):
    """Ask for a decision about private sales by text message, by phone number."""
    now = clock.now()
    with env.database.transaction() as session:
        item = items(session).subscription("camille", "private-sales", "sms")
    rules = decisions.rules_for(env.group, env.group.brands["camille"], item, now.date())
    return decisions.decide(rules, decisions.ask(env, item, "camille", parse_phone(subject), now), now).reason.value


def switch_on(client):
    return journeys.press(client, set="camille:private-sales:sms=on")


def events(env, email):
    with env.database.transaction() as session:
        account = session.scalar(
            select(ContactPoint.account_id).where(ContactPoint.address_digest == journeys.digest(env, email))
        )
        query = select(ConsentEvent.action, ConsentEvent.source).where(ConsentEvent.account_id == account)
        return [tuple(row) for row in session.execute(query.order_by(ConsentEvent.sequence))]


def test_a_number_is_proved_and_texts_can_be_switched_on(ana, env):
    assert "Give your phone number" in ana.get("/camille/preferences").text
    assert ask(ana, "06 12 34 56 78").location == "/camille/preferences/phone/code"
    assert "+33 6 12 34 56 78" in ana.get(f"{PHONE}/code").text
    sent = phones.text(env)
    right = re.search(r"\d{6}", sent.text)[0]
    assert (sent.to, sent.sender) == (NUMBER, "Camille")
    assert "Camille" in sent.text
    assert len(sent.text) <= 160, "one text, not two"
    assert enter(ana, right).location == f"{PHONE}?proved=1"
    assert "Go and choose" in ana.get(f"{PHONE}?proved=1").text
    assert sms(env) == "never_asked"
    assert switch_on(ana).status_code == 303
    assert sms(env) == "granted"
    assert {"security_changed", "summary"} <= set(journeys.mails(env, ANA))


def test_without_a_number_nothing_can_be_switched_on(ana, env):
    assert switch_on(ana).status_code != 303
    assert sms(env) == "unknown_subject"
    ask(ana)
    assert switch_on(ana).status_code != 303, "asked is not proved"
    assert numbers(env) == {}


@pytest.mark.parametrize(
    "typed", ["", "0612", "hello", "+33 1 23 45 67 89", "+33 899 70 00 00", "<b>06</b>", "0" * 500, "+1"]
)
def test_what_gets_no_texts_is_refused_with_a_sentence_and_nothing_is_lost(ana, env, typed):
    answer = ask(ana, typed)
    assert answer.status_code == 422
    assert "Write a mobile number" in answer.text
    with env.database.transaction() as session:
        assert session.scalar(select(func.count()).select_from(PhoneProof)) == 0


def test_a_wrong_code_proves_nothing_and_the_sixth_try_is_none(ana, env):
    ask(ana)
    right = code(env)
    for _ in range(4):
        answer = enter(ana, wrong(right))
        assert (answer.status_code, "not the code we sent" in answer.text) == (422, True)
    form = token(ana, f"{PHONE}/code")
    assert ana.post(f"{PHONE}/code", data={**form, "code": wrong(right)}).location == f"{PHONE}?over=1"
    assert ana.post(f"{PHONE}/code", data={**form, "code": right}).location == f"{PHONE}?over=1"
    assert numbers(env) == {}


def test_a_code_is_good_for_ten_minutes_once_and_in_one_account(ana, bea, env):
    with time_machine.travel(clock.now(), tick=False) as time:
        ask(ana)
        right = code(env)
        ask(bea, OTHER)
        assert enter(bea, right).status_code == 422, "it was sent for somebody else's account"
        time.shift(601)
        form = token(ana)
        assert ana.post(f"{PHONE}/code", data={**form, "code": right}).location == f"{PHONE}?over=1"
        ask(ana)
        right = code(env)
        assert enter(ana, f" {right[:3]} {right[3:]} ").location == f"{PHONE}?proved=1"
        assert ana.post(f"{PHONE}/code", data={**form, "code": right}).location == f"{PHONE}?over=1"


def test_an_earlier_code_is_replaced_and_not_sent_any_more(ana, env):
    ask(ana)
    former = code(env)
    ask(ana, OTHER)
    assert enter(ana, former).status_code == 422
    assert enter(ana, code(env)).location == f"{PHONE}?proved=1"
    assert set(numbers(env)) == {digest(env, OTHER)}


def test_codes_are_few_a_day_whatever_the_number(ana, env):
    answers = [ask(ana, f"+3361234567{last}").status_code for last in range(6)]
    assert answers == [303] * 5 + [429]


def test_a_number_gets_few_codes_a_day_whoever_asks_and_nobody_is_told(app, env):
    answers = []
    for name in range(4):
        browser = app.test_client()
        journeys.subscribe(browser, env, f"number-{name}@example.com")
        asked = ask(browser)
        answers.append((asked.status_code, asked.location, asked.data))
    assert len(set(answers)) == 1, "who else asked there today is nobody's business"
    with env.database.transaction() as session:
        assert session.scalar(select(func.count()).where(Message.kind == "phone_code")) == 3
        assert session.scalar(select(func.count()).select_from(PhoneProof)) == 4


def test_the_installation_has_a_ceiling_of_codes(ana, bea, env):
    object.__setattr__(env.settings, "sms_codes_per_day", 1)
    assert ask(ana).status_code == 303
    answer = ask(bea, OTHER)
    assert (answer.status_code, "no more codes today" in answer.text) == (429, True)
    assert phones.waits(env) == {digest(env)}


def test_only_numbers_of_the_countries_that_are_set_get_codes(ana, env):
    object.__setattr__(env.settings, "sms_countries", ("FR",))
    answer = ask(ana, OTHER)
    assert (answer.status_code, "no texts to numbers of that country" in answer.text) == (422, True)
    assert phones.waits(env) == set()
    assert ask(ana).status_code == 303


def test_a_number_that_was_given_out_again_moves_and_its_former_owner_is_told(ana, bea, env):
    prove(ana, env)
    switch_on(ana)
    prove(bea, env)
    with env.database.transaction() as session:
        bea_id = session.scalar(
            select(ContactPoint.account_id).where(ContactPoint.address_digest == journeys.digest(env, BEA))
        )
    assert numbers(env) == {digest(env): bea_id}
    assert sms(env) == "never_asked", "what Ana agreed to is not Bea's"
    assert events(env, ANA)[-1] == ("expired", "system")
    with env.database.transaction() as session:
        told = session.scalars(
            select(Message.context).where(
                Message.address_digest == journeys.digest(env, ANA), Message.kind == "security_changed"
            )
        ).all()
    assert {"event": "phone_lost"} in told
    prove(ana, env, OTHER)
    assert sms(env, OTHER) == "expired", "nothing revives with another number"
    assert "ended when your number went to somebody else" in ana.get("/camille/preferences/history").text


def test_the_answer_tells_not_whether_a_number_is_known(ana, bea, env):
    prove(ana, env)
    known, unknown = ask(bea), ask(bea, OTHER)
    assert (known.status_code, known.location, known.data) == (unknown.status_code, unknown.location, unknown.data)


def test_another_number_takes_the_place_of_the_first_and_keeps_what_was_agreed(ana, env, outbox):
    prove(ana, env)
    switch_on(ana)
    step_up(ana, env, outbox)
    prove(ana, env, OTHER)
    assert set(numbers(env)) == {digest(env, OTHER)}
    assert (sms(env), sms(env, OTHER)) == ("unknown_subject", "granted")


@pytest.mark.parametrize(("path", "data"), [(PHONE, {"number": OTHER}), (f"{PHONE}/remove", {})])
def test_a_link_alone_neither_moves_nor_removes_a_number(ana, env, path, data):
    prove(ana, env)
    switch_on(ana)
    before = numbers(env)
    assert ana.post(path, data={**token(ana), **data}).location.startswith("/camille/account/data/check")
    assert (numbers(env), phones.waits(env), sms(env)) == (before, set(), "granted")


def test_never_again_means_the_number_too_and_the_next_one(ana, env, outbox):
    prove(ana, env)
    switch_on(ana)
    ana.post(journeys.never_path(env, ANA))
    assert sms(env) == "suppressed"
    step_up(ana, env, outbox)
    prove(ana, env, OTHER)
    assert sms(env, OTHER) == "suppressed", "it was said of the person"


def test_a_removed_number_ends_what_came_to_it_and_nothing_revives(ana, env, outbox):
    prove(ana, env)
    switch_on(ana)
    step_up(ana, env, outbox)
    assert ana.post(f"{PHONE}/remove", data=token(ana)).location == f"{PHONE}?removed=1"
    assert numbers(env) == {}
    assert events(env, ANA)[-1] == ("withdrawn", "centre")
    prove(ana, env)
    assert sms(env) == "withdrawn"
    assert journeys.decision(env, ANA) == "granted", "mails go on"


def test_a_number_stays_when_the_address_moves(ana, env):
    prove(ana, env)
    switch_on(ana)
    with env.database.transaction() as session:
        account = session.scalar(
            select(ContactPoint.account_id).where(ContactPoint.address_digest == journeys.digest(env, ANA))
        )
    erasing.move(env, account, NEW)
    assert sms(env) == "granted"
    assert journeys.decision(env, NEW) == "granted"


def test_a_passed_on_link_does_not_show_the_whole_number(ana, env, app):
    prove(ana, env)
    page = ana.get(PHONE).text
    assert ("+33 ••• 78" in page, "12 34 56" in page) == (True, False)
    full = app.test_client()
    customers.register(full, env, ANA)
    assert "+33 6 12 34 56 78" in full.get(PHONE).text


def test_nobody_else_s_session_or_none_gets_there(ana, app, env):
    stranger = app.test_client()
    for path in ("", "/code"):
        assert stranger.get(f"{PHONE}{path}").location.startswith("/camille/preferences/link")
    form = token(ana)
    journeys.subscribe(stranger, env, BEA)
    assert stranger.post(PHONE, data={**form, "number": NUMBER}).status_code == 422, "the token is of another session"
    assert ana.post(PHONE, data={"number": NUMBER}).status_code == 422
    assert ana.post(PHONE, data={**form, "number": NUMBER}, headers={"Sec-Fetch-Site": "cross-site"}).status_code == 403


def test_where_no_texts_are_sent_no_number_is_asked_for(ana, env, monkeypatch):
    form = token(ana)
    monkeypatch.setattr(Settings, "sends_texts", property(lambda _settings: False))
    assert "We send no text messages at present" in ana.get(PHONE).text
    assert PHONE not in ana.get("/camille/preferences").text
    assert ana.post(PHONE, data={**form, "number": NUMBER}).status_code == 404
    assert "phone_code" not in journeys.mails(env, ANA)


def test_an_unproved_number_leaves_with_its_code(ana, env):
    ask(ana)
    with time_machine.travel(clock.now()) as time:
        time.shift(3600)
        with env.database.transaction() as session:
            assert service.purge(session) == 1
            assert session.scalar(select(AddressRow.kind).where(AddressRow.digest == digest(env))) == "phone"
