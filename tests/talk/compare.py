"""Holds the application against the model: every decision, every consent, and what the ledger folds to."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from itertools import groupby
from typing import Any

from joserfc import jwt
from sqlalchemy import select

from app.db import Session
from app.kit.addresses import parse_email
from app.models import Consent, ConsentEvent
from app.services import batches, decisions, folding, ledger, signing_keys
from app.services.folding import State
from app.services.verdicts import verdicts
from tests import api, decision_table
from tests.talk import model
from tests.talk.house import Item
from tests.talk.houses import HOUSES, ONE
from tests.talk.model import DOCUMENT, Person
from tests.talk.real import Talk

FACTS = ("status", "granted_at", "confirmed_at", "withdrawn_at", "expires_at", "paused_until", "frequency",
         "legal_basis", "document_version")  # fmt: skip
"""What is compared of a consent, as the table names it."""

Accounts = Mapping[str, uuid.UUID]
_LINE = [getattr(ConsentEvent, name) for name in ("account_id", *folding.Line._fields)]


Judge = Callable[[Person, Item], decision_table.Case]
"""Puts what the model knows into the words of the decision table."""


def reasons(people: Sequence[Person], items: Iterable[Item], judge: Judge) -> list[str]:
    """Give the reason of every decision, by the model."""
    return [decision_table.answer(judge(person, item))[1] for item in items for person in people]


def differences(talk: Talk, people: Sequence[Person], judge: Judge) -> list[str]:
    """Tell where the application is not what the model is; nothing where all is well."""
    with talk.env.database.transaction() as session:
        accounts = talk.accounts(session, [person.email for person in people])
        found = [person.email for person in people if person.has_account != (person.email in accounts)]
        if found:
            return [f"an account too many or too few: {found}"]
        return [
            *_of_decisions(talk, session, people, accounts, judge),
            *_of_consents(talk, session, people, accounts),
        ]


def _of_decisions(
    talk: Talk, session: Session, people: Sequence[Person], accounts: Accounts, judge: Judge
) -> list[str]:  # fmt: skip
    """Ask about every item of everybody, many addresses and all items of an account at once; and some one by one."""
    found, addresses = [], [parse_email(person.email) for person in people]
    asked = {item: talk.question(item) for item in talk.refs if item.channel != DOCUMENT}
    known = [question.item for question in asked.values()]
    together = [
        verdicts(session, accounts[person.email], known, ONE) if person.has_account else {} for person in people
    ]
    turn = int(talk.now.timestamp()) % len(asked)
    for place, (item, question) in enumerate(asked.items()):
        batch = batches.facts_of_all(session, question.item, question.brand, addresses, talk.now)
        for person, address, facts, judged in zip(people, addresses, batch, together, strict=True):
            wanted = decision_table.answer(judge(person, item))
            told = [facts]
            if place == turn:
                told.append(decisions.ask(talk.env, question.item, question.brand, address, talk.now))
            answers = [decisions.decide(question.rules, each, talk.now) for each in told]
            answers += [judged[question.item.id]] if judged else []
            found += [
                f"{person.email} {item}: a decision is {got.reason}, not {wanted[1]}"
                for got in answers
                if (got.allowed, got.reason) != wanted
            ]
    return found


def _of_consents(talk: Talk, session: Session, people: Sequence[Person], accounts: Accounts) -> list[str]:
    """Compare the table with what its lines fold to, whoever's it is, and both with the model."""
    stored = {(row.account_id, row.item_id): _state(row) for row in session.scalars(select(Consent))}
    order = (ConsentEvent.account_id, ConsentEvent.item_id, ConsentEvent.sequence)
    events = session.execute(select(*_LINE).order_by(*order)).mappings()
    folded = {
        key: folding.fold(map(ledger.line_of, of_item))
        for key, of_item in groupby(events, lambda event: (event["account_id"], event["item_id"]))
    }
    found = [
        f"{key}: the table has {stored.get(key)}, its lines {folded.get(key)}"
        for key in stored.keys() | folded.keys()
        if stored.get(key) != folded.get(key)
    ]
    wanted = {
        (accounts[person.email], talk.refs[item].id): _expected(held)
        for person in people
        for item, held in person.consents.items()
    }
    got = {key: tuple(getattr(state, name) for name in FACTS) for key, state in stored.items()}
    return found + [
        f"{key}: is {got.get(key)}, not {wanted.get(key)}"
        for key in wanted.keys() | got.keys()
        if wanted.get(key) != got.get(key)
    ]


def _state(row: Consent) -> State:
    return State(**{name: getattr(row, name) for name in State._fields})


def _expected(held: model.Consent) -> tuple[Any, ...]:
    """Give what is compared of a consent of the model, in the order of `FACTS`."""
    return (held.status, held.granted_at, held.confirmed_at, held.withdrawn_at, held.expires_at, held.paused_until,
            held.frequency, held.basis, held.version and held.version.isoformat())  # fmt: skip


def over_http(talk: Talk, person: Person, item: Item, judge: Judge) -> list[str]:
    """Ask one question as a service does, and compare what it is told."""
    body = dict(zip(("brand", "topic", "channel"), item, strict=True))
    answer = api.decide(talk.browser("a service"), _headers(talk), {"email": person.email}, **body).json
    allowed, reason = decision_table.answer(judge(person, item))
    held = person.consents.get(item)
    wanted = (allowed, reason, model.since(held), held and held.frequency, held and held.expires_at)
    got = (answer["allowed"], answer["reason"], _moment(answer["since"]), answer["frequency"],
           _moment(answer["expires_at"]))  # fmt: skip
    return [] if got == wanted else [f"{person.email} {item}: over HTTP {got}, not {wanted}"]


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def _headers(talk: Talk) -> dict[str, str]:
    key, origin, now = signing_keys.signing_key(talk.env), talk.env.settings.origin, int(talk.now.timestamp())
    claims = {"iss": origin, "aud": f"{origin}/api", "sub": "c", "client_id": "c", "iat": now, "exp": now + 60,
              "jti": "1", "scope": "consents:read", "brands": list(HOUSES)}  # fmt: skip
    token = jwt.encode({"alg": "ES256", "typ": "at+jwt", "kid": key.kid}, claims, key, algorithms=["ES256"])
    return {"Authorization": f"Bearer {token}"}
