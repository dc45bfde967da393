"""Full accounts while secret keys change: links, codes and sessions of before go on, until the old key is removed."""

from __future__ import annotations

import pytest

from app.kit.signing import Signer
from app.services.messages import MessageKind
from tests import customers, journeys
from tests.customers import ANA, OTHER, PASSWORD
from tests.ones_data import CHECK, DATA, code, token

KEYS = {"rotated": 2, "removed": 1}
"""How many of the newest two keys there are."""


@pytest.fixture
def turn(env):
    """Give what changes the keys of the application: a new one beside the old, or alone."""

    def turn(how):
        keys = [*env.settings.secret_keys, "the new one of secret keys, long enough"]
        # It is this test's own, and every session carries it.
        object.__setattr__(env, "signer", Signer(keys[-KEYS[how] :], env.settings.leave_keys))

    return turn


@pytest.mark.parametrize(("how", "status"), [("rotated", 303), ("removed", 404)])
@pytest.mark.parametrize("kind", [MessageKind.REGISTER, MessageKind.PASSWORD_RESET])
def test_links_of_before(client, app, env, turn, kind, how, status):
    if kind is MessageKind.PASSWORD_RESET:
        customers.register(app.test_client(), env, ANA)
    customers.ask(client, ANA, "register" if kind is MessageKind.REGISTER else "password/reset")
    path = customers.link(env, ANA, kind)
    turn(how)
    assert client.post(path, data={"password": OTHER, "terms": "1"}).status_code == status


@pytest.mark.parametrize(("how", "status"), [("rotated", 303), ("removed", 422)])
def test_a_code_that_was_mailed_before(client, env, outbox, turn, how, status):
    journeys.subscribe(client, env, ANA)
    client.post(f"{CHECK}/code", data=token(client, CHECK))
    good = code(env, outbox)
    turn(how)
    assert client.post(CHECK, data={**token(client, CHECK), "code": good}).status_code == status
    assert client.get(f"{DATA}/delete").status_code == (200 if status == 303 else 303)


@pytest.mark.parametrize("how", KEYS)
def test_a_session_stays_whatever_the_keys_and_its_forms_of_before_while_theirs_is_there(client, env, turn, how):
    customers.register(client, env, ANA)
    form = {**token(client, CHECK), "password": PASSWORD}
    turn(how)
    assert customers.is_signed_in(client), "no key is in its cookie"
    assert client.post(CHECK, data=form).status_code == (303 if how == "rotated" else 422)
    assert client.post(CHECK, data={**form, **token(client, CHECK)}).status_code == 303


@pytest.mark.parametrize("how", KEYS)
def test_a_sign_in_between_password_and_code(app, ana, turn, how):
    other = app.test_client()
    customers.sign_in(other, ANA)
    turn(how)
    assert other.get("/camille/sign-in/code").status_code == (200 if how == "rotated" else 303)
