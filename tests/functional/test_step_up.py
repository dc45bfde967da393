"""Before something sensitive, people show once more whose session it is; and nobody gets past that."""

from __future__ import annotations

import pytest
import time_machine
from sqlalchemy import select, update

from app.courier.delivery import deliver
from app.kit import clock
from app.models import Message, SessionRow
from tests import customers, journeys
from tests.ones_data import ANA, CHECK, DATA, code, step_up, token, wrong
from tests.post import mails_to


@pytest.fixture
def ana(client, env):
    """Give a lite person's browser."""
    journeys.subscribe(client, env, ANA)
    return client


def test_a_code_from_the_mailbox_opens_what_is_sensitive_for_ten_minutes(ana, env, outbox):
    with time_machine.travel(clock.now(), tick=False) as time:
        assert ana.get(f"{DATA}/delete").location == f"{CHECK}?to=web.erase"
        step_up(ana, env, outbox)
        assert ana.get(f"{DATA}/delete").status_code == 200
        assert ANA in ana.get(DATA).text
        time.shift(601)
        assert ana.get(f"{DATA}/delete").status_code == 303


def test_a_wrong_code_opens_nothing(ana, env, outbox):
    ana.post(f"{CHECK}/code", data=token(ana, CHECK))
    answer = ana.post(CHECK, data={**token(ana, CHECK), "code": wrong(code(env, outbox))})
    assert (answer.status_code, "That is not the code" in answer.text) == (422, True)
    assert ana.get(f"{DATA}/delete").status_code == 303


def test_a_code_is_good_once_and_for_its_time_and_its_session(ana, app, env, outbox):
    with time_machine.travel(clock.now(), tick=False) as time:
        ana.post(f"{CHECK}/code", data=token(ana, CHECK))
        good = code(env, outbox)
        other = app.test_client()
        journeys.subscribe(other, env, ANA, ["private-sales:email"])
        assert other.post(CHECK, data={**token(other, CHECK), "code": good}).status_code == 422
        time.shift(901)
        assert ana.post(CHECK, data={**token(ana, CHECK), "code": good}).status_code == 422
        time.shift(-900)
        assert ana.post(CHECK, data={**token(ana, CHECK), "code": good}).status_code == 303
        assert ana.post(CHECK, data={**token(ana, CHECK), "code": good}).status_code == 422


def test_the_sixth_try_is_refused_even_if_it_is_right(ana, env, outbox):
    ana.post(f"{CHECK}/code", data=token(ana, CHECK))
    good = code(env, outbox)
    for _ in range(5):
        ana.post(CHECK, data={**token(ana, CHECK), "code": wrong(good)})
    assert ana.post(CHECK, data={**token(ana, CHECK), "code": good}).status_code == 422


def test_a_younger_code_replaces_an_older_one_and_five_a_day_are_enough(ana, env, outbox, session):
    form = token(ana, CHECK)
    ana.post(f"{CHECK}/code", data=form)
    older = code(env, outbox)
    for _ in range(4):
        assert ana.post(f"{CHECK}/code", data=form).status_code == 303
    assert ana.post(CHECK, data={**token(ana, CHECK), "code": older}).status_code == 422
    assert ana.post(f"{CHECK}/code", data=form).status_code == 429
    superseded = next(each for each in mails_to(env, ANA) if each.kind == "step_up")
    session.execute(update(Message).where(Message.id == superseded.id).values(state="queued"))
    assert deliver(env, outbox, superseded.id) == "dropped"


def test_a_code_stands_nowhere_in_the_database_and_is_the_same_in_a_repeated_mail(ana, env, outbox, session):
    ana.post(f"{CHECK}/code", data=token(ana, CHECK))
    first = code(env, outbox)
    session.execute(update(Message).where(Message.kind == "step_up").values(state="queued"))
    assert code(env, outbox) == first
    rows = session.execute(select(SessionRow.__table__)).all() + session.execute(select(Message.context)).all()
    assert first not in str(rows)


def test_a_full_customer_gives_the_password_and_no_code(client, app, env):
    customers.register(client, env, ANA)
    assert 'name="password"' in client.get(CHECK).text
    refused = client.post(CHECK, data={**token(client, CHECK), "password": "wrong"})
    assert (refused.status_code, client.get(f"{DATA}/delete").status_code) == (422, 303)
    form = {**token(client, CHECK), "password": customers.PASSWORD}
    assert client.post(f"{CHECK}?to=web.erase_post", data=form).location == f"{DATA}/delete?again=1"
    assert "Please press once more." in client.get(f"{DATA}/delete?again=1").text
    assert "press once more" not in client.get(f"{DATA}/delete").text
    assert client.get(f"{DATA}/delete").status_code == 200


def test_guesses_at_the_password_are_as_few_as_at_sign_in(client, env):
    customers.register(client, env, ANA)
    form = token(client, CHECK)
    answers = [client.post(CHECK, data={**form, "password": "wrong"}) for _ in range(11)]
    assert answers[-1].status_code == 429
    assert int(answers[-1].headers["Retry-After"]) > 0
    assert client.post(CHECK, data={**form, "password": customers.PASSWORD}).status_code == 429
