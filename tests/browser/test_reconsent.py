"""A new version of a document in a brand folder: mail, centre, decision and ledger, before and after its day."""

from __future__ import annotations

import shutil
from datetime import timedelta

import pytest
import time_machine
from playwright.sync_api import expect

from app.branding.documents import publish
from app.branding.loader import check
from app.courier import reconsents
from app.courier.delivery import deliver
from app.courier.transport import transport_for
from app.environment import Environment
from app.factory import create_app
from app.kit import clock
from app.services import verification
from tests import database, documents, environments, journeys, post
from tests.browser.checks import watch
from tests.browser.inbox import links
from tests.reliability.installation import installed

pytestmark = pytest.mark.browser

OLD = "2026-01-15"
HOUSES = {"camille": timedelta(days=1), "ostra": timedelta(0)}
"""Houses with a notice of their own, and in how many days its new version comes into force."""


def write(folder, house, version, effective, words):
    place = folder / "luxe" / house / "documents" / "privacy"
    place.mkdir(parents=True, exist_ok=True)
    for locale in ("en", "fr", "de", "zh_Hans"):
        if house == "camille" or locale != "fr":
            matter = f'title = "Notice of the house"\neffective = {effective}\nrequires_reconsent = true'
            text = f"+++\n{matter}\n+++\n\nWe know your address.\n\n{words}\n"
            (place / f"{version}.{locale}.md").write_text(text, encoding="utf-8")


@pytest.fixture(scope="module")
def announced(cluster, worker_id, tmp_path_factory, post_office):
    """Give a server on a brand folder with new versions, and two people who agreed before them, with their cookies."""
    folder = tmp_path_factory.mktemp("announced")
    brands = shutil.copytree(environments.BRANDS, folder / "brands")
    for house in HOUSES:
        write(brands, house, OLD, OLD, "We keep it for a year.")
    before = check_in(brands)
    for house, ahead in HOUSES.items():
        day = documents.today() + ahead
        write(brands, house, day, day, "We keep it for two years.")
    after = check_in(brands)
    mail_url = f"smtp://127.0.0.1:{post_office.port}?tls=none"
    with (
        database.fresh_database(cluster, f"parley_announced_{worker_id}") as urls,
        installed(folder, after, urls.application, workers=1, brands_dir=brands, mail_url=mail_url) as own,
    ):
        env = Environment.build(own.settings, urls.application, before)
        people = [join(create_app(own.settings, env).test_client(), env) for _ in range(2)]
        env.database.close()
        own.await_ready(own.start("serve"))
        yield own, people


def check_in(brands):
    publish(brands / "luxe")
    return check(brands)


def join(client, env):
    email = post.new_address()
    for house in HOUSES:
        journeys.subscribe(client, env, email, brand=house)
    return email, client.get_cookie("parley").value


def test_a_new_version_is_asked_about_before_its_day_and_counts_after_it(announced, new_context, post_office):
    own, ((ana, _), (bea, cookie)) = announced
    env, origin = own.environment, own.settings.origin
    people = (ana, bea)
    assert [journeys.decision(env, each, brand="camille") for each in people] == ["granted"] * 2
    assert [journeys.decision(env, each, brand="ostra") for each in people] == ["reconsent_required"] * 2

    assert (reconsents.run(env), reconsents.run(env)) == (2, 0)
    for each in people:
        (mail,) = [mail for mail in post.mails_to(env, each) if mail.kind == "reconsent"]
        assert deliver(env, transport_for(env), mail.id) == "sent"
    (letter,) = [
        mail for mail in post_office.received if mail["To"] == ana and "Notice of the house" in mail["Subject"]
    ]

    tab = watch(new_context(base_url=origin, viewport={"width": 360, "height": 740}), origin)
    tab.page.goto(links(letter)["reconsent"])
    tab.page.get_by_role("link", name="Read what changes").click()
    expect(tab.page.locator("del")).to_have_text("We keep it for a year.")
    expect(tab.page.locator("ins")).to_have_text("We keep it for two years.")
    tab.page.go_back()
    assert documents.lines(env, ana, "renewed") == []
    tab.page.get_by_role("button", name="Yes, this may go on").click()
    expect(tab.page.get_by_role("heading", name="Thank you. It goes on.")).to_be_visible()
    (line,) = documents.lines(env, ana, "renewed")
    tomorrow = (documents.today() + HOUSES["camille"]).isoformat()
    assert (line.document_version, line.source, line.attributes["document"]) == (tomorrow, "reconsent_page", "privacy")

    tab.page.context.add_cookies([{"name": "parley", "value": cookie, "url": origin}])
    tab.page.goto("/ostra/preferences")
    tab.page.get_by_role("button", name="Yes, this may go on").click()
    expect(tab.page.get_by_role("status")).to_have_text("Thank you. It goes on.")
    assert journeys.decision(env, bea, brand="ostra") == "granted"
    assert tab.findings() == []
    with time_machine.travel(clock.now() + HOUSES["camille"]):
        assert [journeys.decision(env, each, brand="camille") for each in people] == ["granted", "reconsent_required"]
    with env.database.transaction() as session:
        assert verification.verify(session).faults == []
