"""Passkeys with an authenticator in software: added, shown, renamed, removed, and everything that must not pass."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import delete, func, select, update

from app.models import Account, PasskeyRow, PasswordRow, SpentProof
from tests import customers, journeys
from tests.authenticators import PRESENT, Authenticator, decoded
from tests.customers import ANA, BEA, PASSWORD

KEYS = "/camille/account/security/passkeys"
SHOW = "/camille/sign-in/passkey"


@pytest.fixture
def authenticator(env):
    return Authenticator(env.settings.origin)


@pytest.fixture
def owner(client, env, authenticator, time):
    """Give the browser of Ana, who keeps a passkey."""
    customers.register(client, env, ANA)
    assert add(client, authenticator).status_code == 303
    return client


def options(client, path=f"{KEYS}/new"):
    return client.get(path).json


def add(client, authenticator, given=None, **sent):
    answer = authenticator.make(given or options(client))
    form = {"csrf_token": journeys.form_token(client.get(KEYS).text), "credential": answer, **sent}
    return client.post(KEYS, data=form)


def show(client, answer, **more):
    token = journeys.form_token(client.get("/camille/sign-in").text)
    return client.post(SHOW, data={"csrf_token": token, "credential": answer}, **more)


def sign_in(client, authenticator, given=None, **more):
    return show(client, authenticator.show(given or options(client, SHOW)), **more)


def change(client, act, number=0, **sent):
    page = client.get(KEYS).text
    handle = re.findall(r'name="handle" value="(\w+)"', page)[number]
    form = {"csrf_token": journeys.form_token(page), "handle": handle, "act": act, **sent}
    return client.post(f"{KEYS}/change", data=form)


def kept(session):
    return session.scalar(select(func.count()).select_from(PasskeyRow))


def test_a_passkey_is_added_and_signs_in_on_every_house(owner, app, env, session, authenticator):
    assert journeys.mails(env, ANA).count("security_changed") == 1
    assert "not used yet" in owner.get(KEYS).text
    other = app.test_client()
    answer = sign_in(other, authenticator)
    assert (answer.status_code, answer.location) == (303, "/camille/account")
    assert customers.is_signed_in(other)
    assert "last used on" in owner.get(KEYS).text
    assert decoded(options(other, "/ostra/sign-in/passkey")["challenge"])


def test_options_ask_for_discoverable_passkeys_with_verification(owner, env, session, authenticator):
    account = session.scalars(select(Account)).one()
    to_add, to_show = options(owner), options(owner, SHOW)
    assert to_add["rp"] == {"id": "localhost", "name": env.group.name}
    assert decoded(to_add["user"]["id"]) == account.id.bytes
    selection = to_add["authenticatorSelection"]
    assert (selection["residentKey"], selection["userVerification"]) == ("required", "required")
    assert [decoded(each["id"]) for each in to_add["excludeCredentials"]] == [authenticator.credential_id]
    assert to_add["attestation"] == "none"
    assert (to_show["rpId"], to_show["userVerification"], to_show["timeout"]) == ("localhost", "required", 120_000)
    assert to_show["allowCredentials"] == [], "the same for everybody"


def test_looking_and_asking_write_nothing(client, env, session):
    customers.register(client, env, ANA)
    for path in (KEYS, f"{KEYS}/new", SHOW, "/camille/sign-in"):
        client.get(path)
    assert kept(session) == session.scalar(select(func.count()).select_from(SpentProof)) == 0


def test_a_passkey_counts_as_both_factors(ana, app, env):
    authenticator = Authenticator(env.settings.origin)
    add(ana.browser, authenticator)
    other = app.test_client()
    assert sign_in(other, authenticator).location == "/camille/account"
    assert customers.is_signed_in(other)


BROKEN = {
    "wrong origin": {"origin": "https://evil.example.com"},
    "origin of another port": {"origin": "http://localhost:1"},
    "wrong RP id": {"rp_id": "evil.example.com"},
    "owner not verified": {"flags": PRESENT},
    "nobody there": {"flags": 0},
}


@pytest.mark.parametrize("what", BROKEN)
def test_what_is_not_right_adds_nothing(client, env, session, authenticator, what):
    customers.register(client, env, ANA)
    answer = add(client, replace(authenticator, **BROKEN[what]))
    assert (answer.status_code, "did not work" in answer.text) == (422, True)
    assert kept(session) == 0


@pytest.mark.parametrize("what", [*BROKEN, "unknown", "wrong key", "another handle", "no handle"])
def test_what_is_not_right_signs_nobody_in_and_gets_one_answer(owner, app, authenticator, what):
    changes = BROKEN.get(what) or {
        "unknown": {"credential_id": b"another passkey"}, "wrong key": {"key": Authenticator("").key},
        "another handle": {"user_handle": bytes(16)}, "no handle": {"user_handle": b""},
    }[what]  # fmt: skip
    other = app.test_client()
    answer = sign_in(other, replace(authenticator, **changes))
    assert (answer.status_code, "That passkey did not fit." in answer.text) == (422, True)
    assert not customers.is_signed_in(other)


def test_a_challenge_counts_once(owner, app, authenticator):
    given = options(owner, SHOW)
    first, second = app.test_client(), app.test_client()
    assert sign_in(first, authenticator, given).status_code == 303
    assert sign_in(second, authenticator, given).status_code == 422
    assert not customers.is_signed_in(second)


def test_a_challenge_to_add_counts_once(owner, env, session):
    given = options(owner)
    assert add(owner, Authenticator(env.settings.origin), given).status_code == 303
    assert add(owner, Authenticator(env.settings.origin), given).status_code == 422
    assert kept(session) == 2


def test_a_challenge_is_of_the_session_that_asked(owner, app, env, session):
    bea = app.test_client()
    customers.register(bea, env, BEA)
    assert add(bea, Authenticator(env.settings.origin), options(owner)).status_code == 422
    assert kept(session) == 1


def test_challenges_are_not_good_for_each_other(owner, app, env, session, authenticator):
    to_show = options(owner, SHOW)
    to_add = options(owner)
    assert (
        add(owner, Authenticator(env.settings.origin), {**to_add, "challenge": to_show["challenge"]}).status_code == 422
    )
    assert sign_in(app.test_client(), authenticator, to_add).status_code == 422
    assert kept(session) == 1


@pytest.mark.parametrize(("seconds", "status"), [(119, 303), (121, 422)])
def test_a_challenge_lasts_two_minutes(owner, app, env, time, authenticator, seconds, status):
    to_show, to_add = options(owner, SHOW), options(owner)
    time.shift(seconds)
    assert sign_in(app.test_client(), authenticator, to_show).status_code == status
    assert add(owner, Authenticator(env.settings.origin), to_add).status_code == status


@pytest.mark.parametrize("challenge", ["", "AAAA", "Zm9yZ2Vk", "é"])
def test_a_challenge_of_somebody_else_is_none(owner, app, authenticator, challenge):
    assert sign_in(app.test_client(), authenticator, {"challenge": challenge}).status_code == 422


@pytest.mark.parametrize(
    ("counts", "last"),
    [((0, 0, 0), 303), ((5, 6, 7), 303), ((5, 5), 422), ((5, 4), 422), ((5, 0), 422), ((0, 5, 5), 422)],
)
def test_a_count_that_does_not_grow_tells_of_a_copy(client, app, env, time, authenticator, counts, last):
    customers.register(client, env, ANA)
    authenticator.count = counts[0]
    add(client, authenticator)
    for number in counts[1:]:
        authenticator.count = number
        answer = sign_in(app.test_client(), authenticator)
    assert answer.status_code == last


@pytest.mark.parametrize(
    "answer",
    ["", "{}", "[]", "null", "\x00", "[" * 9_000, '{"id": 1}', "x" * 30_000,
     json.dumps({"id": "AA", "rawId": "AA", "type": "public-key", "response": {
         "clientDataJSON": "AA", "authenticatorData": "AA", "signature": "AA", "attestationObject": "AA"}})],
)  # fmt: skip
def test_what_is_no_answer_is_refused(owner, app, answer):
    assert show(app.test_client(), answer).status_code == 422
    token = journeys.form_token(owner.get(KEYS).text)
    assert owner.post(KEYS, data={"csrf_token": token, "credential": answer}).status_code == 422


def test_a_passkey_is_one_accounts_only(owner, app, env, session, authenticator):
    bea = app.test_client()
    customers.register(bea, env, BEA)
    assert add(bea, authenticator).status_code == 422
    assert kept(session) == 1


@pytest.mark.parametrize(("status", "answer"), [("erased", 422), ("restricted", 303)])
def test_an_erased_account_opens_no_door_and_one_held_still_does(owner, app, session, authenticator, status, answer):
    session.execute(update(Account).values(status=status))
    session.commit()
    assert sign_in(app.test_client(), authenticator).status_code == answer


def test_an_older_session_adds_and_removes_none_before_it_proves_itself_again(owner, env, session, time):
    time.shift(timedelta(minutes=10, seconds=1))
    assert owner.get(f"{KEYS}/new").location == "/camille/account/data/check?to=web.passkey_options"
    assert "check?to=web.passkeys" in owner.get(KEYS).text
    answer = change(owner, "remove")
    assert answer.location == "/camille/account/data/check?to=web.passkeys_change_post"
    assert kept(session) == 1
    form = {"csrf_token": journeys.form_token(owner.get(answer.location).text), "password": PASSWORD}
    assert owner.post(answer.location, data=form).location == f"{KEYS}?again=1"
    assert change(owner, "remove").location == f"{KEYS}?removed=1"


def test_a_session_that_ended_meanwhile_adds_none(owner, app, env, session):
    given, page = options(owner), owner.get(KEYS).text
    secret = owner.get_cookie("parley").value
    owner.post("/camille/sign-out", data={"csrf_token": journeys.form_token(page)})
    owner.set_cookie("parley", secret)
    form = {"csrf_token": journeys.form_token(page), "credential": Authenticator(env.settings.origin).make(given)}
    assert owner.post(KEYS, data=form).location == "/camille/sign-in"
    assert kept(session) == 1


def test_several_are_named_and_removed_one_by_one(owner, app, env, session, authenticator, time):
    time.shift(1)
    second = Authenticator(env.settings.origin)
    add(owner, second, name="  Work\x00  laptop ")
    assert "Work laptop" in owner.get(KEYS).text
    change(owner, "rename", 0, name="<b>" + "x" * 100)
    assert "&lt;b&gt;" + "x" * 57 + "</p>" in owner.get(KEYS).text
    change(owner, "rename", 0, name=" ")
    assert change(owner, "remove", 1).location == f"{KEYS}?removed=1"
    assert session.scalars(select(PasskeyRow.credential_id)).all() == [authenticator.credential_id]
    assert sign_in(app.test_client(), second).status_code == 422
    assert sign_in(app.test_client(), authenticator).status_code == 303
    assert journeys.mails(env, ANA).count("security_changed") == 3


def test_nobody_changes_the_passkeys_of_others(owner, app, env, session):
    bea, page = app.test_client(), owner.get(KEYS).text
    customers.register(bea, env, BEA)
    handle = re.search(r'name="handle" value="(\w+)"', page).group(1)
    form = {"csrf_token": journeys.form_token(bea.get(KEYS).text), "handle": handle}
    for act in ("rename", "remove"):
        assert bea.post(f"{KEYS}/change", data={**form, "act": act, "name": "mine"}).location == KEYS
    assert session.scalars(select(PasskeyRow.name)).all() != ["mine"]


def test_the_last_way_in_stays(owner, env, session):
    session.execute(delete(PasswordRow))
    answer = change(owner, "remove")
    assert (answer.status_code, "your only way in" in answer.text) == (422, True)
    add(owner, Authenticator(env.settings.origin))
    assert change(owner, "remove").status_code == 303
    assert change(owner, "remove").status_code == 422
    assert kept(session) == 1


def test_an_account_keeps_twenty(owner, env, session):
    for _ in range(20):
        last = add(owner, Authenticator(env.settings.origin))
    assert (last.status_code, kept(session)) == (422, 20)


def test_the_eleventh_try_in_five_minutes_waits(owner, app, time, authenticator):
    other = app.test_client()
    for _ in range(10):
        assert show(other, "{}").status_code == 422
    answer = sign_in(other, authenticator)
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "300")
    elsewhere = {"environ_overrides": {"REMOTE_ADDR": "10.1.2.3"}}
    assert sign_in(app.test_client(), authenticator, **elsewhere).status_code == 303
    time.shift(300)
    assert sign_in(other, authenticator).status_code == 303


@pytest.mark.parametrize("path", [KEYS, f"{KEYS}/change", SHOW])
def test_posts_that_another_site_makes_a_browser_send_are_refused(owner, path):
    assert owner.post(path, data={}, headers={"Sec-Fetch-Site": "cross-site"}).status_code == 403


@pytest.mark.parametrize("path", [KEYS, f"{KEYS}/change", SHOW])
def test_a_forged_token_changes_nothing(owner, session, authenticator, path):
    page = owner.get(KEYS).text
    handle = re.search(r'name="handle" value="(\w+)"', page).group(1)
    sent = {"csrf_token": "forged", "handle": handle, "act": "remove", "credential": "{}"}
    assert owner.post(path, data=sent).status_code == 422
    assert kept(session) == 1


@pytest.mark.parametrize("path", [KEYS, f"{KEYS}/new"])
def test_none_of_it_is_for_strangers(client, path):
    assert client.get(path).location == "/camille/sign-in"
