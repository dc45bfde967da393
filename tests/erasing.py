"""People with a rich history who are to be erased, and the search for what is left of them."""

from __future__ import annotations

import json
from datetime import timedelta
from functools import partial

from sqlalchemy import create_engine, select, text, update

from app.environment import environment
from app.flows import change_address, confirm, download, erase, leave, phone, profile, prove_self, restrict
from app.flows.subscribe import subscribe
from app.kit import clock, ids
from app.kit.addresses import parse_email, parse_phone
from app.kit.provenance import PERSON, Provenance, Source
from app.kit.signing import Purpose
from app.models import (
    Account,
    AddressChange,
    ContactPoint,
    PrivacyRequest,
)
from app.services import (
    check_ins,
    consents,
    external_ids,
    feedback,
    mailbox,
    passkeys,
    passwords,
    phones,
    privacy_requests,
    reconsent,
    second_factors,
    sessions,
    tokens,
    verification,
)
from app.services.challenges import Proof
from app.services.items import items
from app.services.locks import lock_account
from app.services.mailbox import Contents
from app.services.passkeys import NewPasskey
from tests import journeys
from tests.services import ledgers

ANA, NEW, BEA = "ana.secret@example.com", "ana.newest@example.org", "bea@example.com"
NUMBERS = "+33612345670", "+33612345671", "+33612345672"
IP, BROWSER, PAGE = "198.51.100.77", "Peculiar/7.0 (Browser)", "/camille/peculiar-page"
CAME = Provenance(PERSON, Source.FORM, "fr", ip=IP, user_agent=BROWSER, page=PAGE, request_id="peculiar-request")


def join(env, email, *wanted):
    """Sign up and confirm; give the account."""
    camille, wanted = env.group.brands["camille"], wanted or ("newsletter:email",)
    env.database.write(lambda session: subscribe(session, camille, email, wanted, CAME))
    token = journeys.confirmation_path(env, email).rpartition("/")[2]
    env.database.write(lambda session: confirm.confirm(session, camille, token, None, CAME))
    return owner(env, email)


def owner(env, email):
    """Give the account that an address belongs to."""
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
        passkeys.keep(
            session, account, NewPasskey(b"peculiar", b"key", 0, [], Proof(b"", clock.now())), "peculiar-name"
        )
        second_factors.switch_on(session, account, "PECULIARSECRET234", 0)
        secret = sessions.open_full(session, account, BROWSER)
        digest = sessions.find(session, secret).digest
        mailbox.keep(session, Contents(NEW, "a@b.c", "Hello", f"moved to {NEW}", "", {}))
        mailbox.keep(session, Contents(BEA, "a@b.c", "Hello", "unrelated", "", {}))
        reconsent.note_asked(session, account, next(reconsent.changes(env.group)))
        external_ids.attach(session, account, "camille-shop", "shop", "peculiar-4711")
    name, camille = env.group.profile_field("name"), env.group.brands["camille"]
    env.database.write(
        lambda session: profile.keep(session, camille, account, name, {"name": "Peculiar Ana Ruiz"}, CAME)
    )
    env.database.write(partial(leave_and_tell, env, account))
    env.database.write(partial(be_asked, account))
    have_numbers(env, account)
    env.database.write(lambda session: prove_self.ask_code(session, env.group, account, digest, CAME))
    env.database.write(lambda session: restrict.restrict(session, env.group, account, CAME))
    env.database.write(lambda session: download.ask(session, env.group, account, CAME))
    with env.database.transaction() as session:
        request = privacy_requests.open_one(session, account, privacy_requests.Kind.EXPORT).id
    env.database.write(lambda session: download.finish(session, request, b"peculiar-copy"))
    return account


def leave_and_tell(env, account, session):
    """Leave something and say why, in words that are looked for."""
    item = items(session).subscription("camille", "newsletter", "email")
    locked = lock_account(session, account)
    consents.withdraw(session, locked.account(session), [item], CAME)
    feedback.answer(session, account, {item.id}, feedback.Why.OTHER, "peculiar-reason")


def be_asked(account, session):
    """Have been asked whether all is still right."""
    person = lock_account(session, account).account(session)
    question = check_ins.Asked(ids.new_id(), person, environment(session).group, [], ids.new_id())
    check_ins.begin(session, [question], timedelta(days=14))


def have_numbers(env, account):
    """Prove a number, replace it, and wait for the code to a third; the texts lie in the mailbox."""
    for number in NUMBERS:
        env.database.write(lambda session, number=number: phone.ask(
            session, env.group, account, parse_phone(number), CAME
        ))  # fmt: skip
        with env.database.transaction() as session:
            code = phones.code_of(session, account, phones.waiting(session, account).message_id)
            mailbox.keep(session, Contents(number, "a", "", f"{code} is your code", "", {}))
        if number != NUMBERS[-1]:
            env.database.write(lambda session, code=code: phone.enter(session, env.group, account, code, CAME))


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
    """Open what is sealed, and write everything else out."""
    if isinstance(value, bytes | memoryview):
        if bytes(value).startswith(b"gAAAA"):
            return repr(env.sealer.open_bytes(bytes(value)))
        return bytes(value).hex()
    return json.dumps(value, default=str, ensure_ascii=False)


def personal(env, account):
    """List what is personal about Ana, and what names her addresses."""
    addresses = [*map(parse_email, (ANA, NEW)), *map(parse_phone, NUMBERS)]
    digests = [env.digester.newest(each).hex() for each in addresses]
    return [
        ANA, NEW, *NUMBERS, "ana.wish", IP, BROWSER, PAGE, "peculiar-request", "peculiar-hash", "peculiar-copy",
        "peculiar-name", "peculiar-4711", "PECULIARSECRET234", "Peculiar Ana Ruiz", *digests,
    ]  # fmt: skip


def verify(env):
    """Prove the ledger; give what is wrong with it."""
    ledgers.place(env)
    with env.database.transaction() as session:
        return verification.verify(session).faults


def counts(env, *tables):
    """Count the rows of tables."""
    with env.database.transaction() as session:
        return [len(session.execute(select(table.__table__)).all()) for table in tables]
