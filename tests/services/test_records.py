"""Records of choices: stable, complete, true to their schema and to the vocabulary, without an address."""

from __future__ import annotations

import copy
import re
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from sqlalchemy import delete, select

from app.branding.models import LegalBasis
from app.branding.wording import notice_digest
from app.models import Account, ConsentEvent, EventDetail
from app.services import dpv, records
from app.services.folding import Action, Status
from app.services.items import items
from tests import centres, customers, journeys
from tests import records as of
from tests.record_cases import ANA, CASES, ITSELF, LETTERS, NEXT_YEAR, SALES, SHOP, written

NAME = "019ab3f0-5f4e-7c11-9d43-2f1a5b6c7d8e"


@pytest.fixture
def ana(client, env):
    journeys.subscribe(client, env, ANA)
    return client


def standing(document):
    """Give the property by which a record tells where it stands, and the term."""
    (found,) = [name for name in document if name in {ground.value for ground in dpv.Ground}]
    return found, document[found]["@type"]


def steps(document):
    return [(step["skos:notation"], step["@type"]) for step in document["dct:hasPart"]]


@pytest.mark.parametrize(("play", "term"), CASES.values(), ids=CASES)
def test_every_record_fits_its_schema_and_uses_only_terms_that_were_looked_up(ana, env, play, term):
    document = play(ana, env)
    assert of.faults(document) == []
    assert standing(document)[1] == term
    used = {each for triple in of.triples(document) for each in triple if re.match("https?:", each)}
    foreign = {each for each in used if not each.startswith(env.settings.origin)} - KNOWN
    assert not foreign
    assert not re.search(r"ana@|bea@", str(document)), "there is no address of the person in it"


KNOWN = {
    dpv.PREFIXES[prefix] + name
    for prefix, name in (
        term.split(":", 1)
        for term in (
            *(key for key in dpv.CONTEXT if ":" in key), *dpv.TERMS, *dpv.DATA.values(), *dpv.RIGHTS,
            "rdf:type", "rdf:first", "rdf:rest", "rdf:nil", "rdf:langString", "loc:FR", "loc:GB",
        )
    )
} | {dpv.RELEASE, dpv.PROFILE}  # fmt: skip


def test_a_term_that_was_not_looked_up_is_found(ana, env):
    document = of.document(env, ANA, 1)
    document["dct:hasPart"][0]["@type"] = "dpv:ConsentAssumed"
    assert {triple[2] for triple in of.triples(document)} - KNOWN >= {dpv.PREFIXES["dpv"] + "ConsentAssumed"}


def test_the_context_defines_every_key_that_the_schema_allows_and_no_other():
    def keys(node):
        if isinstance(node, dict):
            yield from node.get("properties", ())
            for each in node.values():
                yield from keys(each)
        elif isinstance(node, list):
            for each in node:
                yield from keys(each)

    allowed = {key for key in keys(of.SCHEMA) if not key.startswith("@")}
    assert allowed == {key for key in dpv.CONTEXT if ":" in key}


@pytest.mark.parametrize(("path", "value"), [
    ("@type", "dpv:Consent"),
    ("dct:identifier", "7"),
    ("dpv:hasDataController", {}),
    ("dct:hasPart", []),
    ("dpv:hasConsentStatus", None),
    ("email", ANA),
])  # fmt: skip
def test_a_broken_record_does_not_pass(ana, env, path, value):
    document = of.document(env, ANA, 1)
    assert of.faults(document) == []
    broken = {**copy.deepcopy(document), path: value}
    if value is None:
        del broken[path]
    assert of.faults(broken)


def test_no_action_status_or_basis_is_without_a_term():
    assert set(dpv.OUTCOMES) == set(Action)
    assert set(dpv.STANDING) == set(Status)
    assert set(dpv.BASES) == set(LegalBasis)
    for basis in LegalBasis:
        for action in Action:
            statuses = [dpv.outcome(action, status, basis) for status in Status]
            assert all(term in dpv.TERMS for term in statuses)


def test_a_pause_or_another_frequency_leaves_the_consent_as_it_is(ana, env):
    told = written(Action.GRANTED, Action.PAUSED, attributes={"paused_until": NEXT_YEAR})(ana, env)
    assert steps(told) == [("granted", "dpv:ConsentGiven"), ("paused", "dpv:ConsentGiven")]
    assert told["dct:hasPart"][1]["dpv:hasActivityStatus"]["@type"] == "dpv:ActivityHalted"
    assert told["dpv:hasProcess"]["dpv:hasActivityStatus"]["@type"] == "dpv:ActivityHalted"


def test_asking_and_confirming_are_two_steps_on_the_same_words(client, env):
    with time_machine.travel("2026-03-02T23:58:00Z", tick=False) as clock:
        journeys.sign_up(client, ANA)
        clock.move_to(datetime(2026, 3, 3, 0, 4, tzinfo=UTC))
        client.post(journeys.confirmation_path(env, ANA))
    told = of.document(env, ANA, 1)
    asked, confirmed = told["dct:hasPart"]
    assert steps(told) == [("asked", "dpv:ConsentRequested"), ("granted", "dpv:ConsentGiven")]
    assert asked["dpv:isIndicatedAtTime"] == "2026-03-02T23:58:00Z"
    assert confirmed["dpv:isIndicatedAtTime"] == "2026-03-03T00:04:00Z"
    assert (asked["dpv:hasIndicationMethod"], confirmed["dpv:hasIndicationMethod"]) == ("form", "confirmation")
    assert asked["schema:location"] == "/camille/"
    (words,) = [each for each in told["dpv:hasNotice"] if each["@type"] == "dpv:ConsentNotice"]
    assert words["@id"] == asked["dpv:hasNotice"] == confirmed["dpv:hasNotice"]
    assert words["dct:identifier"] == notice_digest(words["schema:text"], words["dct:language"]).hex()


def test_our_own_question_is_no_asking_of_the_person(ana, env):
    asked = {"cause": "check_in", "asked_at": "2026-10-01T00:00:00+00:00"}
    centres.record(env, ANA, LETTERS, Action.EXPIRED, attributes=asked, provenance=ITSELF)
    told = of.document(env, ANA, 2)
    assert [name for name, _ in steps(told)] == ["asked", "granted", "expired"]
    assert "2026-10-01" not in str(told)


def test_it_names_who_is_answerable_the_notice_and_the_way_out(ana, env):
    told, controller = of.document(env, ANA, 1), env.group.brands["camille"].controller
    assert told["dpv:hasDataController"]["dpv:hasName"] == controller.name
    assert controller.postal_address[0] in told["dpv:hasDataController"]["schema:address"]["schema:streetAddress"]
    assert told["dpv:hasConsentControl"]["dpv:isExercisedAt"] == f"{env.settings.origin}/camille/preferences"
    notice = told["dpv:hasNotice"][0]
    assert re.search(r"/(camille|luxe)/documents/privacy\?version=\d{4}-\d\d-\d\d$", notice["@id"])


def test_each_step_names_the_version_that_the_ledger_notes(ana, env):
    version = env.group.document("privacy").versions[0].version.isoformat()
    centres.record(env, ANA, SALES, Action.GRANTED)
    centres.record(env, ANA, SALES, Action.RENEWED, document_version=version)
    centres.record(env, ANA, SALES, Action.RENEWED, document_version="1999-01-01")
    told = [step.get("dct:references", "") for step in of.document(env, ANA, 4)["dct:hasPart"]]
    assert told == ["", f"{env.settings.origin}/luxe/documents/privacy?version={version}", ""]


def test_no_notice_is_claimed_from_before_there_was_one(ana, env):
    (in_force,) = env.group.document("privacy").versions[:1]
    for days, expected in ((-1, []), (0, ["dpv:PrivacyNotice"])):
        then = datetime.combine(in_force.effective, datetime.min.time(), UTC) + timedelta(days=days)
        centres.record(env, ANA, SALES, Action.GRANTED, occurred_at=then)
        told = of.document(env, ANA, 2 if days else 3)
        assert [each["@type"] for each in told["dpv:hasNotice"]] == expected


def test_the_macs_are_those_of_the_ledger(ana, env, session):
    told = of.document(env, ANA, 1)
    assert (
        told["dct:hasPart"][-1]["schema:identifier"]["schema:value"]
        == session.scalars(select(ConsentEvent.mac)).one().hex()
    )


def test_a_record_stays_as_it_was_when_more_happens(ana, env):
    before = of.document(env, ANA, 1)
    journeys.press(ana, set=f"{LETTERS}=off")
    journeys.press(ana, set=f"{SALES}=on")
    assert of.document(env, ANA, 1) == before
    assert steps(of.document(env, ANA, 2))[-1] == ("withdrawn", "dpv:ConsentWithdrawn")
    assert steps(of.document(env, ANA, 3)) == [("granted", "dpv:ConsentGiven")], "of another item"


def test_somebody_else_noted_what_the_person_did(ana, env):
    step = written(Action.GRANTED, provenance=SHOP)(ana, env)["dct:hasPart"][0]
    assert step["dpv:isIndicatedBy"] == "dpv:DataSubject"
    assert step["dpv:isImplementedByEntity"].endswith("/camille/#controller")


def test_what_happened_by_itself_was_nobodys_act(ana, env):
    step = written(Action.GRANTED, Action.EXPIRED, provenance=ITSELF)(ana, env)["dct:hasPart"][-1]
    assert step["dpv:isIndicatedBy"].endswith("/camille/#controller")


def test_a_record_outlives_the_details_of_its_lines(ana, env, session):
    session.execute(delete(EventDetail))
    told = of.document(env, ANA, 1)
    assert of.faults(told) == []
    assert "schema:location" not in told["dct:hasPart"][0]


def test_an_accepted_document_is_named_with_its_version(client, env, session):
    customers.register(client, env, ANA)
    terms = items(session).document("terms").id
    sequence = session.scalars(select(ConsentEvent.sequence).where(ConsentEvent.item_id == terms)).one()
    told = of.document(env, ANA, sequence)
    assert of.faults(told) == []
    assert told["@type"] == "dpv:DataProcessingRecord"
    assert re.search(r"/luxe/documents/terms\?version=", told["dpv:hasProcess"]["dct:references"])


@pytest.mark.parametrize("sequence", [0, 2, -1, 10**15, 10**30])
def test_a_line_that_is_not_there_has_no_record(ana, env, session, sequence):
    assert records.find(session, of.account_of(env, ANA), sequence) is None


def test_an_erased_account_has_no_records(ana, env, session):
    session.scalars(select(Account)).one().status = "erased"
    session.flush()
    assert records.find(session, of.account_of(env, ANA), 1) is None


@pytest.mark.parametrize("text", [
    "", "1", "nobody.1", NAME, f"{NAME}.0", f"{NAME.upper()}.1", f"{NAME}.1\n",
])  # fmt: skip
def test_a_name_that_is_none_is_told_apart(text):
    assert records.read_id(text) is None
    name = f"{NAME}.17"
    assert records.id_of(*records.read_id(name)) == name


def test_one_statement_reads_a_record_however_long(ana, env, session, monkeypatch):
    account_id = of.account_of(env, ANA)
    centres.record(env, ANA, LETTERS, *[Action.WITHDRAWN, Action.GRANTED] * 10)
    records.find(session, account_id, 21)
    with centres.counted(monkeypatch) as counter:
        records.find(session, account_id, 21)
    assert len(counter.asked) == 1
