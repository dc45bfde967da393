"""A document changes: who is asked in the centre, at sign-in and by mail, and what decisions and the ledger say."""

from __future__ import annotations

from datetime import timedelta

import pytest

from app.courier import reconsents
from app.models import Account
from app.services import decisions, notices
from app.services.folding import Action
from app.services.items import items
from tests import centres, customers, documents, journeys
from tests.documents import answer, answers, asked, lines, published, today, version, with_version

ANA, BEA = "ana@example.com", "bea@example.com"
SOON = timedelta(days=20)


@pytest.fixture
def ana(member_browser):
    return member_browser


def test_nobody_is_asked_before_a_version_is_there_that_asks(env, ana, group):
    assert asked(env, ANA) == []
    with published(env, with_version(group, version(today() + SOON, asks=False))) as changed:
        assert asked(changed, ANA) == []


def test_the_centre_asks_before_the_day_and_yes_is_a_line_for_each_thing(news, ana):
    page = ana.get("/camille/preferences").text
    assert "“Privacy notice” of LÜXE: a new version from" in centres.plain(page)
    assert len(answers(page)) == 2
    assert answer(ana).location.startswith("/camille/preferences?told=agreed")
    renewed = lines(news, ANA, "renewed")
    new = (today() + SOON).isoformat()
    assert [(each.document_version, each.attributes["document"]) for each in renewed] == [(new, "privacy")] * 2
    with news.database.transaction() as session:
        words = notices.texts(session, {each.notice_digest for each in renewed})
    assert next(iter(words.values())).startswith("“Privacy notice” of LÜXE: a new version from")
    assert "Camille: Letters from the atelier by e-mail" in next(iter(words.values()))
    assert (asked(news, ANA), answers(ana.get("/camille/preferences").text)) == ([], [])


def test_a_decision_is_as_before_until_the_day_and_then_asks_for_the_yes(env, app, client, group, time):
    ana = app.test_client()
    journeys.subscribe(ana, env, ANA)
    journeys.subscribe(client, env, BEA)
    with published(env, with_version(group, version(today() + SOON)), app) as changed:
        answer(ana)
        reasons = []
        for _ in range(2):
            reasons.append([journeys.decision(changed, email) for email in (ANA, BEA)])
            time.shift(SOON)
    assert reasons == [["granted", "granted"], ["granted", "reconsent_required"]]


def test_after_the_day_a_yes_in_the_centre_lets_it_go_on(env, ana, app, group):
    with published(env, with_version(group, version(today())), app) as changed:
        assert journeys.decision(changed, ANA) == "reconsent_required"
        assert "a new version since" in centres.plain(ana.get("/luxe/preferences").text)
        answer(ana)
        assert journeys.decision(changed, ANA) == "granted"


def test_no_ends_what_is_listed_and_can_be_taken_back(news, ana):
    assert answer(ana, "no").location == "/camille/preferences?told=left#changed"
    assert journeys.decision(news, ANA) == "withdrawn"
    page = ana.get("/camille/preferences").text
    ana.post("/camille/preferences", data={**journeys.centre_fields(page), "undo": journeys.undo_id(page)})
    assert journeys.decision(news, ANA) == "granted"


def test_words_that_changed_meanwhile_are_not_agreed_to(news, ana, app, coming):
    page = ana.get("/camille/preferences").text
    form = {"csrf_token": journeys.form_token(page), "answer": answers(page)[0]}
    newer = with_version(coming, version(today() + SOON + timedelta(days=1)))
    with published(news, newer, app) as changed:
        assert ana.post("/camille/preferences/agree", data=form).location.startswith(
            "/camille/preferences/agree?told=re"
        )
        assert "answer once more" in ana.get("/camille/preferences/agree?told=reworded").text
        assert lines(changed, ANA, "renewed") == []


@pytest.mark.parametrize("value", ["", "yes=", "no=00", "maybe", "yes=ö"])
def test_whatever_else_is_sent_agrees_to_nothing(news, ana, value):
    form = {"csrf_token": journeys.form_token(ana.get("/camille/preferences").text), "answer": value}
    assert ana.post("/camille/preferences/agree", data=form).status_code == 303
    assert (len(lines(news, ANA, "renewed")), journeys.decision(news, ANA)) == (0, "granted")


def test_a_house_with_a_notice_of_its_own_asks_for_itself_alone(env, app, client, group):
    centres.join(client, env, ANA, {"camille": ["newsletter:email"], "ostra": ["newsletter:email"]})
    with published(env, with_version(group, version(today() + SOON), "camille"), app) as changed:
        found = asked(changed, ANA)
        assert [(each.name.split("/")[0], [item.brand for item in each.items]) for each in found] == [
            ("camille", ["camille"])
        ]
        shown = {site: len(answers(client.get(f"/{site}/preferences").text)) for site in ("camille", "ostra", "luxe")}
        assert shown == {"camille": 2, "ostra": 0, "luxe": 2}


def test_uses_of_data_are_asked_about_like_mailings(news, ana):
    with news.database.transaction() as session:
        use = items(session).own_purpose(None, "personalisation")
    centres.record(news, ANA, use, Action.GRANTED, document_version="2026-01-15")
    assert [len(each.items) for each in asked(news, ANA)] == [3]
    assert "LÜXE: Suggestions that fit you" in centres.plain(ana.get("/camille/preferences").text)
    answer(ana)
    assert {each.item_id for each in lines(news, ANA, "renewed")} >= {use.id}


def test_a_day_on_which_something_runs_out_is_not_moved(env, ana, app, coming):
    until = (today() + timedelta(days=300)).isoformat() + "T00:00:00+00:00"
    centres.record(env, ANA, "camille:newsletter:email", Action.GRANTED, document_version="2026-01-15",
                   legal_basis="soft_opt_in", attributes={"expires_at": until})  # fmt: skip
    with published(env, coming, app) as changed:
        answer(ana)
        line = [each for each in lines(changed, ANA, "renewed") if "expires_at" in each.attributes]
    assert [(each.attributes["expires_at"], each.legal_basis) for each in line] == [(until, "soft_opt_in")]


def test_the_history_says_under_what_it_goes_on(news, ana):
    answer(ana)
    page = centres.plain(ana.get("/camille/preferences/history").text)
    assert page.count("goes on under <b>Privacy notice</b> of") == 2
    assert "mailed" not in ana.get("/camille/account/data").text.lower()
    journeys.subscribe(ana, news, ANA, ["newsletter:email"], "ostra")
    reconsents.run(news)
    assert "Mailed about a document that changes" in ana.get("/camille/account/data").text


def test_whoever_signs_in_is_asked_first_and_may_do_it_later(env, app, client, group):
    customers.register(client, env, ANA)
    assert customers.sign_in(app.test_client(), ANA).location == "/camille/account"
    with published(env, with_version(group, version(today() + SOON), slug="terms"), app) as changed:
        browser = app.test_client()
        assert customers.sign_in(browser, ANA).location == "/camille/preferences/agree"
        page = browser.get("/camille/preferences/agree").text
        assert "Delete it under “Your data”" in page
        assert 'href="/camille/account">Later' in page
        assert [each.split("=")[0] for each in answers(page)] == ["yes"]
        no = answers(page)[0].replace("yes", "no")
        browser.post("/camille/preferences/agree", data={"csrf_token": journeys.form_token(page), "answer": no})
        assert lines(changed, ANA, "refused") == []
        answer(browser, path="preferences/agree")
        (line,) = lines(changed, ANA, "renewed")
        assert (line.document_version, line.legal_basis) == ((today() + SOON).isoformat(), "contract")
        assert customers.sign_in(app.test_client(), ANA).location == "/camille/account"
        assert "You accepted" in browser.get("/luxe/preferences/history").text


def test_terms_rest_on_themselves_and_not_on_the_notice(env, client, group):
    customers.register(client, env, ANA)
    with env.database.transaction() as session:
        terms = items(session).document("terms")
    with published(env, with_version(group, version(today())), None) as changed:
        rules = decisions.rules_for(changed.group, changed.group.brands["camille"], terms, today())
    assert rules.required_version is None or rules.required_version < today().isoformat()


def test_turning_something_on_again_does_not_forget_what_was_agreed_to(news, ana):
    answer(ana)
    journeys.subscribe(ana, news, ANA, ["newsletter:email"])
    assert {each.document_version for each in lines(news, ANA, "renewed")} == {(today() + SOON).isoformat()}


def test_two_versions_at_once_are_asked_about_together(env, ana, app, group):
    first, second = version(today() + SOON), version(today() + 2 * SOON)
    with published(env, with_version(with_version(group, first), second), app) as changed:
        (question,) = asked(changed, ANA)
        assert (question.change.version, question.since) == (second, first.effective)


def test_an_account_that_is_no_more_is_not_asked(news):
    account = documents.owner(news, ANA)
    with news.database.transaction() as session:
        session.get(Account, account).status = "restricted"
    assert asked(news, ANA) == []
