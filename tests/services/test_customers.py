"""`parley customers`: a ground that rests on a purchase, ends by itself, and never outweighs a no."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from sqlalchemy import select

from app.branding import checks
from app.branding.models import LegalBasis
from app.courier.tasks import end_by_date
from app.factory import create_app
from app.kit import clock
from app.kit.months import months_after
from app.models import Consent, ConsentEvent, EventDetail
from app.services.folding import Action
from tests import centres, journeys

ANA, BEA = "ana@example.com", "bea@example.com"
SALES = ("--brand", "camille", "--topic", "private-sales", "--system", "shop")
HEAD = "email,date,country,reference\n"


@pytest.fixture
def take(parley, tmp_path):
    """Give what takes in a file of these rows."""

    def run(*rows, words=SALES):
        file = tmp_path / "customers.csv"
        file.write_text(HEAD + "".join(f"{row}\n" for row in rows))
        return parley("customers", str(file), *words)

    return run


def said(env, email=ANA):
    return journeys.decision(env, email, "private-sales")


def bought(days_ago, email=ANA, country="FR", reference="order 7"):
    return f"{email},{clock.now() - timedelta(days=days_ago):%Y-%m-%d},{country},{reference}"


def test_who_bought_something_may_be_written_to_until_it_is_too_long_ago(take, committing_env):
    assert take(bought(10), bought(3 * 366, BEA)).output.split("\n")[-2:-1] == [
        "Noted: 1. Known: 0. Too long ago: 1. Said no: 0. Rejected: 0."
    ]
    assert (said(committing_env), said(committing_env, BEA)) == ("granted", "unknown_subject")
    with committing_env.database.transaction() as session:
        line, row = session.scalars(select(ConsentEvent)).one(), session.scalars(select(Consent)).one()
        detail = session.scalars(select(EventDetail)).one().detail
    assert (line.action, line.legal_basis, line.source, line.actor_kind, line.actor_id) == (
        "granted", "soft_opt_in", "file", "import", "shop",
    )  # fmt: skip
    assert row.expires_at == months_after(line.occurred_at, 36)
    assert detail["reference"] == "order 7"
    with time_machine.travel(row.expires_at + timedelta(minutes=1)):
        assert said(committing_env) == "expired"


def test_what_has_run_out_is_told_once_in_the_ledger_at_its_moment(take, committing_env):
    take(bought(10))
    with committing_env.database.transaction() as session:
        until = session.scalars(select(Consent.expires_at)).one()
    assert end_by_date(committing_env) == 0
    with time_machine.travel(until + timedelta(hours=3)):
        assert (end_by_date(committing_env), end_by_date(committing_env)) == (1, 0)
    with committing_env.database.transaction() as session:
        last = session.scalars(select(ConsentEvent).order_by(ConsentEvent.sequence.desc()).limit(1)).one()
        assert session.scalars(select(Consent.status)).one() == "expired"
    assert (last.action, last.occurred_at, last.actor_kind) == ("expired", until, "system")


def test_another_purchase_makes_it_last_longer_and_the_same_file_changes_nothing(take, committing_env):
    take(bought(100))
    assert take(bought(10)).output.lstrip().startswith("Noted: 1. Known: 0.")
    assert take(bought(10), bought(50)).output.lstrip().startswith("Noted: 0. Known: 2.")
    with committing_env.database.transaction() as session:
        row = session.scalars(select(Consent)).one()
        actions = session.scalars(select(ConsentEvent.action).order_by(ConsentEvent.sequence)).all()
    assert actions == ["granted", "renewed"]
    assert row.expires_at.date() == months_after(clock.now() - timedelta(days=10), 36).date()
    assert row.granted_at.date() == (clock.now() - timedelta(days=100)).date()


def test_a_purchase_takes_back_no_agreement_to_a_newer_document(take, committing_env):
    take(bought(20))
    with committing_env.database.transaction() as session:
        until = session.scalars(select(Consent.expires_at)).one()
    centres.record(
        committing_env, ANA, "camille:private-sales:email", Action.RENEWED, legal_basis="soft_opt_in",
        document_version="2099-01-01", attributes={"expires_at": until.isoformat()},
    )  # fmt: skip
    assert take(bought(1)).output.lstrip().startswith("Noted: 1.")
    with committing_env.database.transaction() as session:
        assert session.scalars(select(Consent.document_version)).one() == "2099-01-01"


def test_a_purchase_never_outweighs_a_no_also_one_before_it(take, committing_env):
    take(bought(10))
    path = journeys.unsubscribe_path(committing_env, ANA, "camille", "private-sales:email")
    create_app(committing_env.settings, committing_env).test_client().post(path)
    assert said(committing_env) == "objected"
    ended = take(bought(0))
    assert ended.exit_code == 1
    assert "Said no: 1." in ended.output
    assert said(committing_env) == "objected"


def test_a_no_to_what_has_run_out_is_kept_and_no_purchase_brings_it_back(take, committing_env, client_of):
    take(bought(10))
    path = journeys.unsubscribe_path(committing_env, ANA, "camille", "private-sales:email")
    with time_machine.travel(clock.now() + timedelta(days=4 * 366)):
        assert end_by_date(committing_env) == 1
        client_of.post(path)
        assert said(committing_env) == "refused"
        assert "Said no: 1." in take(bought(1)).output
        assert said(committing_env) == "refused"


def test_who_left_all_mail_of_a_house_is_not_brought_back_by_a_purchase(take, committing_env, client_of):
    journeys.subscribe(client_of, committing_env, ANA)
    client_of.post(journeys.unsubscribe_path(committing_env, ANA))
    assert "Said no: 1." in take(bought(0)).output
    assert said(committing_env) == "never_asked"


def test_who_said_yes_needs_nothing_of_it(take, committing_env, client_of):
    journeys.subscribe(client_of, committing_env, ANA, ["private-sales:email"])
    assert take(bought(1)).output.lstrip().startswith("Noted: 0. Known: 1.")
    with committing_env.database.transaction() as session:
        assert session.scalars(select(Consent.legal_basis)).one() == "consent"


@pytest.fixture
def client_of(committing_env):
    return create_app(committing_env.settings, committing_env).test_client()


@pytest.mark.parametrize(("row", "words"), [
    ("nobody,2026-01-01,FR", "This is no e-mail address."), (f"{ANA},,FR", "The date of the purchase is missing."),
    (f"{ANA},2999-01-01,FR", "The date is in the future."), (f"{ANA},soon,FR", "The date must look like"),
    (f"{ANA},2026-10-01,CN", "does not rely on soft_opt_in in this country"),
    (f"{ANA},2026-10-01,", "does not rely on soft_opt_in in this country"),
    (f"{ANA},2026-10-01,FR,{ANA}", "no address in it"),
    (f"{ANA},2026-10-01,FR,a\0b", "no address in it"), (f"{ANA},2026-10-01,FR,x,y", "more cells than the first line"),
])  # fmt: skip
def test_rows_that_can_not_be_noted(take, committing_env, tmp_path, row, words):
    ended = take(row)
    assert ended.exit_code == 1
    rejects = (tmp_path / "customers.csv.rejects.csv").read_text()
    assert words in rejects
    assert ANA not in rejects
    assert said(committing_env) == "unknown_subject"


@pytest.mark.parametrize(("words", "message"), [
    (("--brand", "nobody", "--topic", "x", "--system", "shop"), "There is no brand"),
    (("--brand", "camille", "--topic", "nothing", "--system", "shop"), "has no topic “nothing”"),
])  # fmt: skip
def test_a_command_that_makes_no_sense(take, words, message):
    ended = take(bought(1), words=words)
    assert ended.exit_code == 1
    assert message in ended.output


def test_a_topic_that_people_are_asked_for_takes_no_customers(take, tmp_path):
    take(bought(1), words=("--brand", "camille", "--topic", "newsletter", "--system", "shop"))
    assert "does not rest on a purchase" in (tmp_path / "customers.csv.rejects.csv").read_text()


@pytest.mark.parametrize(("start", "months", "end"), [
    ((2024, 2, 29), 12, (2025, 2, 28)), ((2026, 1, 31), 1, (2026, 2, 28)), ((2026, 11, 30), 36, (2029, 11, 30)),
    ((2026, 12, 31), 2, (2027, 2, 28)),
])  # fmt: skip
def test_months_are_those_of_the_calendar(start, months, end):
    assert months_after(datetime(*start, 9, tzinfo=UTC), months) == datetime(*end, 9, tzinfo=UTC)


@pytest.mark.parametrize("changes", [{"basis_months": None}, {"legal_basis": LegalBasis.CONSENT}])
def test_such_a_ground_must_end_and_no_other_does(group, changes):
    camille = group.brands["camille"]
    topics = tuple(t.model_copy(update=changes) if t.key == "private-sales" else t for t in camille.topics)
    found = [message for _, message in _mistakes(camille.model_copy(update={"topics": topics}))]
    assert any("which must end some time" in message for message in found)
    assert not any("which must end" in message for _, message in _mistakes(camille))


def _mistakes(site):
    return list(checks._found(site))
