"""Rows that stream out of PostgreSQL."""

from __future__ import annotations

import time

from app.services import streaming


def test_all_rows_come_in_their_order(env, session):
    with streaming.rows(session, "SELECT generate_series(1, 1234)") as rows:
        assert [row[0] for row in rows] == list(range(1, 1235))


def test_rows_left_early_are_made_no_longer(committing_env):
    began = time.monotonic()
    without_end = "SELECT generate_series(1, 1000000000)"
    with committing_env.database.transaction() as session, streaming.rows(session, without_end) as rows:
        assert next(rows) == (1,)
    assert time.monotonic() - began < 2
