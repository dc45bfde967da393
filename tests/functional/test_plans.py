"""No statement of a hot way reads a big table from end to end, in a database as full as that of a busy house.

Every statement that is really sent is explained with its real parameters. What reads little of a small table, such as
the items of the brands, may read all of it.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import psycopg
import pytest
from sqlalchemy import select

from app.api.operations import OPERATIONS
from app.courier import check_ins, erasures, reconsents, tasks
from app.courier.delivery import deliver
from app.courier.transport import DevelopmentTransport
from app.db import Database
from app.http.extensions import limiter
from app.models import Message
from app.services import biographies, webhook_deliveries
from tests import api, database, environments, filled, journeys, operations
from tests.reliability.figures import tell

KNOWN = [biographies.address(number).typed for number in (1, 2, 3)]
NEW = "bea@example.com"
BATCHES = ("courier", "export")
"""What takes thousands of rows at a time."""
EXPLAINED = ("SELECT", "INSERT", "UPDATE", "DELETE", "WITH", "MERGE")


@dataclass
class Statements:
    """What was sent, each once, with the parameters of its first time."""

    sent: dict[str, Any] = field(default_factory=dict)
    on: str = ""

    def note(self, query: Any, parameters: Any) -> None:
        """Keep a statement, unless it is the test's own."""
        text = query if isinstance(query, str) else query.decode() if isinstance(query, bytes) else query.as_string()
        if self.on and text.lstrip().upper().startswith(EXPLAINED):
            self.sent.setdefault(text, (self.on, parameters))


@pytest.fixture(scope="module")
def full(cluster, worker_id, group, tmp_path_factory):
    """Give an environment on a database that is full, and the superuser's address of it."""
    name = f"parley_full_{worker_id}"
    settings = environments.settings_for(tmp_path_factory.mktemp("full"))
    with database.fresh_database(cluster, name) as urls:
        superuser = cluster.url("postgres", name, scheme="postgresql")
        environment = filled.fill(settings, group, urls.application, superuser)
        yield environment, superuser
        environment.database.close()


@pytest.fixture(scope="module")
def sent(full, application):
    """Give every statement that the hot ways send."""
    env, _ = full
    limiter.reset()
    with pytest.MonkeyPatch.context() as patched, recorded() as found:
        patched.setitem(application.extensions, "parley", env)
        ask_everything(application, env, found)
        do_everything(application, env, found)
        work_off(env, found)
    return found.sent


@contextmanager
def recorded():
    """Note every statement that goes to PostgreSQL, whichever way it goes."""
    found = Statements()
    execute, read = psycopg.Cursor.execute, Database.read

    def note_execute(self, query, params=None, **more):
        found.note(query, params)
        return execute(self, query, params, **more)

    def note_read(self, query, values):
        found.note(query, None)
        return read(self, query, values)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(psycopg.Cursor, "execute", note_execute)
        patched.setattr(Database, "read", note_read)
        yield found


def ask_everything(app, env, found):
    """Send what services send: each operation's example, and each again about somebody who is known."""
    client, auth = app.test_client(), operations.bearer(env, brands=("camille", "vantour"))
    for operation in OPERATIONS:
        found.on = operation.name
        operations.call(client, operation, auth)
        body = operations.example(operation)
        for number, each in enumerate(operation.asked.values()):
            operations.call(client, operation, {**auth, "Idempotency-Key": f"example {number}"}, json=each)
        for key, value in (("subject", {"email": KNOWN[0]}), ("subjects", KNOWN), ("email", KNOWN[1])):
            if body and key in body:
                operations.call(client, operation, {**auth, "Idempotency-Key": key}, json={**body, key: value})


def do_everything(app, env, found):
    """Do what people do: sign up, confirm, open the centre, change, leave by a link."""
    person = app.test_client()
    for email in (NEW, KNOWN[2]):
        found.on = "sign-up and confirmation"
        journeys.subscribe(person, env, email)
        found.on = "preference centre"
        assert person.get("/camille/preferences").status_code == 200
        assert person.get("/camille/preferences/history").status_code == 200
        assert journeys.press(person, set="camille:newsletter:email=off").status_code in {200, 303}
        found.on = "links of mails"
        for path in (journeys.unsubscribe_path(env, email), journeys.manage_path(env, email)):
            assert person.get(path).status_code == 200
            assert person.post(path).status_code in {200, 303}
        found.on = "link to the preferences"
        page = person.get("/camille/preferences/link").text
        person.post("/camille/preferences/link", data={"email": email, "csrf_token": journeys.form_token(page)})
        person.post(journeys.access_path(env, email))
    for page in ("sign-in", "register"):
        found.on = page
        token = journeys.form_token(person.get(f"/camille/{page}").text)
        person.post(f"/camille/{page}", data={"email": KNOWN[0], "password": "x" * 20, "csrf_token": token})
    found.on = "token"
    api.bearer(person, env)


def work_off(env, found):
    """Do what the courier does: deliver what was queued, and what comes round every while."""
    found.on = ""
    with env.database.transaction() as session:
        queued = session.scalars(select(Message.id).where(Message.state == "queued")).all()
    found.on = "courier: delivery"
    for message_id in queued:
        deliver(env, DevelopmentTransport(env), message_id)
    assert queued
    found.on = "courier: webhooks"
    with env.database.transaction() as session:
        for endpoint_id in webhook_deliveries.lagging(session):
            webhook_deliveries.follow(session, endpoint_id)
        for endpoint_id in webhook_deliveries.due(session, but=(), limit=10):
            webhook_deliveries.claim(session, endpoint_id)
            webhook_deliveries.settle(session, endpoint_id, {})
    for act in (
        tasks.place_feed, tasks.end_by_date, tasks.purge, tasks.take_checkpoint, check_ins.run, reconsents.run,
        erasures.run,
    ):  # fmt: skip
        found.on = f"courier: {act.__module__} {act.__name__}"
        act(env)


def scans(plan, partial, *, is_limited=False):
    """List the tables that a plan reads from end to end, itself or by all of an index that covers all of it."""
    kind, is_limited = plan["Node Type"], is_limited or plan["Node Type"] == "Limit"
    is_whole_index = kind in {"Index Scan", "Index Only Scan"} and "Index Cond" not in plan and not is_limited
    if kind == "Seq Scan" or (is_whole_index and plan["Index Name"] not in partial):
        yield plan["Relation Name"]
    for below in plan.get("Plans", ()):
        yield from scans(below, partial, is_limited=is_limited)


def offenders(connection, sent):
    """Explain every statement and list those that read a big table from end to end.

    For a batch of thousands it may well be cheaper to read all of tables of this size: there PostgreSQL is asked
    whether it could do without.
    """
    names = "SELECT relname FROM pg_class WHERE "
    big = {name for (name,) in connection.execute(f"{names} relkind = 'r' AND reltuples >= {filled.BIG}")}
    partial = {name for (name,) in connection.execute(
        f"{names} oid IN (SELECT indexrelid FROM pg_index WHERE indpred IS NOT NULL)")}  # fmt: skip
    for query, (on, parameters) in sent.items():
        for way in ("seqscan", "hashjoin", "mergejoin"):
            connection.execute(f"SET enable_{way} = {'off' if on.startswith(BATCHES) else 'on'}")
        generic = "GENERIC_PLAN, " if parameters is None and "$1" in query else ""
        cursor = connection.execute(f"EXPLAIN ({generic}FORMAT JSON) {query}", parameters)
        if read := set(scans(cursor.fetchone()[0][0]["Plan"], partial)) & big:
            yield f"{on}: {', '.join(sorted(read))}: {query}"


def test_no_hot_statement_reads_a_big_table_from_end_to_end(full, sent):
    with psycopg.connect(full[1]) as connection:
        found = list(offenders(connection, sent))
    tell("Statements explained", statements=len(sent), read_a_big_table=len(found))
    assert len(sent) > 100
    assert not found, "\n\n".join(found)


@pytest.mark.parametrize(
    ("index", "on"),
    [
        ("ix_contact_point_account_id", "lookup"), ("ix_message_address_digest_brand_created_at", "sign-up"),
        ("ix_suppression_brand_id", "suppressions"), ("ix_consent_expires_at", "end_by_date"),
        ("ix_leaving_reason_kept", "purge"),
    ],
)  # fmt: skip
def test_without_an_index_it_would_be_told(full, sent, index, on):
    with psycopg.connect(full[1]) as connection:
        connection.execute(f"DROP INDEX {index}")
        found = list(offenders(connection, sent))
        connection.rollback()
    assert any(on in each for each in found)
