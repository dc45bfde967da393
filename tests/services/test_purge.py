"""What the purge deletes is found by an index, and it may take longer than what serves people."""

from __future__ import annotations

import pytest
from sqlalchemy import event, text

from app.services import check_in_rulings, opt_in


@pytest.mark.parametrize(
    ("purge", "index"),
    [
        (opt_in.purge, "ix_opt_in_request_unconfirmed"),
        (opt_in.purge_strangers, "ix_address_created_at"),
        (check_in_rulings.purge, "ix_check_in_closed_at"),
    ],
)
def test_what_is_old_is_found_by_an_index(session, purge, index):
    session.execute(text("SET LOCAL enable_seqscan = off"))
    assert index in plan_of_first(session, purge)


def plan_of_first(session, act):
    """Give PostgreSQL's plan for the first question of an act."""
    connection, asked = session.connection(), []

    def note(_connection, _cursor, statement, parameters, *_rest):
        if statement.startswith("SELECT"):
            asked.append((statement, parameters))

    event.listen(connection, "before_cursor_execute", note)
    act(session)
    event.remove(connection, "before_cursor_execute", note)
    statement, parameters = asked[0]
    return "\n".join(connection.exec_driver_sql(f"EXPLAIN {statement}", parameters).scalars())


@pytest.mark.parametrize("purge", [opt_in.purge, opt_in.purge_strangers])
def test_a_purge_may_take_minutes(session, purge):
    purge(session)
    assert session.scalar(text("SHOW statement_timeout")) == "5min"
