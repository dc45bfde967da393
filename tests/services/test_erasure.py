"""Erasure to the letter: nothing personal is left in any table, and all that must stay can still be proved."""

from __future__ import annotations

import json
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import create_engine, select, text, update

from app.courier import erasures
from app.factory import create_app
from app.flows import change_address, confirm, download, erase, leave, never, preferences, prove_self, restrict
from app.flows.subscribe import subscribe
from app.kit import clock
from app.kit.addresses import parse_email
from app.kit.provenance import PERSON, Provenance, Source
from app.kit.signing import Purpose
from app.models import (
    Account,
    AddressChange,
    AddressRow,
    Consent,
    ConsentEvent,
    ContactPoint,
    EventDetail,
    Message,
    OptInRequest,
    PrivacyExport,
    PrivacyRequest,
    Suppression,
)
from app.services import erasure_journal, mailbox, passwords, privacy_requests, sessions, tokens, verification
from app.services.erasure_journal import State
from app.services.mailbox import Contents
from tests import customers, journeys
from tests.reliability import ledger_check
from tests.services import ledgers

ANA, NEW, BEA = "ana.secret@example.com", "ana.newest@example.org", "bea@example.com"
IP, BROWSER, PAGE = "198.51.100.77", "Peculiar/7.0 (Browser)", "/camille/peculiar-page"
CAME = Provenance(PERSON, Source.FORM, "fr", ip=IP, user_agent=BROWSER, page=PAGE, request_id="peculiar-request")
ROUNDS = 8


@pytest.fixture
def env(committing_env):
    return committing_env


def join(env, email, *wanted):
    """Sign up and confirm; give the account."""
    camille, wanted = env.group.brands["camille"], wanted or ("newsletter:email",)
    env.database.write(lambda session: subscribe(session, camille, email, wanted, CAME))
    token = journeys.confirmation_path(env, email).rpartition("/")[2]
    env.database.write(lambda session: confirm.confirm(session, camille, token, None, CAME))
    return owner(env, email)


def owner(env, email):
    with env.database.transaction() as session:
        digest = journeys.digest(env, email)
        return session.scalar(select(ContactPoint.account_id).where(ContactPoint.address_digest == digest))


def ask(env, account):
    """Ask for the erasure and let the cooling-off pass."""
    env.database.write(lambda session: erase.ask(session, env.group, account, CAME))
    with env.database.transaction() as session:
        session.execute(update(PrivacyRequest).values(due_at=clock.now() - timedelta(minutes=1)))


def move(env, account, email):
    """Move an account to another address."""
    env.database.write(lambda session: change_address.ask(session, env.group, account, email, CAME))
    with env.database.transaction() as session:
        change = session.scalars(select(AddressChange.id).where(AddressChange.outcome == "pending")).one()
        links = [tokens.address_link(session, "luxe", purpose, change)
                 for purpose in (Purpose.ADDRESS_AGREE, Purpose.ADDRESS_PROVE)]  # fmt: skip
    agreed, proved = (link.rpartition("/")[2] for link in links)
    env.database.write(lambda session: change_address.agree(session, agreed, CAME))
    env.database.write(lambda session: change_address.prove(session, proved, CAME))


def live(env):
    """Let Ana have a rich history: choices, a move, open requests, mails, sessions, a password, a copy. Give her id."""
    account = join(env, ANA, "newsletter:email", "private-sales:email")
    path = journeys.unsubscribe_path(env, ANA, item="private-sales:email").rpartition("/")[2]
    env.database.write(lambda session: leave.leave(session, path, CAME))
    env.database.write(
        lambda session: subscribe(session, env.group.brands["sol-y-lino"], ANA, ["newsletter:email"], CAME)
    )
    move(env, account, NEW)
    env.database.write(
        lambda session: subscribe(session, env.group.brands["camille"], NEW, ["private-sales:email"], CAME)
    )
    env.database.write(lambda session: change_address.ask(session, env.group, account, "ana.wish@example.net", CAME))
    with env.database.transaction() as session:
        person = session.get(Account, account)
        person.kind, person.profile = "full", {"devices": [BROWSER]}
        passwords.keep(session, account, "peculiar-hash")
        secret = sessions.open_full(session, account, BROWSER)
        digest = sessions.find(session, secret).digest
        mailbox.keep(session, Contents(NEW, "a@b.c", "Hello", f"moved to {NEW}", "", {}))
        mailbox.keep(session, Contents(BEA, "a@b.c", "Hello", "unrelated", "", {}))
    env.database.write(lambda session: prove_self.ask_code(session, env.group, account, digest, CAME))
    env.database.write(lambda session: restrict.restrict(session, env.group, account, CAME))
    env.database.write(lambda session: download.ask(session, env.group, account, CAME))
    with env.database.transaction() as session:
        request = privacy_requests.open_one(session, account, privacy_requests.Kind.EXPORT).id
    env.database.write(lambda session: download.finish(session, request, b"peculiar-copy"))
    return account


def found(env, database_urls, account, words):
    """Search the text of every row of every table, and what is sealed, for words."""
    engine = create_engine(database_urls.owner)
    hits = []
    with engine.connect() as connection:
        tables = connection.scalars(text("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")).all()
        for table in tables:
            for row in connection.execute(text(f'SELECT * FROM "{table}"')):
                told = " ".join(readable(env, value) for value in row)
                hits += [(table, word) for word in words if word.casefold() in told.casefold()]
    engine.dispose()
    return hits


def readable(env, value):
    if isinstance(value, bytes | memoryview):
        if bytes(value).startswith(b"gAAAA"):
            return repr(env.sealer.open_bytes(bytes(value)))
        return bytes(value).hex()
    return json.dumps(value, default=str, ensure_ascii=False)


def personal(env, account):
    digests = [env.digester.newest(parse_email(email)).hex() for email in (ANA, NEW)]
    return [
        ANA, NEW, "ana.wish", IP, BROWSER, PAGE, "peculiar-request", "peculiar-hash", "peculiar-copy", *digests,
    ]  # fmt: skip


def verify(env):
    ledgers.place(env)
    with env.database.transaction() as session:
        return verification.verify(session).faults


def counts(env, *tables):
    with env.database.transaction() as session:
        return [len(session.execute(select(table.__table__)).all()) for table in tables]


def test_nothing_personal_is_left_in_any_table(env, database_urls):
    account, bea = live(env), join(env, BEA)
    before = found(env, database_urls, account, personal(env, account))
    assert {table for table, _ in before} >= {
        "address", "contact_point", "opt_in_request", "opt_in_item", "message", "session", "password", "event_detail",
        "address_change", "privacy_export", "development_mail", "account",
    }  # fmt: skip
    ask(env, account)
    assert erasures.run(env) == 1
    # Bea came the same way, so only what is hers may still hold what Ana's browser said.
    shared = {IP, BROWSER, PAGE, "peculiar-request"}
    after = [hit for hit in found(env, database_urls, account, personal(env, account)) if hit[1] not in shared]
    assert after == []
    with env.database.transaction() as session:
        assert set(session.scalars(select(EventDetail.account_id))) == {bea}
        assert set(session.scalars(select(ContactPoint.account_id))) == {bea}
        assert [each.contents.to for each in mailbox.newest(session)] == [BEA]
    assert found(env, database_urls, account, ["ana.wish"]) == []


def test_what_one_browser_said_goes_with_the_person(env, database_urls):
    account = live(env)
    ask(env, account)
    erasures.run(env)
    assert found(env, database_urls, account, personal(env, account)) == []


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


def test_the_address_can_sign_up_anew_as_somebody_new(env):
    account = join(env, ANA)
    ask(env, account)
    erasures.run(env)
    anew = join(env, ANA)
    assert anew not in {None, account}
    assert journeys.decision(env, ANA) == "granted"
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


def test_the_journal_names_account_and_digests_before_and_done_after(env):
    account = join(env, ANA)
    ask(env, account)
    erasures.run(env)
    lines = [json.loads(line) for line in (env.settings.instance_path / erasure_journal.FILE).read_text().splitlines()]
    assert [(line["account"], line["state"]) for line in lines] == [(str(account), "intended"), (str(account), "done")]
    assert lines[0]["digests"] == [journeys.digest(env, ANA).hex()]
    assert ANA not in str(lines)


def test_a_crash_before_the_transaction_is_finished_by_the_next_run(env, monkeypatch):
    account = join(env, ANA)
    ask(env, account)
    with monkeypatch.context() as patch:
        patch.setattr(erasures.erase, "carry_out", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            erasures.run(env)
    assert erasure_journal.unfinished(env.settings) == [account]
    assert owner(env, ANA) == account
    assert erasures.run(env) == 1
    assert (erasure_journal.unfinished(env.settings), owner(env, ANA)) == ([], None)


def test_a_crash_half_way_leaves_all_as_it_was(env, monkeypatch):
    account = join(env, ANA)
    ask(env, account)
    with monkeypatch.context() as patch:
        patch.setattr("app.services.erasure._forget_addresses", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            erasures.run(env)
    assert journeys.decision(env, ANA) == "granted"
    assert verify(env) == []
    assert erasures.run(env) == 1


def test_a_crash_after_the_commit_is_noted_as_done_by_the_next_run(env, monkeypatch):
    account = join(env, ANA)
    ask(env, account)
    with monkeypatch.context() as patch:
        patch.setattr(erasure_journal, "conclude", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            erasures.run(env)
    assert (erasure_journal.unfinished(env.settings), owner(env, ANA)) == ([account], None)
    assert erasures.run(env) == 0
    assert erasure_journal.unfinished(env.settings) == []
    assert counts(env, ConsentEvent) == [2], "nobody is erased twice"


def test_what_is_taken_back_after_a_crash_stays_and_the_intent_is_void(env):
    account = join(env, ANA)
    ask(env, account)
    erasure_journal.intend(env.settings, account, [])
    env.database.write(lambda session: erase.stop(session, account))
    assert erasures.run(env) == 0
    assert owner(env, ANA) == account
    assert (erasure_journal.unfinished(env.settings), erasure_journal.erased(env.settings)) == ([], [])


def test_a_line_that_a_power_loss_tore_is_as_good_as_none(env):
    account = join(env, ANA)
    erasure_journal.intend(env.settings, account, [b"1"])
    path = env.settings.instance_path / erasure_journal.FILE
    path.write_text(path.read_text() + '{"account": "0')
    assert erasure_journal.unfinished(env.settings) == [account]
    erasure_journal.conclude(env.settings, account, State.DONE)
    assert erasure_journal.unfinished(env.settings) == []


def test_the_journal_erases_again_whom_a_backup_brought_back(env):
    account = join(env, ANA)
    erasure_journal.intend(env.settings, account, [])
    erasure_journal.conclude(env.settings, account, State.DONE)
    assert erasures.replay(env) == 1
    assert owner(env, ANA) is None
    assert erasures.replay(env) == 0
    assert verify(env) == []


def at_once(env, *acts):
    """Run acts in threads of their own that start together."""
    start = threading.Barrier(len(acts))

    def run(act):
        start.wait(10)
        return act()

    with ThreadPoolExecutor(len(acts)) as pool:
        return [each.result(30) for each in [pool.submit(run, act) for act in acts]]


def race(env):
    """Erase people while they confirm, leave, sign up and change their mind in the centre."""
    camille = env.group.brands["camille"]
    for number in range(ROUNDS):
        email = f"ana-{number}@example.com"
        account = join(env, email)
        leaving = journeys.unsubscribe_path(env, email).rpartition("/")[2]
        env.database.write(lambda session, to=email: subscribe(session, camille, to, ["private-sales:email"], CAME))
        token = journeys.confirmation_path(env, email).rpartition("/")[2]
        ask(env, account)
        acts = (
            lambda session, token=token: confirm.confirm(session, camille, token, None, CAME),
            lambda session, token=leaving: leave.leave(session, token, CAME),
            lambda session, to=email: subscribe(session, camille, to, ["newsletter:email"], CAME),
            lambda session, account=account: preferences.leave(session, account, None, CAME),
        )
        at_once(env, lambda: erasures.run(env), lambda: erasures.run(env),
                *(lambda act=act: _tolerant(env, act) for act in acts))  # fmt: skip
        erasures.run(env)


def _tolerant(env, act):
    try:
        return env.database.write(act)
    except erase.Gone:
        return None


def test_racing_acts_leave_the_projection_the_fold_and_nobody_half_erased(env):
    race(env)
    storm = ledger_check.judge(env)
    assert storm.breaches == ()
    assert verify(env) == []
    with env.database.transaction() as session:
        assert session.scalars(select(Account.status).distinct()).all() == ["erased"]
        assert session.scalars(select(OptInRequest.account_id).distinct()).all() in ([], [None])
    assert counts(env, Consent, EventDetail, ContactPoint) == [0, 0, 0]
    assert erasure_journal.unfinished(env.settings) == []


def test_two_couriers_erase_once(env):
    account = join(env, ANA)
    ask(env, account)
    assert sorted(at_once(env, *[lambda: erasures.run(env)] * 3)) == [0, 0, 1]
    assert counts(env, ConsentEvent) == [2]


def test_stopping_and_erasing_at_once_end_in_one_of_the_two(env):
    for number in range(ROUNDS):
        account = join(env, email := f"ana-{number}@example.com")
        ask(env, account)
        erased, stopped = at_once(
            env, lambda: erasures.run(env),
            lambda account=account: env.database.write(lambda session: erase.stop(session, account)),
        )  # fmt: skip
        assert bool(erased) is not stopped
        assert (owner(env, email) is None) is bool(erased)
