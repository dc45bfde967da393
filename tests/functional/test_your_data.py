"""One's own data: seen, taken along, held still, deleted; and nothing of it for whoever only has a session."""

from __future__ import annotations

import csv
import io
import json
import re
import zipfile

import pytest
import time_machine
from sqlalchemy import func, select, update

from app.courier import erasures, exports
from app.courier.delivery import deliver
from app.kit import clock
from app.kit.spreadsheets import neutral
from app.models import Account, ContactPoint, Message, PrivacyExport, PrivacyRequest, SessionRow
from app.services import messages
from tests import customers, journeys
from tests.post import mails_to

ANA, BEA = "ana@example.com", "bea@example.com"
DATA, CHECK = "/camille/account/data", "/camille/account/data/check"


def token(client, path=DATA):
    return {"csrf_token": journeys.form_token(client.get(path).text)}


def code(env, outbox, email=ANA):
    """Deliver the newest mail with a code and read it."""
    mail = [each for each in mails_to(env, email) if each.kind == "step_up"][-1]
    assert deliver(env, outbox, mail.id) == "sent"
    return re.search(r"\b\d{6}\b", outbox.parsed().get_body(("plain",)).get_content())[0]


def step_up(client, env, outbox, email=ANA):
    """Have a code mailed and type it."""
    client.post(f"{CHECK}/code", data=token(client, CHECK))
    return client.post(CHECK, data={**token(client, CHECK), "code": code(env, outbox, email)})


def ask_for_copy(client, env):
    client.post(f"{DATA}/export", data=token(client))
    with env.database.transaction() as session:
        request_id = session.scalar(select(PrivacyRequest.id).where(PrivacyRequest.kind == "export"))
    assert exports.build(env, request_id)
    return request_id


def wrong(good):
    return f"{(int(good) + 1) % 10**6:06d}"


@pytest.fixture
def ana(client, env):
    """Give a lite person's browser."""
    journeys.subscribe(client, env, ANA)
    return client


@pytest.fixture
def sure(ana, env, outbox):
    """Give the same after step-up."""
    assert step_up(ana, env, outbox).location == DATA
    return ana


def test_the_page_tells_what_is_held_in_plain_words(ana):
    page = ana.get(DATA).text
    assert "a•••@example.com" in page
    assert ANA not in page, "a mail may have been passed on"
    for words in ("No password: mails let you in", "Yes: 1. No: 0.", "Lines: 1", "Mails of the last 90 days"):
        assert words in page


def test_a_full_customer_comes_from_the_account_and_sees_the_address(client, env):
    customers.register(client, env, ANA)
    assert f'href="{DATA}"' in client.get("/camille/account").text
    assert ANA in client.get(DATA).text


def test_the_centre_leads_there(ana):
    assert f'href="{DATA}"' in ana.get("/camille/preferences").text


@pytest.mark.parametrize("path", [DATA, CHECK, f"{DATA}/delete", f"{DATA}/download/{'0' * 32}"])
def test_without_a_session_there_is_nothing_to_see(client, path):
    assert client.get(path).status_code in {303, 404}


def test_a_code_from_the_mailbox_opens_what_is_sensitive_for_ten_minutes(ana, env, outbox):
    with time_machine.travel(clock.now(), tick=False) as time:
        assert ana.get(f"{DATA}/delete").location == f"{CHECK}?to=web.erase"
        step_up(ana, env, outbox)
        assert ana.get(f"{DATA}/delete").status_code == 200
        assert ANA in ana.get(DATA).text
        time.shift(601)
        assert ana.get(f"{DATA}/delete").status_code == 303


def test_the_session_gets_a_new_secret(ana, app, env, outbox):
    former = ana.get_cookie("parley").value
    step_up(ana, env, outbox)
    other = app.test_client()
    other.set_cookie("parley", former)
    assert other.get(DATA).status_code == 303
    assert ana.get(DATA).status_code == 200


@pytest.mark.parametrize("path", ["export", "delete"])
def test_a_session_alone_is_not_enough(ana, session, path):
    answer = ana.post(f"{DATA}/{path}", data=token(ana))
    assert answer.location.startswith(CHECK)
    assert session.scalar(select(func.count()).select_from(PrivacyRequest)) == 0


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
    assert client.post(f"{CHECK}?to=web.erase_post", data=form).location == f"{DATA}/delete"
    assert client.get(f"{DATA}/delete").status_code == 200


def test_guesses_at_the_password_are_as_few_as_at_sign_in(client, env):
    customers.register(client, env, ANA)
    form = token(client, CHECK)
    answers = [client.post(CHECK, data={**form, "password": "wrong"}) for _ in range(11)]
    assert answers[-1].status_code == 429
    assert int(answers[-1].headers["Retry-After"]) > 0
    assert client.post(CHECK, data={**form, "password": customers.PASSWORD}).status_code == 429


def test_a_copy_holds_everything_for_programs_for_a_spreadsheet_and_to_read(sure, env, outbox):
    request_id = ask_for_copy(sure, env)
    mail = mails_to(env, ANA)[-1]
    assert deliver(env, outbox, mail.id) == "sent"
    assert f"/camille/account/data/download/{request_id}" in outbox.parsed().get_body(("plain",)).get_content()
    answer = sure.get(f"{DATA}/download/{request_id}")
    assert (answer.mimetype, answer.headers["Cache-Control"]) == ("application/zip", "no-store")
    assert answer.headers["Content-Disposition"].startswith("attachment")
    with zipfile.ZipFile(io.BytesIO(answer.data)) as archive:
        assert sorted(archive.namelist()) == ["consents.csv", "data.json", "index.html"]
        found = json.loads(archive.read("data.json"))
        table = list(csv.DictReader(io.StringIO(archive.read("consents.csv").decode("utf-8-sig"))))
        page = archive.read("index.html").decode()
    assert found["addresses"][0]["address"] == ANA
    assert found["acts"][0]["words"]
    assert found["acts"][0]["detail"]["opt_in_request"]
    assert {"confirm", "welcome", "step_up"} <= {each["kind"] for each in found["mails"]}
    assert [(row["house"], row["key"], row["status"]) for row in table] == [("camille", "newsletter", "granted")]
    assert ANA in page
    assert "Camille" in page


@pytest.mark.parametrize("cell", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1"])
def test_a_spreadsheet_runs_nothing(cell):
    assert neutral(cell) == f"'{cell}"
    assert neutral("a=1") == "a=1"


def test_a_copy_is_sealed_where_it_lies(sure, env, session):
    ask_for_copy(sure, env)
    assert session.scalars(select(PrivacyExport)).one().sealed.startswith(b"gAAAA")


def test_a_copy_is_for_its_own_account_with_step_up_and_for_a_week(sure, app, env, outbox):
    bea = app.test_client()
    journeys.subscribe(bea, env, BEA)
    assert step_up(bea, env, outbox, BEA).status_code == 303
    with time_machine.travel(clock.now(), tick=False) as time:
        path = f"{DATA}/download/{ask_for_copy(sure, env)}"
        assert bea.get(path).status_code == 404
        fresh = app.test_client()
        journeys.subscribe(fresh, env, ANA, ["private-sales:email"])
        assert fresh.get(path).location.startswith(CHECK)
        assert app.test_client().get(path).location == "/camille/preferences/link"
        time.shift(7 * 86_400 + 1)
        fresh = app.test_client()
        customers.register(fresh, env, ANA)
        fresh.post(CHECK, data={**token(fresh, CHECK), "password": customers.PASSWORD})
        assert fresh.get(path).status_code == 404


def test_three_copies_a_day_are_enough(sure, env):
    form = token(sure)
    answers = [sure.post(f"{DATA}/export", data=form).status_code for _ in range(4)]
    assert answers == [303, 303, 303, 429]


def test_held_still_nothing_is_sent_until_one_says_otherwise(ana, env, session):
    ana.post(f"{DATA}/restriction", data={**token(ana), "restrict": "on"})
    assert session.scalar(select(Account.status)) == "restricted"
    assert journeys.decision(env, ANA) == "restricted"
    assert "Your data is held still" in ana.get(DATA).text
    ana.post(f"{DATA}/restriction", data={**token(ana), "restrict": "off"})
    assert journeys.decision(env, ANA) == "granted"


def test_whoever_holds_their_data_still_can_come_back(client, app, env):
    customers.register(client, env, ANA)
    client.post(f"{DATA}/restriction", data={**token(client), "restrict": "on"})
    assert customers.sign_in(app.test_client(), ANA).status_code == 303
    other = app.test_client()
    form = {"email": ANA, "csrf_token": journeys.form_token(other.get("/camille/preferences/link").text)}
    other.post("/camille/preferences/link", data=form)
    other.post(journeys.access_path(env, ANA))
    assert other.get("/camille/preferences").status_code == 200


def test_deleting_tells_what_goes_and_what_stays_and_waits_for_a_week(sure, env, outbox, session):
    page = sure.get(f"{DATA}/delete").text
    assert "This goes" in page
    assert "This stays, and why" in page
    assert sure.post(f"{DATA}/delete", data=token(sure)).location == DATA
    assert "Keep my data" in sure.get(DATA).text
    assert erasures.run(env) == 0
    assert session.scalar(select(func.count()).select_from(ContactPoint)) == 1
    assert deliver(env, outbox, mails_to(env, ANA)[-1].id) == "sent"
    assert "/erasure-stop/" in outbox.parsed().get_body(("plain",)).get_content()


def test_after_a_week_the_person_is_gone(sure, app, env, session):
    sure.post(f"{DATA}/delete", data=token(sure))
    with time_machine.travel(clock.now(), tick=False) as time:
        time.shift(7 * 86_400 + 1)
        assert erasures.run(env) == 1
    assert session.scalar(select(Account.status)) == "erased"
    assert sure.get(DATA).status_code == 303
    assert journeys.decision(env, ANA) == "unknown_subject"


def test_it_can_be_stopped_on_the_page_of_ones_data_and_of_the_account(client, env, session):
    customers.register(client, env, ANA)
    client.post(CHECK, data={**token(client, CHECK), "password": customers.PASSWORD})
    client.post(f"{DATA}/delete", data=token(client))
    assert "Keep my data" in client.get("/camille/account").text
    assert client.post(f"{DATA}/keep", data=token(client)).location == f"{DATA}?kept=1"
    assert session.scalar(select(PrivacyRequest.state).where(PrivacyRequest.kind == "erasure")) == "stopped"
    with time_machine.travel(clock.now(), tick=False) as time:
        time.shift(8 * 86_400)
        assert erasures.run(env) == 0


def stop_link(env, outbox):
    mail = [each for each in mails_to(env, ANA) if each.kind == "erasure_asked"][-1]
    assert deliver(env, outbox, mail.id) == "sent"
    text = outbox.parsed().get_body(("plain",)).get_content()
    return re.search(r"http://localhost:8000(/\S+/erasure-stop/[^\s?]+)", text)[1]


def test_the_link_of_the_mail_stops_it_and_signs_out_everywhere(sure, app, env, outbox, session):
    sure.post(f"{DATA}/delete", data=token(sure))
    link, stranger = stop_link(env, outbox), app.test_client()
    for _ in range(2):
        assert stranger.get(link).status_code == 200
        stranger.head(link)
    assert session.scalar(select(PrivacyRequest.state)) == "open", "looking changes nothing"
    assert stranger.post(link).status_code == 200
    assert session.scalar(select(PrivacyRequest.state)) == "stopped"
    assert sure.get(DATA).status_code == 303
    assert (stranger.get(link).status_code, stranger.post(link).status_code) == (410, 410)
    assert stranger.get(link[:-3]).status_code == stranger.post(link[:-3]).status_code == 404


def test_no_get_changes_anything(sure, env, session):
    request_id = ask_for_copy(sure, env)
    before = [
        session.scalar(select(func.count()).select_from(table)) for table in (PrivacyRequest, Message, SessionRow)
    ]
    for path in (DATA, CHECK, f"{DATA}/delete", f"{DATA}/download/{request_id}"):
        sure.get(path)
    after = [session.scalar(select(func.count()).select_from(table)) for table in (PrivacyRequest, Message, SessionRow)]
    assert after == before
    for path in (f"{DATA}/export", f"{DATA}/restriction", f"{DATA}/keep", f"{CHECK}/code"):
        assert sure.get(path).status_code in {404, 405}


@pytest.mark.parametrize("path", [f"{DATA}/export", f"{DATA}/restriction", f"{DATA}/delete", f"{CHECK}/code", CHECK])
def test_a_form_of_another_site_or_session_does_nothing(sure, session, path):
    assert sure.post(path, data={"csrf_token": "x", "restrict": "on"}).status_code == 422
    foreign = sure.post(path, data={**token(sure), "restrict": "on"}, headers={"Origin": "https://evil.example.com"})
    assert foreign.status_code == 403
    assert session.scalar(select(func.count()).select_from(PrivacyRequest)) == 0


def test_mails_about_ones_data_go_also_after_others_of_that_day(sure, env):
    assert len([each for each in mails_to(env, ANA) if each.kind not in messages.UNCOUNTED]) >= 2
    for _ in range(3):
        form = {"email": ANA, "csrf_token": journeys.form_token(sure.get("/camille/preferences/link").text)}
        sure.post("/camille/preferences/link", data=form)
    sure.post(f"{DATA}/delete", data=token(sure))
    assert mails_to(env, ANA)[-1].kind == "erasure_asked"
