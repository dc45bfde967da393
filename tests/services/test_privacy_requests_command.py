"""`parley privacy-requests`: whoever operates sees what waits, and what has waited for longer than the law allows."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from app.courier import erasures
from app.flows import download, erase, refer, restrict
from app.kit import clock
from app.kit.addresses import parse_email
from app.services.acquaintances import Asker
from app.services.privacy_referrals import Kind, Through
from tests.erasing import ANA, BEA, CAME, join

THROUGH = "through camille-shop, telephone"
START = datetime(2026, 1, 31, 12, tzinfo=UTC)


@pytest.fixture
def env(committing_env):
    return committing_env


@pytest.fixture
def time():
    with time_machine.travel(START, tick=False) as time:
        yield time


def tell(env, kind, days_ago=0):
    """Let Camille's shop tell what Ana asked for there."""
    told = refer.Told(kind, Through.TELEPHONE, clock.now() - timedelta(days=days_ago))
    asker, camille = Asker("camille-shop", ["camille"]), env.group.brands["camille"]
    env.database.write(lambda session: refer.refer(session, camille, asker, parse_email(ANA), told, CAME))


def lines(parley):
    found = parley("privacy-requests")
    return found.exit_code, found.output.splitlines()


def test_what_waits_is_listed_with_its_deadline_and_what_is_late_is_marked(parley, env, time):
    assert lines(parley) == (0, ["Open: 0. Overdue: 0."])
    ana, bea = join(env, ANA), join(env, BEA)
    env.database.write(lambda session: download.ask(session, env.group, ana, CAME))
    tell(env, Kind.RECTIFICATION, days_ago=20)
    time.shift(timedelta(days=9))
    env.database.write(lambda session: erase.ask(session, env.group, bea, CAME))
    env.database.write(lambda session: restrict.restrict(session, env.group, bea, CAME))
    told = [
        f"open     rectification  asked 2026-01-11, answer by 2026-02-11  camille          {ana}  {THROUGH}",
        f"open     export         asked 2026-01-31, answer by 2026-02-28  luxe             {ana}  on their page",
        f"open     erasure        asked 2026-02-09, answer by 2026-03-09  luxe             {bea}  on their page",
    ]
    assert lines(parley) == (0, [*told, "Open: 3. Overdue: 0."]), "held still is done at once"
    time.shift(timedelta(days=19))
    assert lines(parley) == (
        1,
        [*(each.replace("open   ", "OVERDUE") for each in told[:2]), told[2], "Open: 3. Overdue: 2."],
    )


def test_what_was_done_or_taken_back_is_not_listed(parley, env, time):
    ana, bea = join(env, ANA), join(env, BEA)
    tell(env, Kind.ERASURE)
    for account in (ana, bea):
        env.database.write(lambda session, account=account: erase.ask(session, env.group, account, CAME))
    assert len(lines(parley)[1]) == 4
    env.database.write(lambda session: erase.stop(session, bea))
    time.shift(timedelta(days=8))
    assert erasures.run(env) == 1
    assert lines(parley) == (0, ["Open: 0. Overdue: 0."])
