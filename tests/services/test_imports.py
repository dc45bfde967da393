"""What an import owes to those it is about: erasures, suppressions, requests, locks; and to whoever runs it twice."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from app.branding.models import Kind
from app.courier import imports as courier
from app.factory import create_app
from app.flows import import_consents
from app.flows.suppress import Order, suppress
from app.kit import clock
from app.kit.addresses import parse_email, parse_phone
from app.kit.digests import Digester
from app.models import Account, AddressRow, Consent, ConsentEvent, ContactPoint, Message, Suppression
from app.services import crowds, erased_addresses, erasure_journal, import_layouts, imports, locks
from app.services.items import items
from app.services.suppressions import Reason, Scope
from tests import erasing, journeys

ANA, BEA = "ana@example.com", "bea@example.com"
PHONE = parse_phone("+33612345678")
CAMILLE = {"brand": "camille", "topic": "newsletter", "channel": "email"}
HEADER = "email,status,occurred_at\n"
BEFORE, AFTER = "2024-03-01T10:00:00Z", "2024-09-01T10:00:00Z"


def job_of(env, content, **told):
    layout = import_layouts.layout(CAMILLE, told)
    with env.database.transaction() as session:
        return imports.begin(session, "list", "csv", layout, is_dry_run=False, size=len(content))


def take(env, content, **told):
    """Take a file in; give the counts, and the rejects as line and reason."""
    job = job_of(env, content, **told)
    done = courier.run(env, job.id, lambda position: [content.encode()[position:] or b""])
    with env.database.transaction() as session:
        return done.counts, [(each.line, each.code) for each in imports.rejects(session, job.id, 0, 100)]


def count(env, table):
    with env.database.transaction() as session:
        return session.scalar(select(func.count()).select_from(table))


def test_somebody_erased_does_not_come_back_by_what_was_said_before(env):
    with env.database.transaction() as session:
        digest = env.digester.newest(parse_email(ANA))
        erased_addresses.remember(session, {digest: clock.now()})
    now = clock.now()
    rows = f"{ANA},granted,{BEFORE}\n{ANA},withdrawn,{BEFORE}\n{ANA},bounced,{now - timedelta(days=1):%Y-%m-%d}\n"
    counts, rejects = take(env, f"{HEADER}{rows}{BEA},granted,{BEFORE}\n")
    assert rejects == [(2, "erased"), (3, "erased")]
    assert counts == {"granted": 1, "suppressed": 1, "rejected": 2}
    with env.database.transaction() as session:
        assert session.get(AddressRow, digest).sealed is None, "a digest alone, for the bounce"
    noted = f"email,status,noted_at\n{ANA},granted,{clock.now().isoformat()}\n"
    assert take(env, noted)[1] == [(2, "erased")], "that it was so by now proves no act since"
    counts, rejects = take(env, f"{HEADER}{ANA},granted,{clock.now().isoformat()}\n")
    assert (counts, rejects) == ({"granted": 1}, []), "an act since is one of somebody new"


def test_a_void_erasure_keeps_nobody_out(env):
    with env.database.transaction() as session:
        account_id = crowds.gather(session, [(parse_email(ANA), "en")], [], []).by_address[ANA].head.account_id
    erasure_journal.intend(env.settings, account_id, [env.digester.newest(parse_email(ANA))])
    erasure_journal.conclude(env.settings, account_id, erasure_journal.State.VOID)
    assert take(env, f"{HEADER}{ANA},granted,{BEFORE}\n")[0] == {"granted": 1}


def test_a_suppressed_address_stays_so_and_what_is_told_is_recorded(env):
    order = Order(parse_email(ANA), Scope(), Reason.DO_NOT_CONTACT)
    with env.database.transaction() as session:
        suppress(session, [order], journeys.FORM)
    assert take(env, f"{HEADER}{ANA},granted,{BEFORE}\n")[0] == {"granted": 1}
    assert journeys.decision(env, ANA) == "suppressed"
    assert count(env, Consent) == 1
    assert count(env, Message) == 0


def test_bounces_and_complaints_stop_their_brand_alone_and_are_noted_once(env):
    day = f"{clock.now() - timedelta(days=3):%Y-%m-%d}"
    content = f"{HEADER}{ANA},bounced,{day}\n{ANA},bounced,{day}\n{BEA},complained,{day}\n"
    assert take(env, content)[0] == {"suppressed": 2, "unchanged": 1}
    assert take(env, content)[0] == {"unchanged": 3}
    with env.database.transaction() as session:
        found = session.execute(select(Suppression.brand, Suppression.channel, Suppression.reason)).all()
    assert {tuple(row) for row in found} == {("camille", "email", "hard_bounce"), ("camille", "email", "complaint")}
    assert journeys.decision(env, ANA) == "suppressed"
    assert journeys.decision(env, ANA, brand="ostra") == "unknown_subject"
    assert count(env, Account) == 0, "nobody is made of a bounce"


def test_a_no_ends_what_was_asked_for_before_it_and_nothing_that_was_asked_since(app, env):
    person = app.test_client()
    journeys.sign_up(person, ANA)
    path = journeys.confirmation_path(env, ANA)
    take(env, f"{HEADER}{ANA},withdrawn,{BEFORE}\n")
    assert person.post(path).status_code == 303, "asked for since"
    journeys.sign_up(person, BEA)
    path = journeys.confirmation_path(env, BEA)
    take(env, f"{HEADER}{BEA},withdrawn,{clock.now().isoformat()}\n")
    assert person.post(path).status_code == 410


def test_people_are_found_by_account_and_number_too(app, env):
    journeys.subscribe(app.test_client(), env, ANA)
    with env.database.transaction() as session:
        owner = locks.owner_of(session, journeys.digest(env, ANA))
        number = env.digester.newest(PHONE)
        session.add(ContactPoint(
            address_digest=number, account_id=owner, kind="phone", verified_at=clock.now(), is_primary=False
        ))  # fmt: skip
        session.flush()
    moment = clock.now().isoformat()
    content = (
        "account_id,phone,topic,channel,status,occurred_at\n"
        f"{owner},,private-sales,email,granted,{moment}\n"
        f",'{PHONE.normal},private-sales,sms,granted,{moment}\n"
        f",{PHONE.normal},newsletter,email,withdrawn,{moment}\n"
        f"{owner},,newsletter,email,bounced,{moment}\n"
    )
    counts, rejects = take(env, content)
    assert counts == {"granted": 2, "withdrawn": 1, "rejected": 1}
    assert rejects == [(5, "no_subject")]
    assert count(env, Account) == 1


def test_a_use_of_data_of_the_whole_group(env):
    with env.database.transaction() as session:
        purpose = next(item.key for item in items(session) if item.kind is Kind.PURPOSE and item.brand is None)
    content = f"email,purpose,status,occurred_at\n{ANA},{purpose},withdrawn,{BEFORE}\n"
    assert sum(take(env, content)[0].values()) == 1
    assert count(env, Consent) == 1


def test_what_a_purchase_allowed_is_no_yes(env):
    rows = f"{ANA},granted,soft_opt_in,{BEFORE}\n{ANA},objected,soft_opt_in,{AFTER}\n"
    content = f"email,status,legal_basis,occurred_at\n{rows}"
    counts, rejects = take(env, content, topic="private-sales")
    assert (counts, rejects) == ({"refused": 1, "rejected": 1}, [(2, "no_consent")])


def test_rotated_digest_keys_find_everybody(env, monkeypatch):
    take(env, f"{HEADER}{ANA},granted,{BEFORE}\n")
    rotated = Digester((*env.digester.keys, "a newer key for tests, long enough to pass"))
    monkeypatch.setitem(env.__dict__, "digester", rotated)
    counts, _rejects = take(env, f"{HEADER}{ANA},granted,{BEFORE}\n{BEA},granted,{BEFORE}\n")
    assert counts == {"granted": 1, "unchanged": 1}
    with env.database.transaction() as session:
        keys = session.scalars(select(AddressRow.digest_key_id)).all()
    assert len(set(keys)) == 2


def test_words_that_people_saw_are_kept_once(env):
    content = f"email,status,occurred_at,wording\n{ANA},granted,{BEFORE},Oui !\n{BEA},granted,{BEFORE},Oui !\n"
    take(env, content)
    with env.database.transaction() as session:
        digests = session.scalars(select(ConsentEvent.notice_digest)).all()
    assert len(set(digests)) == 1
    assert None not in digests


def test_two_runs_at_once_do_nothing_twice(committing_env, monkeypatch):
    monkeypatch.setattr(courier, "BATCH", 5)
    env = committing_env
    content = HEADER + "".join(f"p{number}@example.com,granted,{BEFORE}\n" for number in range(60))
    job = job_of(env, content)

    def run():
        try:
            return courier.run(env, job.id, lambda position: [content.encode()[position:]])
        except imports.Elsewhere:
            return None

    with ThreadPoolExecutor() as pool:
        done = [each.result() for each in [pool.submit(run) for _ in range(3)]]
    assert any(each is not None and each.state == "done" for each in done)
    assert count(env, ConsentEvent) == 60
    with env.database.transaction() as session:
        assert imports.find(session, job.id).counts == {"granted": 60}
    assert erasing.verify(env) == []


def test_an_opt_out_while_a_batch_is_under_way_waits_for_it_and_wins(committing_env, monkeypatch):
    env, begun, go_on = committing_env, threading.Event(), threading.Event()
    person = create_app(env.settings, env).test_client()
    journeys.subscribe(person, env, ANA)
    path, write = journeys.unsubscribe_path(env, ANA), crowds.write

    def slow(session, people):
        begun.set()
        go_on.wait(10)
        write(session, people)

    monkeypatch.setattr(crowds, "write", slow)
    with ThreadPoolExecutor() as pool:
        taken = pool.submit(take, env, f"{HEADER}{ANA},granted,{clock.now().isoformat()}\n")
        assert begun.wait(10)
        left = pool.submit(person.post, path)
        go_on.set()
        assert taken.result()[0] == {"renewed": 1}
        assert left.result().status_code in {200, 302, 303}
    assert journeys.decision(env, ANA) == "withdrawn"
    assert erasing.verify(env) == []


def test_who_changes_hands_before_the_locks_are_held_is_read_again(env, monkeypatch):
    families, asked = crowds._families, []

    def changing(session, account_ids):
        asked.append(account_ids)
        found = families(session, account_ids)
        return {**found, next(iter(found)): ((b"x", "email"),)} if len(asked) == 1 and found else found

    take(env, f"{HEADER}{ANA},granted,{BEFORE}\n")
    monkeypatch.setattr(crowds, "_families", changing)
    assert take(env, f"{HEADER}{ANA},withdrawn,{AFTER}\n")[0] == {"withdrawn": 1}
    assert len(asked) > 2, "started over"


def test_a_run_that_is_told_to_stop_goes_on_later(env, monkeypatch):
    monkeypatch.setattr(courier, "BATCH", 2)
    content = HEADER + "".join(f"p{number}@example.com,granted,{BEFORE}\n" for number in range(5))
    job, stops = job_of(env, content), iter([False, True, True, *[False] * 9])
    opened = lambda position: [content.encode()[position:]]  # noqa: E731
    halted = courier.run(env, job.id, opened, stopped=lambda: next(stops))
    assert (halted.state, halted.counts) == ("running", {"granted": 2})
    assert courier.run(env, job.id, opened, stopped=lambda: next(stops)).counts == {"granted": 5}


def test_without_its_look_at_the_journal_an_import_would_bring_the_erased_back(env, monkeypatch):
    monkeypatch.setattr(import_consents, "_is_before_erasure", lambda *_: False)
    with pytest.raises(AssertionError):
        test_somebody_erased_does_not_come_back_by_what_was_said_before(env)


def test_without_the_lock_on_the_job_two_runs_would_count_twice(committing_env, monkeypatch):
    monkeypatch.setattr(imports, "hold", lambda session, job_id, _position: imports.find(session, job_id))
    with pytest.raises(AssertionError):
        test_two_runs_at_once_do_nothing_twice(committing_env, monkeypatch)
