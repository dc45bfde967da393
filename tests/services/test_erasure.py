"""Erasure to the letter: nothing personal is left in any table, and all that must stay can still be proved."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from app.courier import erasures
from app.factory import create_app
from app.flows import change_address, erase, never
from app.kit import clock
from app.kit.addresses import parse_email
from app.models import (
    Account,
    AddressRow,
    AttemptRow,
    CheckIn,
    Consent,
    ConsentEvent,
    ContactPoint,
    EventDetail,
    Message,
    PrivacyExport,
    ProfileChange,
    ProfileRow,
    ReconsentRequest,
    Suppression,
)
from app.services import holdings, mailbox, suppressions
from app.services.suppressions import Reason, Scope, Wish
from tests import customers, journeys
from tests.erasing import (
    ANA,
    BEA,
    BROWSER,
    CAME,
    IP,
    NEW,
    PAGE,
    ask,
    counts,
    found,
    join,
    live,
    move,
    owner,
    personal,
    verify,
)


@pytest.fixture
def env(committing_env):
    return committing_env


def left(env, database_urls, account):
    """Find what is left, but for the digests that keep old lists from bringing an address back."""
    hits = found(env, database_urls, account, personal(env, account))
    return [hit for hit in hits if hit[0] != "erased_address"]


def test_nothing_personal_is_left_in_any_table(env, database_urls):
    account, bea = live(env), join(env, BEA)
    before = found(env, database_urls, account, personal(env, account))
    assert {table for table, _ in before} >= {
        "address", "contact_point", "opt_in_request", "opt_in_item", "message", "session", "password", "event_detail",
        "address_change", "privacy_export", "development_mail", "account",
        "profile_field", "profile_change", "external_id",
    }  # fmt: skip
    assert counts(env, ReconsentRequest, CheckIn) == [1, 1]
    ask(env, account)
    assert erasures.run(env) == 1
    # Bea came the same way, so only what is hers may still hold what Ana's browser said.
    shared = {IP, BROWSER, PAGE, "peculiar-request"}
    after = [hit for hit in left(env, database_urls, account) if hit[1] not in shared]
    assert after == []
    assert counts(env, ProfileRow, ProfileChange, ReconsentRequest, CheckIn) == [0, 0, 0, 0]
    with env.database.transaction() as session:
        assert set(session.scalars(select(EventDetail.account_id))) == {bea}
        assert set(session.scalars(select(ContactPoint.account_id))) == {bea}
        assert [each.contents.to for each in mailbox.newest(session)] == [BEA]
    assert found(env, database_urls, account, ["ana.wish"]) == []


def test_what_one_browser_said_goes_with_the_person(env, database_urls):
    account = live(env)
    ask(env, account)
    erasures.run(env)
    assert left(env, database_urls, account) == []


def test_each_consent_ends_in_an_erased_line_and_the_ledger_can_be_proved(env):
    account = live(env)
    with env.database.transaction() as session:
        held = set(session.scalars(select(Consent.item_id).where(Consent.account_id == account)))
    ask(env, account)
    erasures.run(env)
    with env.database.transaction() as session:
        lines = session.scalars(select(ConsentEvent).order_by(ConsentEvent.sequence)).all()
        last = [line for line in lines if line.action == "erased"]
        assert {line.item_id for line in last} == held
        assert len(last) == len(held) == 2
        assert lines[-len(last) :] == last
    assert counts(env, Consent, EventDetail) == [0, 0]
    assert verify(env) == []


def test_the_account_keeps_nothing_but_its_place_in_the_ledger(env):
    client = create_app(env.settings, env).test_client()
    customers.register(client, env, ANA, site="sol-y-lino")
    with env.database.transaction() as session:
        person = session.scalars(select(Account)).one()
        person.locale = "de"
    ask(env, person.id)
    erasures.run(env)
    with env.database.transaction() as session:
        left = session.scalars(select(Account)).one()
        kept = (left.id, left.status, left.created_at, left.last_sequence)
        assert kept == (person.id, "erased", person.created_at, left.last_sequence)
        assert (left.kind, left.locale, left.profile) == ("lite", env.group.locales[0], {})
        assert (left.registered_at, left.last_seen_at) == (None, None)


def test_tries_that_are_counted_for_the_account_and_its_address_go(env):
    client = create_app(env.settings, env).test_client()
    customers.register(client, env, ANA)
    customers.sign_in(client, ANA)
    customers.sign_in(client, BEA)
    ask(env, owner(env, ANA))
    with env.database.transaction() as session:
        assert {each.name for each in session.scalars(select(AttemptRow))} == {"sign-in", "erasure"}
        bea = env.digester.sign_in(parse_email(BEA))
        hers = {env.digester.sign_in(parse_email(ANA)), env.digester.account(owner(env, ANA))}
        assert set(session.scalars(select(AttemptRow.subject))) > {bea, *hers}
    erasures.run(env)
    with env.database.transaction() as session:
        left = set(session.scalars(select(AttemptRow.subject)))
    assert bea in left, "of others, and of where they came from, they count on"
    assert left & hers == set()


def test_a_detail_that_is_left_is_noticed(env, monkeypatch):
    account = join(env, ANA)
    ask(env, account)
    monkeypatch.setattr("app.services.erasure.EventDetail", PrivacyExport)
    erasures.run(env)
    assert "still has its detail" in str(verify(env)[0])


def test_an_address_that_must_not_be_contacted_stays_as_a_digest(env, database_urls):
    account = join(env, ANA)
    path = journeys.never_path(env, ANA).rpartition("/")[2]
    env.database.write(lambda session: never.never(session, path, CAME))
    ask(env, account)
    erasures.run(env)
    with env.database.transaction() as session:
        row = session.scalars(select(AddressRow)).one()
        assert (row.sealed, row.abuse_digest) == (None, None)
        suppression = session.scalars(select(Suppression)).one()
        assert suppression.reason == "do_not_contact"
        assert set(suppression.provenance) == {"actor", "actor_id", "source", "locale"}
    assert found(env, database_urls, account, [ANA, IP, BROWSER, PAGE]) == []
    assert journeys.decision(env, ANA) == "suppressed"


def test_what_a_report_told_goes_and_the_document_stays(env, database_urls):
    account = join(env, ANA)
    wish = Wish(
        env.digester.newest(parse_email(ANA)), Scope(), Reason.LEGAL, clock.now(),
        {"reporter": "peculiar.example"}, "court order 7",
    )  # fmt: skip
    env.database.write(lambda session: suppressions.note(session, [wish], CAME))
    ask(env, account)
    erasures.run(env)
    with env.database.transaction() as session:
        kept = session.scalars(select(Suppression.provenance)).one()
    assert set(kept) == {"actor", "actor_id", "source", "locale", "document"}
    assert found(env, database_urls, account, [ANA, IP, BROWSER, PAGE, "peculiar.example"]) == []


def test_the_address_can_sign_up_anew_as_somebody_new_with_none_of_the_old(env):
    account = live(env)
    ask(env, account)
    erasures.run(env)
    anew = join(env, NEW)
    assert anew not in {None, account}
    assert journeys.decision(env, NEW) == "granted"
    with env.database.transaction() as session:
        held = holdings.gather(session, anew)
    assert (held.lines, len(held.consents), len(held.addresses), len(held.asked)) == (1, 1, 1, 1)
    assert {each.kind for each in held.mails} == {"confirm", "welcome"}
    old = (held.profile, held.profile_changes, held.changes, held.external_ids, held.requests, held.referrals,
           held.suppressions, held.passkeys, held.leaving_reasons, held.check_ins, held.asked_anew)  # fmt: skip
    assert [list(each) for each in old] == [[]] * len(old)
    assert (held.password_set_at, held.has_codes, held.number_waiting) == (None, False, None)
    assert verify(env) == []


def test_others_lose_nothing(env):
    account, bea = join(env, ANA), join(env, BEA)
    env.database.write(lambda session: change_address.ask(session, env.group, account, BEA, CAME))
    ask(env, account)
    erasures.run(env)
    assert owner(env, BEA) == bea
    assert journeys.decision(env, BEA) == "granted"
    assert len(journeys.mails(env, BEA)) == 2, "the mail about a move to her address is not hers"


def test_an_address_left_long_ago_that_is_somebody_elses_by_now_stays_theirs(env):
    account = join(env, ANA)
    move(env, account, NEW)
    new_owner = join(env, ANA)
    ask(env, account)
    erasures.run(env)
    assert (owner(env, ANA), owner(env, NEW)) == (new_owner, None)
    assert journeys.decision(env, ANA) == "granted"


def test_no_link_or_session_acts_for_whoever_is_erased(env):
    account = join(env, ANA)
    leaving, manage = journeys.unsubscribe_path(env, ANA), journeys.manage_path(env, ANA)
    ask(env, account)
    erasures.run(env)
    client = create_app(env.settings, env).test_client()
    before = counts(env, ConsentEvent, Message)
    assert client.post(leaving, data={"do": "leave"}).status_code == 200
    assert client.post(manage, data={"do": "link"}).status_code < 400
    assert counts(env, ConsentEvent, Message) == before
    with pytest.raises(erase.Gone):
        env.database.write(lambda session: erase.ask(session, env.group, account, CAME))


def test_whoever_was_erased_cannot_sign_in(env):
    client = create_app(env.settings, env).test_client()
    customers.register(client, env, ANA)
    ask(env, owner(env, ANA))
    erasures.run(env)
    assert not customers.is_signed_in(client)
    assert customers.sign_in(client, ANA).status_code == 422
