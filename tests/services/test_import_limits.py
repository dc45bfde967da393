"""What rows may cost: hostile ones are told and the others are taken, within bounds of time, memory and room."""

from __future__ import annotations

import json
import tracemalloc
from types import SimpleNamespace

import pytest
from sqlalchemy import func, select

from app.courier import imports as courier
from app.kit import clock
from app.kit.rows import Lines, json_rows
from app.models import ConsentEvent, ImportReject
from app.services import import_layouts, import_rows, imports
from app.services.import_rows import Interpreter, Reject
from app.services.items import items

ABOUT = {"brand": "camille", "topic": "newsletter", "channel": "email"}
GOOD = {"email": "ana@example.com", "status": "granted", "occurred_at": "2024-03-01"}
HOSTILE = {
    "comments in comments": {"email": "(" * 3000 + "<a@example.com>"},
    "quotes without end": {"email": '"' * 399 + "<"}, "nothing in brackets": {"email": "Ana <>"},
    "two in brackets": {"email": "<a@example.com> <b@example.com>"},
    "a long name": {"email": "x" * 400 + "<a@example.com>"},
    "a long date": {"occurred_at": "1" * 5000}, "a date of other digits": {"occurred_at": "٢٠٢٤-٠٣-٠١x"},
    "the first day": {"occurred_at": "0001-01-01T00:00:00+14:00"},
    "the last day": {"occurred_at": "9999-12-31T23:59:59-14:00"},
    "a long topic": {"topic": "x" * 101}, "a long brand": {"brand": "x" * 60_000},
    "a long status": {"status": "x" * 60_000}, "a long fact": {"evidence": {"x": "y" * 501}},
    "a long name of a fact": {"evidence": {"x" * 101: "y"}},
    "many facts": {"evidence": {f"f{number}": "y" for number in range(29)}},
    "a long account": {"email": None, "account_id": "{" * 5000}, "a long number": {"email": None, "phone": "+" * 5000},
}  # fmt: skip


def interpreter(env, told=ABOUT):
    with env.database.transaction() as session:
        registry = items(session)
    layout = import_layouts.layout(told)
    return Interpreter(
        env.group, registry, layout, clock.now(), "f", None, lambda _brand, _item: True, may_suppress=True
    )  # fmt: skip


def test_hostile_rows_are_rejects_and_the_others_are_taken(env):
    rows = [GOOD, *({**GOOD, **each} for each in HOSTILE.values()), {**GOOD, "email": "bea@example.com"}]
    content = "".join(f"{json.dumps(row)}\n" for row in rows).encode()
    with env.database.transaction() as session:
        job = imports.begin(session, "f", "ndjson", import_layouts.layout(ABOUT), is_dry_run=False, size=len(content))
    done = courier.run(env, job.id, lambda position: [content[position:]])
    assert (done.state, done.counts) == ("done", {"granted": 2, "rejected": len(HOSTILE)})
    with env.database.transaction() as session:
        assert session.scalar(select(func.count()).select_from(ConsentEvent)) == 2
        words = session.scalars(select(ImportReject.words)).all()
    assert max(map(len, words)) < 200


@pytest.mark.parametrize(("written", "address"), [
    ("'-ana@example.com", "-ana@example.com"), ("'+ana@example.com", "+ana@example.com"),
    ("'=ana@example.com", "=ana@example.com"), ("'ana@example.com", "'ana@example.com"),
    ("Ana <ana@example.com>", "ana@example.com"), ('"Ruiz, \\"A.\\" <x>" <ana@example.com>', "ana@example.com"),
])  # fmt: skip
def test_addresses_come_back_as_exports_write_them(env, written, address):
    (row,) = json_rows(Lines([json.dumps({**GOOD, "email": written}).encode()]))
    assert interpreter(env).read(row).subject.normal == address


def test_what_rows_name_is_remembered_within_bounds(env, monkeypatch):
    monkeypatch.setattr(import_rows, "MOST_KNOWN", 50)
    reads = interpreter(env, {"brand": "camille", "purpose": "personalisation"})
    rows = (json.dumps({**GOOD, "purpose": "personalisation", "topic": f"{n}{'x' * n}"}) for n in range(2_000))
    tracemalloc.start()
    try:
        found = [type(reads.read(row)) is Reject for row in json_rows(Lines(f"{row}\n".encode() for row in rows))]
        held, _peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert found.count(False) in range(90, 101), "longer ones are no topics"
    assert held < 1_000_000


def test_a_batch_is_bounded_by_bytes_too():
    rows = [SimpleNamespace(start=number * 1_000, end=number * 1_000 + 1_000) for number in range(10)]
    read = iter(rows)
    sizes = [len(list(courier._within(read, 3_000))) for _ in range(4)]
    assert sizes == [3, 3, 3, 1]
