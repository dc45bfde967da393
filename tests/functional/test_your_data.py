"""One's own data: seen, taken along, held still, deleted; and nothing of it for whoever only has a session."""

from __future__ import annotations

import csv
import html
import io
import json
import re
import zipfile

import pytest
import time_machine
from sqlalchemy import func, select

from app.courier import erasures, exports
from app.courier.delivery import deliver
from app.kit import clock
from app.kit.spreadsheets import neutral
from app.models import Account, ContactPoint, Message, PrivacyExport, PrivacyRequest, ProfileChange, SessionRow
from app.services import holdings, messages
from tests import accounts, api, customers, journeys, records
from tests.functional import moving
from tests.ones_data import ANA, BEA, CHECK, DATA, step_up, token
from tests.post import mails_to


def ask_for_copy(client, env):
    client.post(f"{DATA}/export", data=token(client))
    with env.database.transaction() as session:
        request_id = session.scalar(select(PrivacyRequest.id).where(PrivacyRequest.kind == "export"))
    assert exports.build(env, request_id)
    return request_id


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


def test_a_copy_holds_everything_for_programs_for_a_spreadsheet_and_to_read(sure, env, outbox):
    request_id = ask_for_copy(sure, env)
    mail = mails_to(env, ANA)[-1]
    assert deliver(env, outbox, mail.id) == "sent"
    assert f"/camille/account/data/download/{request_id}" in outbox.parsed().get_body(("plain",)).get_content()
    answer = sure.get(f"{DATA}/download/{request_id}")
    assert (answer.mimetype, answer.headers["Cache-Control"]) == ("application/zip", "no-store")
    assert answer.headers["Content-Disposition"].startswith("attachment")
    with zipfile.ZipFile(io.BytesIO(answer.data)) as archive:
        assert sorted(archive.namelist()) == ["consents.csv", "data.json", "index.html", "records.jsonld"]
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


def read(sure, request_id):
    """Read a copy: the page, what is for programs, the records."""
    with zipfile.ZipFile(io.BytesIO(sure.get(f"{DATA}/download/{request_id}").data)) as archive:
        named = ("data.json", "records.jsonld")
        return html.unescape(archive.read("index.html").decode()), *(json.loads(archive.read(each)) for each in named)


def test_a_copy_holds_the_record_of_each_choice(sure, env):
    journeys.press(sure, set="camille:private-sales:email=on")
    _page, found, kept = read(sure, ask_for_copy(sure, env))
    assert [each["dct:identifier"] for each in kept] == [f"{found['account']['id']}.1", f"{found['account']['id']}.2"]
    for each, row in zip(kept, found["consents"], strict=True):
        assert records.faults(each) == []
        assert each["dpv:hasProcess"]["dpv:hasPurpose"]["dct:identifier"] == f"camille:{row['key']}:email"


def test_a_copy_tells_who_answers_why_who_sees_it_how_long_and_which_rights(sure, app, env):
    api.bearer(app.test_client(), env, "camille")
    api.bearer(app.test_client(), env, "ostra")
    page, found, _kept = read(sure, ask_for_copy(sure, env))
    about, camille = found["about"], env.group.brands["camille"]
    assert [each["site"] for each in about["controllers"]] == ["luxe", "camille"]
    assert about["controllers"][1]["postal_address"] == list(camille.controller.postal_address)
    assert about["seen_by"] == {"houses": ["camille"], "systems": [{"name": "A shop", "houses": ["camille"]}]}
    assert about["kept_for_days"] == {"mails": 90, "sign_ups_not_confirmed": 30}
    assert "complain" in about["rights"]
    assert {each["site"] for each in about["privacy_notices"]} >= {"luxe"}
    for words in (
        "may ask about you: A shop.", "of its houses: Camille.", "after 90 days", "data protection authority",
        "Privacy notice", "Your yes. Nothing is sent or done without it.", "Confirmation page",
        env.group.controller.contact,
    ):  # fmt: skip
        assert words in page


def test_a_copy_names_the_new_address_once_it_is_proved(sure, app, env, outbox, session):
    account = moving.owner(env, ANA)
    moving.ask(sure)
    _page, found, _kept = read(sure, ask_for_copy(sure, env))
    (change,) = found["changes_of_address"]
    assert (change["from"], change["to"], change["outcome"]) == (ANA, None, "pending")
    for email, action in ((ANA, "address-agree"), (moving.NEW, "address-prove")):
        app.test_client().post(moving.link(moving.post(env, outbox, email), action))
    held = holdings.gather(session, account)
    (moved,) = held.changes
    assert (held.typed[moved.from_digest], held.typed[moved.to_digest]) == (ANA, moving.NEW)


@pytest.mark.parametrize("cell", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1"])
def test_a_spreadsheet_runs_nothing(cell):
    assert neutral(cell) == f"'{cell}"
    assert neutral("a=1") == "a=1"


def test_a_copy_tells_not_whether_an_address_that_was_wished_for_is_known(ana, app, env, session):
    journeys.subscribe(app.test_client(), env, BEA)
    moving.ask(ana, BEA.upper())
    held = holdings.gather(session, moving.owner(env, ANA))
    (change,) = held.changes
    assert (held.typed[change.from_digest], held.typed.get(change.to_digest)) == (ANA, None)


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


def test_what_another_system_told_of_somebody_without_a_password_can_be_taken_back(sure, app, env, session):
    shop = app.test_client()
    told = {"profile": {"country": {"country": "FR"}}}
    account = session.scalar(select(Account.id))
    assert accounts.amend(shop, accounts.bearer(shop, env), account, **told).status_code == 204
    page = sure.get(DATA).text
    assert "France" in page
    assert "Remove from your profile: Where you live" in page
    path = f"{DATA}/profile/country/remove"
    assert sure.post(path, data={"csrf_token": "x"}).status_code == 422
    assert "France" in sure.get(DATA).text
    assert sure.post(path, data=token(sure)).location == f"{DATA}?removed=1#correct"
    assert "Removed. We have not kept" in sure.get(f"{DATA}?removed=1").text
    page = sure.get(DATA).text
    assert ("France" in page, "Remove from your profile" in page) == (False, False)
    assert session.scalars(select(ProfileChange.action).order_by(ProfileChange.id)).all() == ["set", "removed"]


def test_held_still_nothing_is_sent_until_one_says_otherwise(ana, env, session):
    ana.post(f"{DATA}/restriction", data={**token(ana), "restrict": "on"})
    assert session.scalar(select(Account.status)) == "restricted"
    assert journeys.decision(env, ANA) == "restricted"
    assert "Your data is held still" in ana.get(DATA).text
    on_again = ana.post(f"{DATA}/restriction", data={**token(ana), "restrict": "off"}, follow_redirects=True)
    assert "It goes on as before" in on_again.text
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
    assert "Keep my data" in sure.get("/camille/preferences").text
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
