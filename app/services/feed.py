"""The sequencer of the change feed: gives each ledger line its place, once and for good.

Lines are written by many transactions at once, and one that began earlier may commit later. So writers only queue
their lines (`feed_pending`), and one sequencer at a time moves them to `event_feed`, in an order that does not depend
on when it happens to look: by transaction, and within an account by sequence.
"""

from __future__ import annotations

from sqlalchemy import TextClause, func, select, text

from app.db import Session
from app.kit import clock
from app.models import EventFeed, FeedState

BATCH = 20_000
"""Lines placed in one transaction; it bounds how long the sequencer holds its lock."""

_LOCK = {"space": 0x7061726C, "number": 1}


def place(session: Session, limit: int = BATCH) -> int:
    """Place up to `limit` lines whose order is settled; give how many. 0 also when another sequencer is at work.

    A line is settled when its transaction, and those of the lines before it in its account, are older than every
    transaction that still runs: nothing can commit any more that belongs before it. Only transactions that write
    count, but those of every database in the cluster, which share one count. A line whose predecessor is nowhere waits
    for good, and `verification` says why.
    """
    if not session.scalar(text("SELECT pg_try_advisory_xact_lock(:space, :number)"), _LOCK):
        return 0
    return _move(session, _PLACE, limit)


def place_all(session: Session) -> int:
    """Place everything that waits, whatever transaction wrote it; give how many.

    For a restore, before anybody else may write: the transaction ids in `feed_pending` are those of the cluster that
    was backed up and mean nothing here.
    """
    hold(session)
    return _move(session, _PLACE_ALL, None)


def begin_epoch(session: Session) -> FeedState:
    """Place everything and begin an epoch: after a restore, before anybody else may write, as the owner of the tables.

    What waited in the backup may have got other places where it came from, with other lines in between; so the two
    feeds are the same up to where the backup's ended, and no further. Epochs are numbered by the time (seconds since
    1970), so that the same backup, restored twice, begins two.
    """
    session.execute(text("SET LOCAL statement_timeout = 0"))
    hold(session)
    position = session.scalar(select(func.max(EventFeed.position))) or 0
    place_all(session)
    before = session.execute(select(func.max(FeedState.id), func.max(FeedState.epoch))).one()
    begun = FeedState(id=(before[0] or 0) + 1, epoch=max((before[1] or 0) + 1, int(clock.unix())), position=position)
    session.add(begun)
    session.flush()
    return begun


def hold(session: Session) -> None:
    """Be the sequencer until the end of the transaction; waits for the one at work."""
    session.execute(text("SELECT pg_advisory_xact_lock(:space, :number)"), _LOCK)


def _move(session: Session, statement: TextClause, limit: int | None) -> int:
    # A statement of its own: its snapshot is taken after the lock, hence sees what the sequencer before has placed.
    return session.connection().execute(statement, {"limit": limit}).rowcount


def _moving(condition: str) -> TextClause:
    """Make the statement that moves the lines that meet `condition`.

    A transaction may get its number before it gets the lock on the account; so a line counts as written by the
    newest transaction among its own and those of the account's waiting lines before it, which keeps both orders.
    """
    return text(f"""
        WITH waiting AS (
          SELECT account_id, sequence,
                 max(transaction_id) OVER earlier AS settles,
                 sequence - row_number() OVER earlier AS placed
            FROM feed_pending
          WINDOW earlier AS (PARTITION BY account_id ORDER BY sequence)
        ), batch AS (
          SELECT account_id, sequence, row_number() OVER (ORDER BY settles, account_id, sequence) AS rank
            FROM waiting
           WHERE {condition}
             AND placed = coalesce((SELECT max(event_feed.sequence) FROM event_feed
                                     WHERE event_feed.account_id = waiting.account_id), 0)
           ORDER BY settles, account_id, sequence
           LIMIT :limit
        ), moved AS (
          DELETE FROM feed_pending USING batch
           WHERE feed_pending.account_id = batch.account_id AND feed_pending.sequence = batch.sequence
        )
        INSERT INTO event_feed (position, account_id, sequence)
        SELECT (SELECT coalesce(max(position), 0) FROM event_feed) + rank, account_id, sequence FROM batch
    """)  # noqa: S608 - the two conditions stand below


_PLACE = _moving("settles < pg_snapshot_xmin(pg_current_snapshot())::text::bigint")
_PLACE_ALL = _moving("true")
