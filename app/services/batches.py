"""Decisions about one item for many people, in one statement for each kind of address, or by a client's own ids.

What is asked and how it is judged is what `services.decisions` asks and judges for one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from itertools import groupby
from operator import itemgetter

from app.branding.models import Channel
from app.db import Session, run
from app.environment import environment
from app.kit.addresses import Address
from app.services.decisions import CONTACT_KIND, HAS_POSTAL, OF_ACCOUNT, PENDING, POSTAL, SUPPRESSED, Facts
from app.services.items import ItemRef
from app.services.verdicts import facts_of

Row = tuple[object, ...]

EXTERNAL = "external"
"""Stands for a kind of address: people are asked about by ids."""

_PEOPLE = """unnest(%(places)s::text::int[], %(digests)s::text::bytea[]) AS q (place, digest)
        LEFT JOIN contact_point p ON p.address_digest = q.digest"""
_PEOPLE_BY_IDS = """unnest(%(places)s::int[], %(values)s::text[]) AS q (place, value)
        LEFT JOIN external_id p ON p.client = %(client)s AND p.system = %(system)s AND p.value = q.value"""


@dataclass(frozen=True, slots=True)
class ClientIds:
    """What the client of a name calls people in one of its systems."""

    client: str
    system: str
    values: Sequence[str]


def facts_of_all(
    session: Session, item: ItemRef, brand: str, subjects: Sequence[Address], now: datetime
) -> list[Facts]:  # fmt: skip
    """Gather the facts about each of `subjects` and an item, in their order; one that comes twice is asked once."""
    names = [subject.normal for subject in subjects]
    different = dict(zip(names, subjects, strict=True))
    places = {name: place for place, name in enumerate(different)}
    found: dict[int, Facts] = {}
    for kind in ("email", "phone"):
        asked = [(places[name], subject) for name, subject in different.items() if subject.kind == kind]
        if asked:
            found.update(_ask(session, item, brand, kind, asked, now))
    return [found[places[name]] for name in names]


def facts_by_ids(
    session: Session, item: ItemRef, brand: str, ids: ClientIds, now: datetime
) -> list[Facts]:  # fmt: skip
    """Gather the same about people by what a client calls them; whom no id of its stands for is nobody."""
    places = {value: place for place, value in enumerate(dict.fromkeys(ids.values))}
    asked = {
        "places": list(places.values()), "values": list(places), "client": ids.client, "system": ids.system,
        "item": item.id, "brand": brand, "channel": item.channel and item.channel.value, "now": now,
    }  # fmt: skip
    found = {row[0]: facts_of(row[1:]) for row in run(session, statement(item.channel, EXTERNAL), asked)}
    return [found[places[value]] for value in ids.values]


def _ask(
    session: Session, item: ItemRef, brand: str, kind: str, asked: Sequence[tuple[int, Address]], now: datetime
) -> dict[int, Facts]:  # fmt: skip
    probes = environment(session).digester.probes
    pairs = [(place, digest) for place, subject in asked for digest in probes(subject)]
    values = {
        **arrays(pairs), "item": item.id, "brand": brand, "channel": item.channel and item.channel.value, "now": now,
    }  # fmt: skip
    rows = run(session, statement(item.channel, kind), values).fetchall()
    if len(pairs) == len(asked):  # one key in force, as nearly always
        return {row[0]: facts_of(row[1:]) for row in rows}
    return {place: _merged([row[1:] for row in group])
            for place, group in groupby(sorted(rows, key=itemgetter(0)), key=itemgetter(0))}  # fmt: skip


def arrays(pairs: Sequence[tuple[int, bytes]]) -> dict[str, str]:
    """Write places and digests as PostgreSQL writes arrays; value by value, psycopg takes as long as the statement."""
    digests = ",".join(f'"\\\\x{digest.hex()}"' for _place, digest in pairs)
    return {"places": f"{{{','.join(str(place) for place, _digest in pairs)}}}", "digests": f"{{{digests}}}"}


def _merged(rows: Sequence[Row]) -> Facts:
    """Bring together what is known of an address under several keys: the account of one, what stands on any."""
    known = next((row for row in rows if row[0] is not None), rows[0])
    *facts, _suppressed, _pending, has_contact, is_verified = known
    suppressed, pending = (any(row[place] for row in rows) for place in (-4, -3))
    return facts_of((*facts, suppressed, pending, has_contact, is_verified))


@cache
def statement(channel: Channel | None, kind: str) -> str:
    """Build the statement for addresses of a kind; those that do not fit the channel lead to the account's primary.

    So do ids (`EXTERNAL`).
    """
    wanted = CONTACT_KIND.get(channel) if channel else None
    columns = {"item": "%(item)s", "brand": "%(brand)s", "channel": "%(channel)s::text", "now": "%(now)s::timestamptz"}
    target, found, digest = "", "p", "= q.digest"
    # Requests are made with e-mail addresses: those of somebody known by a number are found through the account.
    asked_by = digest if kind == "email" else OF_ACCOUNT.format(account="p.account_id")
    if kind == EXTERNAL or (channel is not None and wanted != kind):
        of_kind = f"AND c.kind = '{wanted}'" if wanted not in (None, POSTAL) else ""
        target = f"""LEFT JOIN LATERAL (SELECT * FROM contact_point c WHERE c.account_id = p.account_id {of_kind}
                     ORDER BY c.is_primary DESC LIMIT 1) t ON true"""  # noqa: S608 - built from constants alone
        found, digest = "t", "= t.address_digest"
    has_contact = f"{found}.address_digest IS NOT NULL" if wanted != POSTAL else HAS_POSTAL.format(account="a.id")
    return f"""
        SELECT q.place, a.id, a.status, k.status, k.granted_at, k.confirmed_at, k.withdrawn_at, k.expires_at,
               k.paused_until, k.frequency, k.legal_basis, k.document_version,
               {SUPPRESSED.format(digests=digest, **columns)},
               {PENDING.format(digests=asked_by, **columns)},
               {has_contact}, {found}.verified_at IS NOT NULL
        FROM {_PEOPLE_BY_IDS if kind == EXTERNAL else _PEOPLE}
        LEFT JOIN account a ON a.id = p.account_id
        LEFT JOIN consent k ON k.account_id = p.account_id AND k.item_id = %(item)s
        {target}"""  # noqa: S608 - the same
