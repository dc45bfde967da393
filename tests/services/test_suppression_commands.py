"""`parley suppressions`, as an operator types it."""

from __future__ import annotations

import random
import tracemalloc
from datetime import timedelta

import pytest
from click.testing import CliRunner
from sqlalchemy import func, select

from app.cli import main
from app.commands import suppressions as command
from app.commands.suppression_file import rows
from app.db import Database
from app.kit import clock
from app.kit.addresses import parse_phone
from app.models import AddressRow, Suppression
from app.services import suppressions
from app.services.suppressions import Reason, Scope
from tests import journeys
from tests.letters import make_member
from tests.post import FORM, sign_up

ANA, STRANGER, PHONE = "ana@example.com", "stranger@example.net", "+33612345678"


def count(env, table=Suppression):
    with env.database.transaction() as session:
        return session.scalar(select(func.count()).select_from(table))


def test_an_address_that_nobody_knows_is_suppressed_as_its_digest_alone(parley, committing_env):
    assert parley("suppressions", "add", STRANGER).output == "Suppressed.\n"
    assert parley("suppressions", "add", STRANGER.upper()).output == "It was suppressed already.\n"
    assert journeys.decision(committing_env, STRANGER) == "suppressed"
    with committing_env.database.transaction() as session:
        address = session.scalars(select(AddressRow)).one()
        row = session.scalars(select(Suppression)).one()
    assert (address.sealed, address.abuse_digest, address.kind) == (None, None, "email")
    assert row.digest_key_id == address.digest_key_id == committing_env.digester.key_id
    assert (row.provenance["actor"], row.provenance["source"]) == ("staff", "command")


def test_who_is_suppressed_before_they_come_stays_so(parley, committing_env):
    parley("suppressions", "add", STRANGER)
    sign_up(committing_env, STRANGER)
    assert journeys.decision(committing_env, STRANGER) == "suppressed"
    with committing_env.database.transaction() as session:
        assert session.scalars(select(AddressRow.sealed)).one() is not None


def test_a_number_on_one_channel_of_one_brand(parley, committing_env):
    words = ("suppressions", "add", PHONE, "--reason", "legal", "--brand", "camille", "--channel", "sms")
    assert parley(*words, "--document", "court order 2026-11").exit_code == 0
    with committing_env.database.transaction() as session:
        row = session.scalars(select(Suppression)).one()
    assert (row.brand, row.channel, row.reason) == ("camille", "sms", "legal")
    assert row.address_digest == committing_env.digester.newest(parse_phone(PHONE))
    assert row.provenance["document"] == "court order 2026-11"


def test_what_is_asked_for_ends_with_it(parley, committing_env):
    for brand, topic in (("camille", "newsletter:email"), ("folie-douze", "newsletter:email")):
        sign_up(committing_env, ANA, topic, brand=brand)
    path = journeys.confirmation_path(committing_env, ANA)
    parley("suppressions", "add", ANA, "--brand", "camille")
    assert journeys.decision(committing_env, ANA, brand="folie-douze") == "pending"
    parley("suppressions", "lift", ANA, "--document", "letter 7")
    assert journeys.decision(committing_env, ANA) == "unknown_subject"
    assert path


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("ana",), "neither an e-mail address nor a phone number"),
        ((ANA, "--brand", "nobody"), "There is no brand “nobody”"),
        ((ANA, "--channel", "sms"), "The channel sms does not use this kind of address"),
        ((PHONE, "--channel", "email"), "The channel email does not use this kind of address"),
        ((ANA, "--document", f"mail of {ANA}"), "no address in it"),
        ((ANA, "--document", "x" * 201), "at most 200 characters"),
    ],
)
def test_mistakes_are_told_in_one_line(parley, committing_env, words, told):
    answer = parley("suppressions", "add", *words)
    assert (answer.exit_code, told in answer.output) == (1, True)
    assert answer.output.count("\n") == 1
    assert ANA not in answer.output
    assert count(committing_env) == 0


def test_what_stands_on_an_address_is_shown_and_lifted_on_a_document(parley, committing_env):
    parley("suppressions", "add", ANA, "--reason", "legal")
    parley("suppressions", "add", ANA, "--reason", "complaint", "--brand", "camille")
    assert parley("suppressions", "lift", ANA, "--document", "letter 7", "--reason", "legal").output == "Lifted: 1.\n"
    assert "legal: all brands, all channels" in (shown := parley("suppressions", "show", ANA).output)
    assert "on letter 7" in shown
    assert "complaint: camille, all channels" in shown
    assert "in force" in shown
    assert parley("suppressions", "lift", ANA, "--document", "letter 8").output == "Lifted: 1.\n"
    nothing = parley("suppressions", "lift", ANA, "--document", "letter 9")
    assert (nothing.exit_code, nothing.output) == (1, "There was nothing to lift.\n")
    with committing_env.database.transaction() as session:
        lifted = session.scalars(select(Suppression.provenance).where(Suppression.reason == "legal")).one()["lifted_by"]
    assert (lifted["actor"], lifted["document"]) == ("staff", "letter 7")
    assert journeys.decision(committing_env, ANA) == "unknown_subject"


def test_nobody_lifts_without_a_document(parley, committing_env):
    parley("suppressions", "add", ANA)
    assert parley("suppressions", "lift", ANA).exit_code == 2
    assert parley("suppressions", "lift", ANA, "--document", " ").exit_code == 1
    assert journeys.decision(committing_env, ANA) == "suppressed"


def test_an_address_may_come_from_standard_input(database_urls, parley, committing_env, tmp_path):
    answer = parley("suppressions", "show", ANA)
    assert (answer.exit_code, answer.output) == (1, "Nothing stands on this address.\n")
    settings = {"DATABASE_URL": database_urls.application, "PARLEY_INSTANCE": str(tmp_path)}
    CliRunner().invoke(main, ["suppressions", "add", "-"], input=f"{ANA}\n", env=settings)
    assert "in force" in parley("suppressions", "show", ANA).output


def test_the_list_counts_and_names_nobody(parley, committing_env):
    parley("suppressions", "add", ANA)
    parley("suppressions", "add", STRANGER)
    parley("suppressions", "add", STRANGER, "--reason", "complaint", "--brand", "camille", "--channel", "email")
    told = [line.split() for line in parley("suppressions", "list").output.splitlines()]
    assert told == [
        ["1", "complaint", "camille", "email"], ["2", "do_not_contact", "all", "brands", "all", "channels"],
        ["3", "in", "all"],
    ]  # fmt: skip


# Files


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "list.csv"

    def write(*lines, header="address,reason,brand,channel,date"):
        path.write_text("\n".join([header, *lines]) + "\n", encoding="utf-8")
        return str(path)

    return write


def test_a_file_is_taken_in_once(parley, committing_env, file):
    path = file("ana@example.com,complaint,camille,email,2026-03-01", f"{PHONE},,,,", "stranger@example.net", "",
                "Stranger@Example.net")  # fmt: skip
    first = parley("suppressions", "import", path)
    assert first.stdout == "Suppressed: 3. Already: 1. Lifted since: 0. Lapsed: 0. Rejected: 0.\n"
    assert first.exit_code == 0
    assert parley("suppressions", "import", path).stdout.startswith("Suppressed: 0. Already: 4.")
    assert count(committing_env) == 3
    with committing_env.database.transaction() as session:
        row = session.scalars(select(Suppression).where(Suppression.brand == "camille")).one()
        assert (row.created_at.date().isoformat(), row.provenance["source"]) == ("2026-03-01", "file")
        assert set(session.scalars(select(AddressRow.sealed))) == {None}


def test_rows_that_make_no_sense_are_told_by_line_and_stop_nothing(parley, committing_env, file, tmp_path):
    path = file("ana", "bea@example.com,no_reason", "bea@example.com,,nobody", "bea@example.com,,,fax",
                "bea@example.com,,,sms", "bea@example.com,,,,yesterday", "bea@example.com,,,,2999-01-01",
                "bea@example.com,,,,,more", "\x00@example.com", "x" * 30_000 + "@example.com", STRANGER)  # fmt: skip
    answer = parley("suppressions", "import", path)
    assert answer.exit_code == 1
    assert "Suppressed: 1. Already: 0. Lifted since: 0. Lapsed: 0. Rejected: 10." in answer.output
    rejects = (tmp_path / "list.csv.rejects.csv").read_text(encoding="utf-8").splitlines()
    assert rejects[0] == "line,mistake"
    assert [int(line.split(",")[0]) for line in rejects[1:]] == list(range(2, 12))
    assert "example.com" not in "".join(rejects)
    assert (tmp_path / "list.csv.rejects.csv").stat().st_mode & 0o077 == 0
    assert count(committing_env) == 1


def test_options_stand_for_what_rows_leave_open(parley, committing_env, file):
    path = file("ana@example.com", "bea@example.com", header="Address")
    parley("suppressions", "import", path, "--reason", "legal", "--brand", "camille", "--channel", "email")
    with committing_env.database.transaction() as session:
        found = {(row.reason, row.brand, row.channel) for row in session.scalars(select(Suppression))}
    assert found == {("legal", "camille", "email")}


@pytest.mark.parametrize("header", ["", "ana@example.com", "address,colour", "address,address", "reason"])
def test_a_file_without_a_header_is_not_guessed_at(parley, committing_env, file, header):
    answer = parley("suppressions", "import", file("ana@example.com", header=header))
    assert (answer.exit_code, "must name the columns" in answer.output) == (1, True)
    assert count(committing_env) == 0


def test_a_rehearsal_changes_nothing(parley, committing_env, file):
    answer = parley("suppressions", "import", file(ANA, STRANGER), "--dry-run")
    assert answer.stdout.startswith("Would be suppressed: 2.")
    assert (count(committing_env), count(committing_env, AddressRow)) == (0, 0)


@pytest.mark.parametrize(("days", "told"), [(None, "Lifted since: 1"), (-1, "Lifted since: 1")])
def test_a_file_does_not_undo_what_the_owner_lifted(parley, committing_env, file, days, told):
    env = committing_env
    make_member(env, ANA)
    env.database.write(
        lambda session: suppressions.add(session, journeys.digest(env, ANA), Scope(), Reason.DO_NOT_CONTACT, FORM)
    )
    env.database.write(
        lambda session: suppressions.lift(session, suppressions.liftable(session, [journeys.digest(env, ANA)]), FORM)
    )
    date = (clock.now() + timedelta(days=days)).isoformat() if days else ""
    assert told in parley("suppressions", "import", file(f"{ANA},,,,{date}")).output
    assert journeys.decision(env, ANA) == "granted"
    later = clock.now().isoformat()
    assert "Suppressed: 1" in parley("suppressions", "import", file(f"{ANA},,,,{later}")).output
    assert journeys.decision(env, ANA) == "suppressed"


def test_an_old_bounce_of_a_file_counts_no_more(parley, committing_env, file):
    day = (clock.now() - timedelta(days=100)).date()
    assert "Lapsed: 1" in parley("suppressions", "import", file(f"{ANA},hard_bounce,,email,{day}")).output
    assert count(committing_env) == 0


def test_an_interrupted_import_says_where_to_go_on(parley, committing_env, file, monkeypatch):
    monkeypatch.setattr(command, "BATCH", 10)
    path = file(*[f"person-{number}@example.com" for number in range(35)])
    write, calls = Database.write, []

    def failing(database, act):
        calls.append(act)
        if len(calls) == 3:
            raise RuntimeError("the machine went away")
        return write(database, act)

    with monkeypatch.context() as patched:
        patched.setattr(Database, "write", failing)
        stopped = parley("suppressions", "import", path)
    assert "go on with --after 21." in stopped.output
    assert count(committing_env) == 20
    assert parley("suppressions", "import", path, "--after", "21").stdout.startswith("Suppressed: 15. Already: 0.")
    assert count(committing_env) == 35


def test_a_file_may_come_through_a_pipe(parley, committing_env, database_urls, tmp_path):
    words = ["suppressions", "import", "-", "--rejects", str(tmp_path / "rejects.csv")]
    settings = {"DATABASE_URL": database_urls.application, "PARLEY_INSTANCE": str(tmp_path)}
    answer = CliRunner().invoke(main, words, input=f"address\n{ANA}\n", env=settings)
    assert answer.exit_code == 0
    assert answer.stdout.startswith("Suppressed: 1.")


def test_memory_does_not_grow_with_the_file(group, tmp_path):
    path = tmp_path / "long.csv"
    with path.open("w") as file:
        file.write("address\n")
        file.writelines(f"person-{number}@example.com\n" for number in range(50_000))
        file.write("x" * 20_000_000)
    unsaid = {"reason": "do_not_contact"}
    tracemalloc.start()
    with path.open() as file:
        assert sum(1 for _ in rows(file, group, unsaid)) == 50_001
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 2_000_000


def test_quotes_that_never_end_are_one_mistake(group, tmp_path):
    path = tmp_path / "spoilt.csv"
    noise = random.Random(7)
    lines = [f'"person-{number}{noise.random()}@example.com' for number in range(20_000)]
    path.write_text("address\n" + "\n".join(lines))
    with path.open() as file:
        found = list(rows(file, group, {"reason": "do_not_contact"}))
    assert all(row.mistake for row in found)
