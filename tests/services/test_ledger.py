"""The ledger grows and is never changed; the projection is always its fold."""

from __future__ import annotations

import hashlib
import json

import pytest
from sqlalchemy import create_engine, select, text
from sqlalchemy.exc import DBAPIError

from app.models import Account, Consent, ConsentEvent, EventDetail, FeedPending
from app.services import folding, ledger
from app.services.accounts import create_lite
from app.services.folding import Action, Status
from app.services.ledger import FIRST_MAC, Entry
from tests.services.ledgers import FORM


@pytest.fixture
def account(session):
    return create_lite(session, b"digest", "en", None)


@pytest.fixture
def lines(session, account):
    entries = [Entry(1, Action.GRANTED, detail={"page": "/camille"}), Entry(1, Action.WITHDRAWN)]
    return ledger.append(session, account, entries, FORM)


def events(session):
    session.flush()
    return session.scalars(select(ConsentEvent).order_by(ConsentEvent.sequence)).all()


def test_lines_are_numbered_from_one(session, lines):
    assert [event.sequence for event in events(session)] == [1, 2]


def test_nothing_to_write_is_nothing_written(session, account):
    assert ledger.append(session, account, [], FORM) == []


def test_each_mac_covers_the_line_and_the_mac_before(session, env, lines):
    key, previous = env.settings.ledger_keys[-1], FIRST_MAC
    for event in events(session):
        assert event.mac == ledger.mac(key, previous, {c.name: getattr(event, c.name) for c in event.__table__.columns})
        previous = event.mac


def test_the_account_knows_its_last_line(session, account, lines):
    session.flush()
    head = session.execute(select(Account.last_sequence, Account.last_mac)).one()
    assert head == (2, events(session)[-1].mac)


def test_the_projection_is_the_fold(session, account, lines):
    assert ledger.present(session, account.id) == {1: folding.fold(lines)}
    assert session.scalars(select(Consent)).one().status == Status.WITHDRAWN


def test_an_erased_item_has_no_row(session, account, lines):
    ledger.append(session, account, [Entry(1, Action.ERASED)], FORM)
    assert ledger.present(session, account.id) == {}


def test_a_line_holds_nothing_personal(session, lines):
    event = events(session)[0]
    text_ = json.dumps({c.name: str(getattr(event, c.name)) for c in event.__table__.columns})
    assert "192.0.2.1" not in text_
    assert "browser" not in text_


def test_a_line_holds_the_salted_hash_of_its_detail(session, lines):
    detail = session.get(EventDetail, (events(session)[0].account_id, 1))
    content = json.dumps(detail.detail, sort_keys=True, separators=(",", ":"))
    assert events(session)[0].detail_hash == hashlib.sha256(detail.salt + content.encode()).digest()
    assert detail.detail["ip"] == "192.0.2.1"


def test_each_line_waits_for_its_place_in_the_feed(session, lines):
    assert session.scalars(select(FeedPending.sequence)).all() == [1, 2]


def test_the_canonical_line_is_kept_for_good():
    event = {
        "account_id": "a", "sequence": 1, "item_id": 2, "action": "granted", "status": "granted",
        "occurred_at": folding.datetime.fromisoformat("2026-03-03T10:00:00+02:00"),
        "recorded_at": folding.datetime.fromisoformat("2026-03-03T08:00:00.5Z"), "legal_basis": "consent",
        "source": "form", "actor_kind": "person", "actor_id": None, "locale": "fr", "notice_digest": b"\x01",
        "document_version": "é", "attributes": {"b": 1, "a": [True]}, "detail_hash": b"\xff", "ledger_key_id": "k",
    }  # fmt: skip
    assert ledger.canonical(event) == (
        b'["a",1,2,"granted","granted","2026-03-03T08:00:00.000000Z","2026-03-03T08:00:00.500000Z","consent","form",'
        b'"person",null,"fr","01","\\u00e9",{"a":[true],"b":1},"ff","k"]'
    )


@pytest.mark.parametrize("statement", ["UPDATE {} SET sequence = 9", "DELETE FROM {}", "TRUNCATE {}"])
@pytest.mark.parametrize("table", ["consent_event", "event_feed"])
@pytest.mark.parametrize(("role", "refusal"), [("application", "permission denied"), ("owner", "never changed")])
def test_nobody_changes_or_deletes_lines(database_urls, role, refusal, table, statement):
    engine = create_engine(getattr(database_urls, role))
    with engine.connect() as connection, pytest.raises(DBAPIError, match=refusal):
        connection.execute(text(statement.format(table)))
    engine.dispose()
