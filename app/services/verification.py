"""Proof that nobody changed the ledger: every line, its detail, its place in the feed and what is folded from it.

One query streams all lines by account, in constant memory and in one snapshot, so that it can run beside writers. What
the lines can't tell, such as positions whose lines are gone, is asked of PostgreSQL. Compared with the signed
checkpoints (`services.checkpoints`), the feed also tells whether its end was cut off.
"""

from __future__ import annotations

import hmac
import uuid
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import groupby
from operator import itemgetter
from typing import Any, NamedTuple

from sqlalchemy import text

from app.db import Session
from app.environment import environment
from app.kit.digests import key_id
from app.services import streaming
from app.services.chains import Broken, Chain, Row

ADVANCE = 10_000
"""Lines between two reports of progress."""

WORK_MEMORY = "128MB"
"""What PostgreSQL may take to sort the lines before it turns to the disk."""


class Fault(NamedTuple):
    """Something that can't have come about rightly. `sequence` is the first bad line of the account."""

    what: str
    account_id: uuid.UUID | None = None
    sequence: int | None = None
    position: int | None = None

    def __str__(self) -> str:
        where = [f"account {self.account_id}"] if self.account_id else []
        where += [f"line {self.sequence}"] if self.sequence is not None else []
        where += [f"position {self.position}"] if self.position is not None else []
        return f"{', '.join(where)} {self.what}"


@dataclass(slots=True)
class Report:
    """What was found, and in how many lines."""

    lines: int = 0
    _found: dict[object, Fault] = field(default_factory=dict)

    @property
    def faults(self) -> list[Fault]:
        """One fault for each account: that of its first bad line."""
        return list(self._found.values())

    def note(self, fault: Fault) -> None:
        """Add a fault, unless one of an earlier line of its account is known."""
        known = self._found.setdefault(fault.account_id or fault.position, fault)
        if (fault.sequence or 0) < (known.sequence or 0):
            self._found[fault.account_id] = fault


def verify(session: Session, limit: int = 100, advance: Callable[[int], None] = lambda _: None) -> Report:
    """Read everything and say what is wrong, with the first bad line of each account; it ends early at `limit` faults.

    Must be the first thing in its transaction, which stays in one snapshot. Lines of an account after the first bad one
    are not judged: they follow from it. `advance` is told now and then how many lines were read since the last time.
    """
    session.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ"))
    session.execute(text("SET LOCAL statement_timeout = 0"))
    session.execute(text(f"SET LOCAL work_mem = '{WORK_MEMORY}'"))
    report = Report()
    for stray in _strays(session):
        report.note(stray)
    keys = environment(session).settings.ledger_keys
    signers = {key_id(key): hmac.new(key.encode(), digestmod="sha256") for key in keys}
    told = 0
    with streaming.rows(session, _LINES) as lines:
        for account, rows in groupby(lines, key=itemgetter(0)):
            if len(report.faults) >= limit:
                break
            _walk(account, Chain(signers), rows, report)
            if report.lines - told >= ADVANCE:
                advance(report.lines - told)
                told = report.lines
    return report


def _walk(account: str, chain: Chain, rows: Iterable[tuple[Any, ...]], report: Report) -> None:
    """Check one account and note its fault and its lines."""
    try:
        for row in rows:
            report.lines += 1
            chain.add(Row._make(row))
        chain.end()
    except Broken as broken:
        report.note(Fault(str(broken), uuid.UUID(account), broken.sequence))
    report.lines += sum(1 for _ in rows)


def _strays(session: Session) -> Iterator[Fault]:
    """Find what refers to lines that don't exist, the first hundred of each kind."""
    for what, query in _STRAYS.items():
        for row in session.execute(text(f"{query} LIMIT 100")):
            yield Fault(what, row.account_id, row.sequence, row.position)


_NO_LINE = """NOT EXISTS (SELECT FROM consent_event AS l
                           WHERE l.account_id = t.account_id AND l.sequence = t.sequence)"""
_STRAYS = {
    "is missing; the feed has a place for it": f"""
        SELECT account_id, sequence, position FROM event_feed AS t WHERE {_NO_LINE} ORDER BY position""",  # noqa: S608 - of constants
    "is missing; it waits for a place in the feed": f"""
        SELECT account_id, sequence, NULL AS position FROM feed_pending AS t WHERE {_NO_LINE}
         ORDER BY account_id, sequence""",  # noqa: S608 - of constants
    "is missing; its detail is there": f"""
        SELECT account_id, sequence, NULL AS position FROM event_detail AS t WHERE {_NO_LINE}
         ORDER BY account_id, sequence""",  # noqa: S608 - of constants
    "is missing; the account says that it is there": """
        SELECT id AS account_id, 1 AS sequence, NULL AS position FROM account
         WHERE last_sequence <> 0 AND NOT EXISTS (SELECT FROM consent_event WHERE account_id = account.id)
         ORDER BY id""",
    "does not lead to the consent that names it": """
        SELECT account_id, last_sequence AS sequence, NULL AS position FROM consent
         WHERE NOT EXISTS (SELECT FROM consent_event AS l
                            WHERE l.account_id = consent.account_id AND l.sequence = consent.last_sequence
                              AND l.item_id = consent.item_id)
         ORDER BY account_id, item_id""",
    "comes after places that are missing": """
        SELECT NULL::uuid AS account_id, NULL AS sequence, position
          FROM (SELECT position, position - lag(position, 1, 0::bigint) OVER (ORDER BY position) AS step
                  FROM event_feed) AS t
         WHERE step <> 1
         ORDER BY position""",
}


def _json(column: str) -> str:
    return f"coalesce(to_json({column})::text, 'null')"


def _time(column: str) -> str:
    # Nothing but a number to name `infinity`, which no clock of ours ever gives.
    return f"""coalesce('"' || to_char({column} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') || '"', '0')"""


_SIGNED = " || ',' || ".join([
    "'[\"' || l.account_id || '\"'", "l.sequence", "l.item_id", _json("l.action"), _json("l.status"),
    _time("l.occurred_at"), _time("l.recorded_at"), _json("l.legal_basis"), _json("l.source"), _json("l.actor_kind"),
    _json("l.actor_id"), _json("l.locale"), _json("encode(l.notice_digest, 'hex')"), _json("l.document_version"),
    "l.attributes::text", _json("encode(l.detail_hash, 'hex')"), _json("l.ledger_key_id") + " || ']'",
])  # fmt: skip
"""The canonical line as near as SQL comes to it, see `ledger.canonical`."""

_LINES = f"""
    SELECT l.account_id::text, l.sequence, {_SIGNED}, l.mac, d.salt, d.detail::text,
           f.position, p.sequence IS NOT NULL, a.last_sequence, a.last_mac, a.status,
           CASE WHEN c.item_id IS NOT NULL THEN json_build_array(
             c.status, c.granted_at, c.confirmed_at, c.withdrawn_at, c.expires_at, c.paused_until, c.frequency,
             c.legal_basis, c.document_version, c.source, c.updated_at, c.last_sequence)::text END
      FROM consent_event AS l
      LEFT JOIN event_detail AS d ON d.account_id = l.account_id AND d.sequence = l.sequence
      LEFT JOIN event_feed AS f ON f.account_id = l.account_id AND f.sequence = l.sequence
      LEFT JOIN feed_pending AS p ON p.account_id = l.account_id AND p.sequence = l.sequence
      LEFT JOIN account AS a ON a.id = l.account_id
      LEFT JOIN consent AS c ON c.account_id = l.account_id AND c.item_id = l.item_id AND c.last_sequence = l.sequence
     ORDER BY l.account_id, l.sequence"""  # noqa: S608 - of constants
