"""Acts that come at the same moment as a change of address: it is made once, whole, or not at all."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import pytest
from sqlalchemy import delete, func, select
from sqlalchemy.exc import IntegrityError

from app.flows import change_address, confirm, phone, preferences
from app.flows.subscribe import subscribe
from app.kit.addresses import parse_email, parse_phone
from app.kit.provenance import PERSON, Provenance, Source
from app.kit.signing import Purpose
from app.models import AddressChange, AttemptRow, Consent, ContactPoint, Message, OptInRequest, PhoneProof
from app.services import accounts, locks, phones, tokens
from app.services.address_changes import Progress
from tests import journeys

FORM = Provenance(PERSON, Source.FORM)
ANA, BEA, NEW = "ana@example.com", "bea@example.com", "new@example.org"
ROUNDS = 8


@pytest.fixture
def env(committing_env):
    return committing_env


def join(env, email):
    """Let somebody subscribe and confirm; give their account."""
    camille = env.group.brands["camille"]
    env.database.write(lambda session: subscribe(session, camille, email, ["newsletter:email"], FORM))
    press_confirmation(env, email)
    return owner(env, email)


def press_confirmation(env, email):
    token = journeys.confirmation_path(env, email).rpartition("/")[2]
    env.database.write(lambda session: confirm.confirm(session, env.group.brands["camille"], token, None, FORM))


def ask(env, account, email=NEW):
    """Ask for a change on the group's page, where nobody was written to yet; give its links' tokens."""
    env.database.write(lambda session: change_address.ask(session, env.group, account, email, FORM))
    with env.database.transaction() as session:
        pending = (AddressChange.account_id == account, AddressChange.outcome == "pending")
        change = session.scalars(select(AddressChange.id).where(*pending)).one()
        made = [tokens.address_link(session, "luxe", purpose, change)
                for purpose in (Purpose.ADDRESS_AGREE, Purpose.ADDRESS_PROVE, Purpose.ADDRESS_STOP)]  # fmt: skip
    return [each.rpartition("/")[2] for each in made]


def at_once(env, *acts):
    """Run acts in threads of their own that start together; give what each gave."""
    start = threading.Barrier(len(acts))

    def run(act):
        start.wait(10)
        return env.database.write(act)

    with ThreadPoolExecutor(len(acts)) as pool:
        return [each.result(20) for each in [pool.submit(run, act) for act in acts]]


def look_slowly_and_lock_nothing(monkeypatch):
    """Break what keeps acts of one person apart, and let them meet between looking at what reaches her and writing."""
    monkeypatch.setattr(locks, "_LOCK_ACCOUNT", "SELECT FROM account WHERE id = %(account)s AND status <> 'erased'")
    monkeypatch.setattr(locks, "_LOCK_ROW", "SELECT true FROM address WHERE digest = %(digest)s")
    monkeypatch.setattr(locks, "lock_abuse", lambda _session, _digest: None)
    look = accounts.channels_reached

    def slowly(session, account_id):
        found = look(session, account_id)
        session.connection().exec_driver_sql("SELECT pg_sleep(0.2)")
        return found

    monkeypatch.setattr(accounts, "channels_reached", slowly)


def agree(token):
    return lambda session: change_address.agree(session, token, FORM)


def prove(token):
    return lambda session: change_address.prove(session, token, FORM)


def owner(env, email):
    with env.database.transaction() as session:
        return session.scalar(
            select(ContactPoint.account_id).where(ContactPoint.address_digest == journeys.digest(env, email))
        )


def points(env, account):
    with env.database.transaction() as session:
        return session.scalar(select(func.count()).where(ContactPoint.account_id == account))


def race_both_buttons(env, number):
    ana = join(env, email := f"ana-{number}@example.com")
    new = f"new-{number}@example.org"
    agreed, proved, _ = ask(env, ana, new)
    outcomes = at_once(env, agree(agreed), prove(proved), agree(agreed), prove(proved))
    return owner(env, email), owner(env, new), ana, outcomes


def test_both_buttons_at_once_move_it_exactly_once(env):
    for number in range(ROUNDS):
        left, there, ana, outcomes = race_both_buttons(env, number)
        assert (left, there) == (None, ana)
        assert outcomes.count(Progress.OVER) == 0
        assert points(env, ana) == 1
    with env.database.transaction() as session:
        told = session.scalar(select(func.count()).where(Message.kind.in_(["address_left", "address_moved"])))
        assert told == 2 * ROUNDS


def test_an_address_that_two_accounts_want_goes_to_one_of_them(env):
    for number in range(ROUNDS):
        ana, bea = join(env, f"ana-{number}@example.com"), join(env, f"bea-{number}@example.com")
        new = f"new-{number}@example.org"
        wishes = [ask(env, account, new) for account in (ana, bea)]
        for agreed, _, _ in wishes:
            env.database.write(agree(agreed))
        outcomes = at_once(env, *(prove(proved) for _, proved, _ in wishes))
        assert sorted(outcomes) == [Progress.MOVED, Progress.OVER]
        assert owner(env, new) == (ana, bea)[outcomes.index(Progress.MOVED)]
        assert (points(env, ana), points(env, bea)) == (1, 1), "the other one stays where they were"


def test_it_is_noticed_where_two_accounts_are_not_kept_apart_by_the_lock_on_the_address(env, monkeypatch):
    wishes = [ask(env, join(env, email)) for email in (ANA, BEA)]
    for agreed, _, _ in wishes:
        env.database.write(agree(agreed))
    both_have_read, look = threading.Barrier(2), change_address.owner_of

    def look_and_wait(session, digest):
        found = look(session, digest)
        both_have_read.wait(10)
        return found

    monkeypatch.setattr(locks, "_lock_row", lambda *_: None)
    monkeypatch.setattr(locks, "lock_abuse", lambda *_: None)
    monkeypatch.setattr(change_address, "owner_of", look_and_wait)
    try:
        outcomes = at_once(env, *(prove(proved) for _, proved, _ in wishes))
    except IntegrityError:
        outcomes = [Progress.MOVED] * 2
    assert outcomes == [Progress.MOVED] * 2, "the second runs into the first, or takes the address from it again"


def test_leaving_everything_while_the_address_moves_holds_afterwards(env):
    for number in range(ROUNDS):
        ana, new = join(env, f"ana-{number}@example.com"), f"new-{number}@example.org"
        agreed, proved, _ = ask(env, ana, new)
        env.database.write(agree(agreed))
        at_once(env, prove(proved), lambda session, ana=ana: preferences.leave(session, ana, None, FORM))
        assert owner(env, new) == ana
        assert journeys.decision(env, new) == "withdrawn"
    with env.database.transaction() as session:
        assert session.scalars(select(Consent.status).distinct()).all() == ["withdrawn"]


def test_confirming_at_the_old_address_while_it_moves_leaves_nobody_behind(env):
    camille = env.group.brands["camille"]
    for number in range(ROUNDS):
        ana, new = join(env, email := f"ana-{number}@example.com"), f"new-{number}@example.org"
        env.database.write(
            lambda session, email=email: subscribe(session, camille, email, ["private-sales:email"], FORM)
        )
        token = journeys.confirmation_path(env, email).rpartition("/")[2]
        agreed, proved, _ = ask(env, ana, new)
        env.database.write(agree(agreed))
        at_once(env, prove(proved), lambda session, t=token: confirm.confirm(session, camille, t, None, FORM))
        assert (owner(env, email), owner(env, new)) == (None, ana)
        with env.database.transaction() as session:
            digest = journeys.digest(env, email)
            open_ones = (OptInRequest.address_digest == digest, OptInRequest.outcome == "pending")
            assert session.scalar(select(func.count()).where(*open_ones)) == 0


def test_stopping_and_pressing_at_once_end_in_one_of_the_two(env):
    for number in range(ROUNDS):
        ana, new = join(env, f"ana-{number}@example.com"), f"new-{number}@example.org"
        agreed, proved, stopped = ask(env, ana, new)
        env.database.write(agree(agreed))
        moved, has_stopped = at_once(
            env, prove(proved), lambda session, token=stopped: change_address.stop(session, token, FORM)
        )
        has_stopped = has_stopped is change_address.Stop.STOPPED
        assert (moved is Progress.MOVED) is not has_stopped
        assert owner(env, new) == (None if has_stopped else ana)


def test_a_change_that_fails_half_way_leaves_all_as_it_was(env, monkeypatch):
    ana = join(env, ANA)
    agreed, proved, _ = ask(env, ana)
    env.database.write(agree(agreed))
    monkeypatch.setattr(change_address.sessions, "close_others", fail)
    with pytest.raises(ZeroDivisionError):
        env.database.write(prove(proved))
    assert (owner(env, ANA), owner(env, NEW)) == (ana, None)
    monkeypatch.undo()
    assert env.database.write(prove(proved)) is Progress.MOVED


def fail(*_arguments, **_named):
    return 1 / 0


def test_an_account_that_is_gone_asks_and_moves_nothing(env):
    ana = join(env, ANA)
    agreed, proved, _ = ask(env, ana)
    with env.database.transaction() as session:
        session.execute(ContactPoint.__table__.delete())
    assert env.database.write(agree(agreed)) is Progress.WAITING
    assert env.database.write(prove(proved)) is Progress.OVER
    with pytest.raises(change_address.Gone):
        ask(env, ana, BEA)
    with env.database.transaction() as session:
        assert accounts.primary_email(session, ana) is None


def test_locking_starts_over_when_the_account_moved_meanwhile(env, monkeypatch):
    ana = join(env, ANA)
    monkeypatch.setattr(locks, "_primary_of", lambda *_: journeys.digest(env, BEA))
    with env.database.transaction() as session, pytest.raises(locks.StaleLocks):
        locks.lock_with(session, ana, parse_email(NEW))


def enter(env, account, code, session):
    return phone.enter(session, env.group, account, code, FORM)


def test_a_number_that_two_prove_at_once_is_one_person_s_in_the_end(env):
    ana, bea = join(env, ANA), join(env, BEA)
    number = parse_phone("+33612345678")
    for _ in range(ROUNDS):
        codes = {}
        for account in (ana, bea):
            with env.database.transaction() as session:
                session.execute(delete(AttemptRow))
                session.execute(delete(Message).where(Message.kind == "phone_code"))
            env.database.write(lambda session, account=account: phone.ask(session, env.group, account, number, FORM))
            with env.database.transaction() as session:
                codes[account] = phones.code_of(session, account, phones.waiting(session, account).message_id)
        done = at_once(env, *(partial(enter, env, account, code) for account, code in codes.items()))
        assert done == ["proved", "proved"], "each held the phone"
        with env.database.transaction() as session:
            owners = session.scalars(select(ContactPoint.account_id).where(ContactPoint.kind == "phone")).all()
            assert len(owners) == 1
            assert session.scalar(select(PhoneProof.account_id)) is None
            session.execute(delete(ContactPoint).where(ContactPoint.kind == "phone"))


def test_a_code_that_is_typed_twice_at_once_is_used_once(env):
    ana, number = join(env, ANA), parse_phone("+33612345678")
    env.database.write(lambda session: phone.ask(session, env.group, ana, number, FORM))
    with env.database.transaction() as session:
        code = phones.code_of(session, ana, phones.waiting(session, ana).message_id)
    assert sorted(at_once(env, *[partial(enter, env, ana, code)] * 2)) == ["over", "proved"]


def test_many_wrong_codes_at_once_are_still_five_tries(env):
    ana, number = join(env, ANA), parse_phone("+33612345678")
    env.database.write(lambda session: phone.ask(session, env.group, ana, number, FORM))
    done = at_once(env, *[partial(enter, env, ana, "wrong")] * 8)
    assert done.count("wrong") == 4
    with env.database.transaction() as session:
        assert phones.waiting(session, ana) is None
