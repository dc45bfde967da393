"""The page of a record: to whom it is shown, what it says, and the file to keep."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from html import unescape

import pytest
import time_machine

from app.kit.provenance import SYSTEM, Provenance, Source
from app.services.folding import Action
from tests import centres, customers, journeys
from tests import records as of

ANA, BEA = "ana@example.com", "bea@example.com"
LETTERS = "camille:newsletter:email"
ITSELF = Provenance(SYSTEM, Source.SYSTEM)


@pytest.fixture
def ana(client, env):
    journeys.subscribe(client, env, ANA)
    return client


def read(client, sequence=1, site="camille", **query):
    answer = client.get(f"/{site}/preferences/records/{sequence}", query_string=query)
    assert answer.status_code == 200
    return centres.plain(answer.text)


def facts(page):
    """Give what the page tells, by label."""
    found = re.findall(r"<dt>(.*?)</dt><dd>(.*?)</dd>", page, re.DOTALL)
    return {label: unescape(re.sub(r"<[^>]+>", " ", value)).strip() for label, value in found}


def text(page):
    return unescape(re.sub(r"<[^>]+>", "", page))


def test_it_tells_what_when_where_on_which_words_and_who_is_answerable(client, env):
    with time_machine.travel("2026-03-02T23:58:00Z", tick=False) as clock:
        journeys.sign_up(client, ANA)
        clock.move_to(datetime(2026, 3, 3, 0, 4, tzinfo=UTC))
        client.post(journeys.confirmation_path(env, ANA))
        page = read(client)
    told = facts(page)
    assert told["Since"] == "3 March 2026"
    assert told["Where and how"] == "Confirmation page · English"
    assert told["How long"] == "Until you end it"
    assert told["On what ground"].startswith("Your yes.")
    assert told["Who is answerable"].startswith("Camille SAS 8 rue du Fil Blanc 75000 Paris France privacy@")
    assert told["Privacy notice"].startswith("Privacy notice, as of ")
    assert told["Number of this record"] == f"{of.account_of(env, ANA)}.1"
    words = text(re.search(r'<blockquote class="words" lang="en">(.*?)</blockquote>', page, re.DOTALL)[1])
    assert words.startswith("Yes, send me “Letters from the atelier” by e-mail, about once a week.")
    assert [text(each) for each in re.findall(r'<p id="act-[0-9a]+">(.*?)</p>', page)] == [
        "You confirmed Letters from the atelier by e-mail from your inbox.",
        "You asked for Letters from the atelier by e-mail on the page of Camille.",
    ]


def test_the_address_is_masked_for_a_link_may_have_been_passed_on(ana):
    page = read(ana)
    assert facts(page)["For"] == "a•••@example.com"
    assert ANA not in page


def test_it_is_in_the_readers_language_and_the_words_in_theirs(ana):
    page = read(ana, lang="fr")
    assert "<h1>La preuve de votre choix</h1>" in page
    assert '<blockquote class="words" lang="en">' in page
    assert "dans cette langue\u00a0: Anglais" in text(page)


def test_only_the_owner_finds_it(app, client, env, ana):
    other = app.test_client()
    assert other.get("/camille/preferences/records/1").location == "/camille/preferences/link"
    journeys.subscribe(other, env, BEA, ["drops:email"], "folie-douze")
    assert of.account_of(env, BEA).hex not in read(ana).replace("-", "")
    assert other.get("/camille/preferences/records/1").status_code == 404, "hers is of another house"
    assert "Folie Douze" in read(other, site="folie-douze")
    assert str(of.account_of(env, ANA)) not in read(other, site="folie-douze")


@pytest.mark.parametrize("sequence", ["0", "2", "9" * 40, "one", "-1"])
def test_a_line_that_is_not_there_is_not_found(ana, sequence):
    for path in (f"/camille/preferences/records/{sequence}", f"/camille/preferences/records/{sequence}/file"):
        assert ana.get(path).status_code == 404


def test_the_group_shows_those_of_all_houses(ana):
    assert facts(read(ana, site="luxe"))["From"] == "Camille"
    assert ana.get("/vantour/preferences/records/1").status_code == 404


def test_an_older_record_says_that_more_has_happened(ana):
    journeys.press(ana, set=f"{LETTERS}=off")
    page = read(ana)
    assert "More has happened since." in page
    assert 'href="/camille/preferences/records/2"' in page
    assert facts(page)["Since"], "and tells how it stood"
    now = read(ana, 2)
    assert "More has happened" not in now
    assert "You switched off" in now


NEXT_MONTH = (datetime.now(UTC) + timedelta(days=40)).isoformat()


@pytest.mark.parametrize(("action", "attributes", "basis", "fact", "told"), [
    (Action.PAUSED, {"paused_until": NEXT_MONTH}, "consent", "Paused", "until "),
    (Action.CHANGED, {"frequency": "monthly"}, "consent", "How often", "Monthly"),
    (Action.RENEWED, {"expires_at": "2027-05-01T00:00:00Z"}, "consent", "How long", "Until 1 May 2027, or until you"),
    (Action.RENEWED, {"expires_at": "2026-05-01T00:00:00Z"}, "consent", "How long", "It ran out on 1 May 2026."),
    (Action.GRANTED, {}, "soft_opt_in", "On what ground", "You are a customer, and have not said no."),
    (Action.OBJECTED, {}, "legitimate_interest", "On what ground", "An interest of the house"),
])  # fmt: skip
def test_what_was_set_is_told(ana, env, action, attributes, basis, fact, told):
    centres.record(env, ANA, LETTERS, action, attributes=attributes, legal_basis=basis)
    assert facts(read(ana, 2))[fact].startswith(told)


def test_what_was_struck_out_is_told_too(ana, env):
    centres.record(env, ANA, LETTERS, Action.INVALIDATED, provenance=ITSELF)
    page = read(ana, 2)
    assert "was struck out, since it could not be proved." in text(page)
    assert "How long" not in facts(page)


def test_uses_of_data_and_documents_have_records(client, env, session):
    customers.register(client, env, ANA)
    purpose = next(item for item in centres.group_items(session) if item.key == "personalisation")
    centres.record(env, ANA, purpose, Action.GRANTED)
    terms = facts(read(client))
    assert terms["What you accepted"].startswith("Terms of your account, as of ")
    assert terms["Where and how"] == "Opening of your account · English"
    assert (terms["How long"], terms["To end it"]) == ("As long as you have an account", "Your data")
    told = facts(read(client, 2))
    assert told["From"] == "LÜXE"
    assert "For" not in told
    assert "No words were kept with this." in read(client, 2)


def test_the_file_is_the_record_to_keep(ana, env):
    answer = ana.get("/camille/preferences/records/1/file")
    assert (answer.status_code, answer.mimetype) == (200, "application/ld+json")
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Content-Disposition"] == 'attachment; filename="camille-newsletter-1.jsonld"'
    assert json.loads(answer.data) == of.document(env, ANA, 1)
    assert of.faults(json.loads(answer.data)) == []
    assert 'href="/camille/preferences/records/1/file"' in read(ana)


@pytest.mark.parametrize(
    "path", ["/camille/preferences", "/luxe/preferences", "/camille/preferences/history", "/luxe/account/data"]
)
def test_the_way_there_is_at_each_choice(ana, path):
    assert re.search(r'href="/(camille|luxe)/preferences/records/1"', ana.get(path).text)


def test_it_travels_compressed_however_many_steps_there_are(ana):
    answer = ana.get("/camille/preferences/records/1", headers={"Accept-Encoding": "gzip"})
    assert answer.headers["Content-Encoding"] == "gzip"
    elsewhere = ana.get("/camille/preferences/records/1?q=guess", headers={"Accept-Encoding": "gzip"})
    assert "Content-Encoding" not in elsewhere.headers


def test_what_was_never_said_has_no_proof(ana):
    row = centres.row(ana.get("/camille/preferences").text, "camille-private-sales-email")
    assert "records/" not in row
