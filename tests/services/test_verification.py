"""Each way to tamper with the ledger is found, and the first bad line named."""

from __future__ import annotations

import pytest

from app.services import checkpoints, verification
from app.services.folding import Action
from app.services.ledger import Entry
from tests.services.ledgers import account_with_lines, granted, open_account, place, tamper, write


@pytest.fixture
def env(committing_env):
    return committing_env


@pytest.fixture
def account(env):
    """Give an account of four placed lines, beside another whose last lines still wait."""
    account = account_with_lines(env)
    place(env)
    account_with_lines(env, 3)
    return account


def faults(env):
    with env.database.transaction() as session:
        return verification.verify(session).faults


def found(env):
    return [(fault.account_id, fault.sequence) for fault in faults(env)]


def checkpoint(env, **options):
    with env.database.transaction() as session:
        return checkpoints.take(session, **options)


def check(env):
    with env.database.transaction() as session:
        return checkpoints.check(session)


def test_nothing_is_wrong_with_lines_that_nobody_touched(env, account):
    assert faults(env) == []


def test_every_line_is_read(env, account):
    with env.database.transaction() as session:
        assert verification.verify(session).lines == 7


def test_an_empty_ledger_is_right(env):
    assert faults(env) == []


@pytest.mark.parametrize(
    "change",
    [
        "action = 'granted'", "occurred_at = occurred_at + interval '1 microsecond'", "notice_digest = '\\x00'",
        "status = NULL", "actor_id = 'x'", "recorded_at = 'infinity'", """attributes = '{"frequency": "daily"}'""",
        """attributes = '{"n": 1e400}'""", "item_id = 3", "detail_hash = '\\x00'", "attributes = '[]'",
        "mac = '\\x00'", "locale = E'a\\tb'",
    ],
)  # fmt: skip
def test_an_edited_line_is_found(env, database_urls, account, change):
    tamper(database_urls, f"UPDATE consent_event SET {change} WHERE %L", account=account, sequence=2)
    assert (account, 2) in found(env)


def test_a_line_removed_in_the_middle_is_found(env, database_urls, account):
    tamper(database_urls, "DELETE FROM consent_event WHERE %L", account=account, sequence=2)
    assert (account, 2) in found(env)


def test_two_swapped_lines_are_found(env, database_urls, account):
    tamper(
        database_urls,
        "UPDATE consent_event SET sequence = -sequence WHERE account_id = :account AND sequence IN (1, 3)",
        "UPDATE consent_event SET sequence = 4 + sequence WHERE account_id = :account AND sequence < 0",
        account=account,
    )
    assert found(env) == [(account, 1)]


def test_a_last_line_removed_with_its_detail_is_found(env, database_urls, account):
    remove_last(database_urls, account)
    assert (account, 4) in found(env)


def test_a_last_line_removed_with_its_detail_and_the_head_of_the_account_is_found(env, database_urls, account):
    remove_last(database_urls, account)
    tamper(database_urls, BEHEAD, account=account)
    assert (account, 4) in found(env)


def test_a_last_line_removed_with_all_that_names_it_but_the_account_is_found(env, database_urls, account):
    remove_last(database_urls, account)
    tamper(database_urls, "DELETE FROM event_feed WHERE %L", account=account, sequence=4)
    assert (account, 4) in found(env)


def test_a_waiting_last_line_removed_with_its_place_in_the_queue_is_found(env, database_urls):
    account = account_with_lines(env)
    remove_last(database_urls, account)
    tamper(database_urls, "DELETE FROM feed_pending WHERE %L", account=account, sequence=4)
    assert found(env)[0] == (account, 4)


def test_a_waiting_last_line_removed_without_its_place_in_the_queue_is_found(env, database_urls):
    account = account_with_lines(env)
    remove_last(database_urls, account)
    tamper(database_urls, BEHEAD, account=account)
    assert found(env)[0] == (account, 4)


def test_an_end_cut_off_everywhere_is_found_by_the_checkpoint(env, database_urls):
    account = account_with_lines(env)
    place(env)
    checkpoint(env)
    remove_last(database_urls, account)
    tamper(database_urls, BEHEAD, "DELETE FROM event_feed WHERE %L", account=account, sequence=4)
    assert faults(env) == []
    assert check(env)[0].startswith("position 4 is missing")


def test_an_account_removed_with_all_its_lines_is_found(env, database_urls, account):
    tables = ("consent_event", "event_detail", "consent", "feed_pending")
    statements = [f"DELETE FROM {table} WHERE account_id = :account" for table in tables]
    tamper(database_urls, *statements, "DELETE FROM account WHERE id = :account", account=account)
    assert found(env)[0] == (account, 1)


def test_lines_removed_with_their_projection_and_places_leave_a_gap(env, database_urls):
    first = account_with_lines(env)
    place(env)
    account_with_lines(env)
    place(env)
    tables = ("consent_event", "event_detail", "consent", "event_feed")
    statements = [f"DELETE FROM {table} WHERE account_id = :account" for table in tables]
    tamper(database_urls, *statements, "DELETE FROM account WHERE id = :account", account=first)
    assert [(fault.account_id, fault.position) for fault in faults(env)] == [(None, 5)]


def test_a_removed_detail_is_found(env, database_urls, account):
    tamper(database_urls, "DELETE FROM event_detail WHERE %L", account=account, sequence=3)
    assert found(env) == [(account, 3)]


@pytest.mark.parametrize("change", ["detail = '{}'", """detail = '{"n": 1e400}'""", "salt = '\\x00'"])
def test_a_changed_detail_is_found(env, database_urls, account, change):
    tamper(database_urls, f"UPDATE event_detail SET {change} WHERE %L", account=account, sequence=3)
    assert found(env) == [(account, 3)]


@pytest.mark.parametrize(
    "change",
    ["status = 'refused'", "updated_at = 'infinity'", "last_sequence = 9", "frequency = 'daily'", "item_id = 5"],
)
def test_a_changed_consent_is_found(env, database_urls, account, change):
    tamper(database_urls, f"UPDATE consent SET {change} WHERE account_id = :account AND item_id = 1", account=account)
    assert {each[0] for each in found(env)} == {account}


def test_a_removed_consent_is_found(env, database_urls, account):
    tamper(database_urls, "DELETE FROM consent WHERE account_id = :account", account=account)
    assert found(env) == [(account, 4)]


VALUES = ["plain", "/été", 'a "quote" \\ ', "\u2028\x7f\n", 1e-7, 1.5, 2**70, -1, [True, None], {"b": 1, "aa": 2}]
"""All of them but the plain ones are written in another way by the parser with which lines are read."""


@pytest.mark.parametrize("changed", ["event_detail SET detail =", "consent_event SET attributes ="])
def test_letters_and_numbers_of_any_kind_are_right_and_changes_of_them_are_found(env, database_urls, changed):
    accounts = [open_account(env) for _ in VALUES]
    for account, value in zip(accounts, VALUES, strict=True):
        told = {"user_agent": "browser", "told": value}
        write(env, account, Entry(1, Action.GRANTED, detail=told, attributes=told))
    place(env)
    assert faults(env) == []
    tamper(database_urls, f"UPDATE {changed} jsonb_set({changed.split()[-2]}, '{{told}}', '0')")
    assert sorted(found(env)) == [(account, 1) for account in sorted(accounts)]


@pytest.mark.parametrize("key", ["ledger_key_id", "'abcd1234'"])
def test_a_line_forged_without_the_key_is_found(env, database_urls, account, key):
    tamper(
        database_urls,
        f"""INSERT INTO consent_event SELECT account_id, 5, item_id, 'granted', 'granted', occurred_at, recorded_at,
             legal_basis, source, actor_kind, actor_id, locale, notice_digest, document_version, attributes,
             detail_hash, {key}, mac FROM consent_event WHERE %L""",
        account=account,
        sequence=4,
    )
    assert found(env) == [(account, 5)]


def test_a_line_taken_out_of_the_feed_is_found(env, database_urls, account):
    tamper(database_urls, "DELETE FROM event_feed WHERE %L", account=account, sequence=4)
    assert found(env) == [(account, 4)]


def test_an_erased_account_is_right_without_its_details(env, database_urls, account):
    write(env, account, Entry(1, Action.ERASED))
    tamper(
        database_urls,
        "DELETE FROM event_detail WHERE account_id = :account",
        "UPDATE account SET status = 'erased' WHERE id = :account",
        account=account,
    )
    assert faults(env) == []


def test_a_detail_that_outlived_the_erasure_is_found(env, database_urls, account):
    write(env, account, Entry(1, Action.ERASED))
    tamper(database_urls, "UPDATE account SET status = 'erased' WHERE id = :account", account=account)
    assert found(env) == [(account, 1)]


def test_of_an_account_only_the_first_bad_line_is_named(env, database_urls, account):
    remove_last(database_urls, account)
    tamper(database_urls, "UPDATE consent_event SET mac = '\\x00' WHERE %L", account=account, sequence=2)
    assert found(env) == [(account, 2)]


def test_a_fault_says_where_and_what(env, database_urls, account):
    tamper(database_urls, "DELETE FROM event_detail WHERE %L", account=account, sequence=3)
    assert str(faults(env)[0]) == f"account {account}, line 3 has lost its detail"


def test_the_search_ends_at_its_limit(env, database_urls, account):
    account_with_lines(env)
    tamper(database_urls, "UPDATE consent_event SET mac = '\\x00'")
    with env.database.transaction() as session:
        assert len(verification.verify(session, limit=1).faults) == 1


def test_checkpoints_continue_one_another(env):
    account = account_with_lines(env)
    place(env)
    assert checkpoint(env).position == 4
    assert checkpoint(env) is None
    write(env, account, granted())
    place(env)
    assert checkpoint(env).position == 5
    assert check(env) == []


def test_a_history_written_anew_is_found_by_the_checkpoint(env, database_urls, account):
    checkpoint(env)
    tamper(database_urls, "UPDATE consent_event SET mac = '\\x00' WHERE %L", account=account, sequence=2)
    assert check(env)[0].startswith("positions 1 to 4 are not what they were")


def test_a_forged_checkpoint_is_found(env, account):
    checkpoint(env)
    file = env.settings.instance_path / checkpoints.FILE
    file.write_text(file.read_text().replace('"position": 4', '"position": 3'))
    assert check(env) == ["checkpoint 1 was changed, or was not written by Parley"]
    with pytest.raises(LookupError):
        checkpoint(env)


@pytest.mark.parametrize("torn", [b'{"position": 9, "ro', b"\0" * 80, b"{"])
def test_a_checkpoint_torn_by_a_loss_of_power_was_never_taken(env, account, torn):
    checkpoint(env)
    file = env.settings.instance_path / checkpoints.FILE
    file.write_bytes(file.read_bytes() + torn)
    assert check(env) == []
    write(env, account, granted())
    place(env)
    assert checkpoint(env).position == 8
    assert check(env) == []
    assert file.read_bytes().count(b"\n") == 2
    assert torn not in file.read_bytes()[-len(torn) :]


def test_a_restore_takes_back_what_checkpoints_said_beyond_it(env, database_urls):
    account = account_with_lines(env)
    place(env)
    checkpoint(env)
    remove_last(database_urls, account)
    tamper(database_urls, "DELETE FROM event_feed WHERE %L", account=account, sequence=4)
    with pytest.raises(LookupError):
        checkpoint(env)
    checkpoint(env, is_restored=True)
    assert check(env) == []


def test_an_account_without_lines_is_right(env):
    open_account(env)
    assert faults(env) == []


BEHEAD = """UPDATE account SET last_sequence = 3, last_mac = (SELECT mac FROM consent_event
             WHERE account_id = :account AND sequence = 3) WHERE id = :account"""


def remove_last(urls, account):
    """Remove line 4 with its detail and its consent, as a thief would."""
    tamper(
        urls,
        "DELETE FROM consent_event WHERE %L",
        "DELETE FROM event_detail WHERE %L",
        "DELETE FROM consent WHERE account_id = :account AND last_sequence = :sequence",
        account=account,
        sequence=4,
    )
