"""`parley import`, as an operator types it, against the ledger that comes of it."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from sqlalchemy import func, select

from app.factory import create_app
from app.kit import clock
from app.models import ConsentEvent, EventDetail, ImportJob, ImportRehearsal, Message, Suppression
from app.services import projection, suppressions
from app.services.folding import Action
from tests import centres, erasing, journeys

ANA, BEA, CLEO = "ana@example.com", "bea@example.com", "cleo@example.com"
CAMILLE = ("--brand", "camille", "--topic", "newsletter", "--channel", "email")


def lines(env):
    with env.database.transaction() as session:
        query = select(ConsentEvent).order_by(ConsentEvent.recorded_at, ConsentEvent.account_id, ConsentEvent.sequence)
        return session.scalars(query).all()


def proven(env):
    """See that the ledger is whole and the consents are its fold."""
    assert erasing.verify(env) == []
    with env.database.transaction() as session:
        assert projection.differences(session) == []


def test_a_yes_is_granted_with_its_date_and_evidence_and_no_mail_goes(import_list, committing_env):
    content = (
        "email,status,occurred_at,ip,page,locale,evidence.form\n"
        f"{ANA},granted,2024-03-01T10:00:00+01:00,192.0.2.7,https://old.example.com/join,fr,F7\n"
    )
    result = import_list(content, *CAMILLE)
    assert result.exit_code == 0, result.output
    (line,) = lines(committing_env)
    assert (line.action, line.source, line.actor_kind, line.locale) == ("granted", "file", "import", "fr")
    assert line.occurred_at == datetime(2024, 3, 1, 9, tzinfo=UTC)
    with committing_env.database.transaction() as session:
        assert session.scalars(select(EventDetail.detail)).one() == {
            "file": "list.csv", "line": 2, "ip": "192.0.2.7", "page": "https://old.example.com/join", "form": "F7",
        }  # fmt: skip
        assert session.scalar(select(func.count()).select_from(Message)) == 0
    assert journeys.decision(committing_env, ANA) == "granted"
    proven(committing_env)


def at(day, hour=12):
    return f"2024-03-{day:02}T{hour:02}:00:00Z"


def table(*rows):
    return "email,status,occurred_at\n" + "".join(",".join(row) + "\n" for row in rows)


YES, NO = "granted", "withdrawn"
ORDERS = {
    "a yes": ([(YES, 1)], ["granted"], []),
    "a no": ([(NO, 1)], ["refused"], []),
    "a no after a yes": ([(YES, 1), (NO, 2)], ["granted", "withdrawn"], []),
    "a yes from before a no": ([(NO, 2), (YES, 1)], ["refused"], [(3, "conflict")]),
    "a yes at the moment of a no": ([(NO, 2), (YES, 2)], ["refused"], [(3, "conflict")]),
    "a yes after a no": ([(NO, 1), (YES, 2)], ["refused", "granted"], []),
    "a no from before a yes": ([(YES, 2), (NO, 1)], ["granted"], [(3, "conflict")]),
    "a later yes": ([(YES, 1), (YES, 2)], ["granted", "renewed"], []),
    "an earlier yes": ([(YES, 2), (YES, 1)], ["granted"], []),
    "a no between two yeses": ([(YES, 1), (YES, 3), (NO, 2)], ["granted", "renewed"], [(4, "conflict")]),
    "a yes between two noes": ([(NO, 1), (NO, 4), (YES, 3)], ["refused", "refused"], [(4, "conflict")]),
    "an earlier no": ([(NO, 4), (NO, 1), (YES, 3)], ["refused"], [(4, "conflict")]),
    "to and fro": ([(YES, 1), (NO, 2), (YES, 3), (NO, 4)], ["granted", "withdrawn", "granted", "withdrawn"], []),
}


@pytest.mark.parametrize("order", ORDERS)
def test_the_later_act_counts_whatever_the_order_of_the_rows_and_a_second_time_changes_nothing(
    import_list, committing_env, rejected_rows, order
):
    said, actions, rejects = ORDERS[order]
    content = table(*((ANA, status, at(day)) for status, day in said))
    import_list(content, *CAMILLE)
    assert [line.action for line in lines(committing_env)] == actions
    assert rejected_rows() == rejects
    proven(committing_env)
    import_list(content, *CAMILLE)
    assert [line.action for line in lines(committing_env)] == actions, "the same file again"


def test_an_opt_out_between_export_and_import_survives(import_list, committing_env, rejected_rows):
    content = table((ANA, YES, at(1)), (BEA, YES, at(1)))
    import_list(content, *CAMILLE)
    app_client = client_of(committing_env)
    app_client.post(journeys.unsubscribe_path(committing_env, ANA))
    import_list(content, *CAMILLE)
    assert rejected_rows() == [(2, "conflict")]
    assert [journeys.decision(committing_env, who) for who in (ANA, BEA)] == ["withdrawn", "granted"]
    assert len(lines(committing_env)) == 3


def test_what_is_not_proved_to_be_an_act_of_theirs_brings_nobody_back(import_list, committing_env, rejected_rows):
    import_list(table((ANA, NO, at(1)), (CLEO, YES, at(20))), *CAMILLE)
    noted = f"email,status,noted_at\n{ANA},granted,{at(9)}\n{BEA},granted,{at(9)}\n{CLEO},withdrawn,{at(9)}\n"
    import_list(noted, *CAMILLE)
    assert rejected_rows() == [(2, "conflict"), (4, "conflict")]
    import_list("email\n" + f"{ANA}\n{BEA}\n{CLEO}\n", *CAMILLE, "--means", "grant", "--as-of", "2024-03-25")
    assert rejected_rows() == [(2, "conflict")]
    import_list("email\n" + f"{ANA}\n{BEA}\n{CLEO}\n", *CAMILLE, "--means", "withdraw", "--as-of", "2024-03-25")
    assert [journeys.decision(committing_env, who) for who in (ANA, BEA, CLEO)] == ["refused", "withdrawn", "withdrawn"]
    proven(committing_env)


def test_a_no_of_a_day_is_of_its_end_and_a_yes_of_its_beginning(import_list, committing_env, rejected_rows):
    content = f"email,status,occurred_at\n{ANA},granted,2024-03-05T15:00:00Z\n{ANA},withdrawn,2024-03-05\n"
    import_list(content + f"{BEA},withdrawn,2024-03-05T10:00:00Z\n{BEA},granted,2024-03-05\n", *CAMILLE)
    assert rejected_rows() == [(5, "conflict")]
    assert journeys.decision(committing_env, ANA) == "withdrawn"
    today = f"email,status,occurred_at\n{CLEO},withdrawn,{datetime.now(UTC).date()}\n"
    import_list(today, *CAMILLE)
    count = len(lines(committing_env))
    import_list(today, *CAMILLE)
    assert len(lines(committing_env)) == count


def test_a_no_that_was_so_by_a_day_is_of_its_end(import_list, committing_env):
    today = f"{datetime.now(UTC).date()}"
    import_list(table((ANA, YES, f"{today}T00:00:01Z"), (BEA, YES, "2024-03-05T15:00:00Z")), *CAMILLE)
    import_list(f"email\n{ANA}\n", *CAMILLE, "--means", "withdraw", "--as-of", today)
    import_list(f"email\n{BEA}\n", *CAMILLE, "--means", "withdraw", "--as-of", "2024-03-05")
    assert [journeys.decision(committing_env, who) for who in (ANA, BEA)] == ["withdrawn", "withdrawn"]


def test_a_complaint_without_a_date_revives_nothing_that_was_lifted(import_list, committing_env):
    env, today = committing_env, f"{datetime.now(UTC).date()}"
    import_list(table((ANA, YES, at(1)), (ANA, "complained", at(2)), (BEA, "complained", at(2))), *CAMILLE)
    env.database.write(lambda session: suppressions.lift(
        session, suppressions.in_force(session, [journeys.digest(env, ANA)]), journeys.FORM))  # fmt: skip
    for name in ("complained", "bounced"):
        import_list(f"email\n{ANA}\n{CLEO}\n", *CAMILLE, "--means", name, "--as-of", today)
    assert journeys.decision(env, ANA) == "suppressed", "the bounce is another thing, and new"
    with env.database.transaction() as session:
        stand = {(row.address_digest, row.reason) for row in session.scalars(select(Suppression)) if not row.lifted_at}
    ana, bea, cleo = (journeys.digest(env, who) for who in (ANA, BEA, CLEO))
    assert stand == {
        (bea, "complaint"), (cleo, "complaint"), (ana, "hard_bounce"), (cleo, "hard_bounce"),
    }  # fmt: skip


def test_what_ran_out_is_not_revived_by_a_yes_of_before(import_list, committing_env, rejected_rows):
    env = committing_env
    import_list(table((ANA, YES, at(1))), *CAMILLE)
    centres.record(env, ANA, "camille:newsletter:email", Action.EXPIRED)
    again = f"email,status,noted_at\n{ANA},granted,{clock.now().isoformat()}\n"
    for content, rejects in (
        (table((ANA, YES, at(9))), [(2, "conflict")]), (table((ANA, YES, at(1))), []), (again, [(2, "conflict")]),
    ):  # fmt: skip
        import_list(content, *CAMILLE)
        assert rejected_rows() == rejects
    assert journeys.decision(env, ANA) == "expired"
    import_list(table((ANA, YES, clock.now().isoformat())), *CAMILLE)
    assert journeys.decision(env, ANA) == "granted"
    proven(env)


def test_every_reject_names_its_line_and_reason(import_list, committing_env, rejected_rows):
    import_list(table((BEA, NO, at(9))), *CAMILLE)
    content = (
        "email,phone,account_id,brand,topic,channel,purpose,status,occurred_at\n"
        f"not an address,,,,,,,granted,{at(1)}\n"
        f",+33612345678,,,,,,granted,{at(1)}\n"
        f",,00000000-0000-0000-0000-000000000001,,,,,granted,{at(1)}\n"
        f",,nonsense,,,,,granted,{at(1)}\n"
        f",,,,,,,granted,{at(1)}\n"
        f"{ANA},,,nobody,,,,granted,{at(1)}\n"
        f"{ANA},,,,nothing,,,granted,{at(1)}\n"
        f"{ANA},,,,,fax,,granted,{at(1)}\n"
        f"{ANA},,,,,,nothing,granted,{at(1)}\n"
        f"{ANA},,,,,,,granted,\n"
        f"{ANA},,,,,,,granted,yesterday\n"
        f"{ANA},,,,,,,granted,0001-01-01\n"
        f"{ANA},,,,,,,granted,2999-01-01\n"
        f"{ANA},,,,,,,maybe,{at(1)}\n"
        f"{ANA},,,,,,,pending,{at(1)}\n"
        f"{ANA},,,,,,,expired,{at(1)}\n"
        f"{ANA},,,,,,,,{at(1)}\n"
        f"{BEA},,,,,,,granted,{at(1)}\n"
        f'"=cmd,,,,,,,granted,{at(1)}\n'
        f"{ANA},,,,,,,bounced,{at(1)},x\n"
    )
    result = import_list(content, *CAMILLE)
    assert result.exit_code == 1
    assert [reason for _line, reason in rejected_rows()] == [
        "invalid_address", "unknown_subject", "unknown_subject", "invalid_account", "no_subject", "unknown_item",
        "unknown_item", "unknown_item", "unknown_item", "no_date", "bad_date", "bad_date", "in_the_future",
        "unknown_status", "not_confirmed", "no_consent", "unknown_status", "conflict", "malformed", "malformed",
    ]  # fmt: skip
    assert [line for line, _reason in rejected_rows()] == list(range(2, 22))
    assert len(lines(committing_env)) == 1
    with committing_env.database.transaction() as session:
        job = session.scalars(select(ImportJob).order_by(ImportJob.created_at.desc())).first()
    assert job.counts == {"rejected": 20}


def test_a_dry_run_tells_exactly_what_would_be_and_changes_nothing(
    import_list, committing_env, rejected_rows, monkeypatch
):
    monkeypatch.setattr("app.courier.imports.BATCH", 2)
    import_list(table((ANA, NO, at(1)), (BEA, YES, at(1))), *CAMILLE)
    before = [line.mac for line in lines(committing_env)]
    content = table(
        (ANA, YES, at(9)),
        (BEA, YES, at(1)),
        (CLEO, YES, at(3)),
        (CLEO, YES, at(3)),
        (CLEO, NO, at(2)),
        (CLEO, NO, at(5)),
        (BEA, "bounced", at(8)),
        (BEA, "complained", at(8)),
        (BEA, "complained", at(9)),
        (ANA, YES, at(7)),
        ("x", YES, at(1)),
    )
    import_list(content, *CAMILLE, "--dry-run")
    foreseen, told = counts(committing_env), rejected_rows()
    assert [line.mac for line in lines(committing_env)] == before
    with committing_env.database.transaction() as session:
        assert session.scalar(select(func.count()).select_from(ImportRehearsal)) == 0, "nothing of it stays"
    import_list(content, *CAMILLE)
    assert (counts(committing_env), rejected_rows()) == (foreseen, told)
    assert foreseen == {"granted": 2, "withdrawn": 1, "unchanged": 5, "suppressed": 1, "rejected": 2}
    proven(committing_env)


def counts(env):
    with env.database.transaction() as session:
        return session.scalars(select(ImportJob.counts).order_by(ImportJob.created_at.desc())).first()


def client_of(env):
    return create_app(env.settings, env).test_client()


def test_a_mapping_of_ones_own(import_list, committing_env, tmp_path):
    mapping = tmp_path / "own.toml"
    mapping.write_text(
        'brand = "camille"\ntopic = "newsletter"\nchannel = "email"\ntimezone = "Europe/Paris"\n'
        'formats = ["%d/%m/%Y %H:%M"]\nwording = "Oui !"\n[columns]\nemail = ["Mail", "Mail 2"]\n'
        'occurred_at = "Joined"\n'
        'left_at = "Left"\n[evidence]\ntill = "Shop"\n[[status]]\ncolumn = "State"\n'
        'values = { active = "grant", gone = "withdraw" }\n'
    )
    content = (
        "State;Mail;Mail 2;Joined;Left;Shop\n"
        f"active;;{ANA};05/03/2024 10:00;;Paris 3\ngone;{BEA};;05/03/2024 10:00;06/03/2024 10:00;Lyon\n"
    )
    assert import_list(content, "--mapping", str(mapping)).exit_code == 0
    first, second = lines(committing_env)
    assert (first.action, first.occurred_at) == ("granted", datetime(2024, 3, 5, 9, tzinfo=UTC))
    assert (second.action, second.occurred_at) == ("refused", datetime(2024, 3, 6, 9, tzinfo=UTC))
    with committing_env.database.transaction() as session:
        details = session.scalars(select(EventDetail.detail)).all()
    assert {detail["till"] for detail in details} == {"Paris 3", "Lyon"}


def test_mistakes_of_the_operator_are_told_in_a_line(parley, tmp_path):
    file = tmp_path / "list.csv"
    file.write_bytes("email\n".encode("utf-16"))
    assert "UTF-16" in parley("import", str(file), *CAMILLE).output
    mapping = tmp_path / "own.toml"
    mapping.write_text("[columns]\nmail = 'x'\n")
    result = parley("import", str(file), "--mapping", str(mapping))
    assert (result.exit_code, "columns.mail" in result.output) == (1, True)


def test_an_old_file_of_rejects_does_not_outlive_a_run_without_any(import_list, rejected_rows):
    import_list("email,status,occurred_at\nx,granted,1\n", *CAMILLE)
    assert rejected_rows() == [(2, "invalid_address")]
    import_list(table((ANA, YES, at(1))), *CAMILLE)
    assert rejected_rows() == []
