"""After an erasure nothing is found of the person: in a dump of the whole database, in logs, in any file."""

from __future__ import annotations

import re

import psycopg
import pytest

from app.courier import erasures
from app.kit.sealing import Sealer
from app.services import mailbox
from tests import journeys
from tests.erasing import ANA, BROWSER, IP, NEW, NUMBERS, PAGE, ask, live, personal, verify
from tests.reliability.figures import tell
from tests.reliability.installation import await_true

ORIGIN = "10.0.0.77"
"""Where Ana's own requests come from, as the proxy in front tells it."""
SEALED = re.compile(rb"\\\\x(67414141[0-9a-f]+)")
"""What is sealed begins with `gAAA`; a dump writes bytes in hexadecimal."""


STAYS = "public.erased_address"
"""Digests of addresses with the moment of the erasure, so that nothing told of before brings the person back."""


def dump(url: str, sealer: Sealer, but: str = "") -> str:
    """Write out every table of every schema `but` one, with what is sealed opened."""
    tables = """SELECT quote_ident(schemaname) || '.' || quote_ident(tablename) FROM pg_tables
                 WHERE schemaname NOT IN ('pg_catalog', 'information_schema') ORDER BY 1"""
    told = []
    with psycopg.connect(url) as connection:
        for (table,) in connection.execute(tables).fetchall():
            if table == but:
                continue
            with connection.cursor().copy(f"COPY {table} TO STDOUT") as copied:
                rows = b"".join(bytes(each) for each in copied)
            opened = [sealer.open_bytes(bytes.fromhex(each.decode())) for each in SEALED.findall(rows)]
            told.append("\n".join([table, rows.decode(), *map(repr, opened)]))
    return "\n".join(told)


def files(folder) -> str:
    """Read all files of an installation, its logs among them; what is sealed in them stays so."""
    return "\n".join(each.read_text(errors="replace") for each in sorted(folder.rglob("*")) if each.is_file())


def hits(text: str, words) -> list[str]:
    """List the words that are found."""
    folded = text.casefold()
    return [each for each in words if each.casefold() in folded]


def texts_kept(env) -> int:
    """Count the texts to Ana's newest number in the development mailbox."""
    with env.database.transaction() as session:
        return [each.contents.to for each in mailbox.newest(session)].count(NUMBERS[-1])


@pytest.fixture
def house(install, post_office):
    with install(workers=1, mail_url=f"smtp://127.0.0.1:{post_office.port}?tls=none") as parley:
        yield parley


def test_nothing_is_found_of_somebody_who_was_erased(house, own_database, post_office):
    env = house.environment
    account = live(env)
    server = house.start("serve")
    house.await_ready(server)
    visitor = house.visitor(77)
    visitor.post("/camille/", house.sign_up_form(NEW, "private-sales:email"))
    visitor.post("/camille/sign-in", {**house.link_form(NEW), "password": "peculiar-password"})
    visitor.post("/camille/preferences/link", house.link_form("ana.secret@"))
    visitor.get(f"/camille/?email={NEW}")
    visitor.close()
    house.start("courier")
    assert await_true(lambda: len(post_office.received) >= 3, 30), "mails to her go out, so the courier logs of them"
    assert await_true(lambda: texts_kept(env) == 2, 30), "and the text that waits, beside the one that lay there"

    url = own_database.owner.replace("postgresql+psycopg", "postgresql")
    words = [*personal(env, account), ORIGIN, "peculiar-password"]
    before = hits(dump(url, env.sealer), words)
    assert set(before) >= {ANA, NEW, IP, BROWSER, PAGE, "peculiar-copy", "PECULIARSECRET234"}, "the search finds"
    ask(env, account)
    erasures.run(env)
    values = [each for each in words if not re.fullmatch("[0-9a-f]{64}", each)]
    dumped, filed = hits(dump(url, env.sealer, but=STAYS), words), hits(files(house.folder), values)
    tell("What is found of somebody after the erasure", searched_for=len(words), in_a_dump_before=len(before),
         in_a_dump_after=len(dumped), in_logs_and_files=len(filed))  # fmt: skip
    assert (dumped, filed) == ([], [])
    assert hits(dump(url, env.sealer), values) == [], "nothing but digests stays there either"
    assert "request" in files(house.folder), "there are logs"
    assert verify(env) == []
    assert journeys.decision(env, NEW) == "unknown_subject"
