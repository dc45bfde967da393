"""Many who write to the ledger at once, some slowly, some in vain; and a follower who is killed at random."""

from __future__ import annotations

import os
import random
import sys
import threading
import time
import uuid
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import func, select, text

from app.courier.tasks import place_feed
from app.environment import Environment
from app.factory import create_app
from app.models import Account, ConsentEvent, FeedPending
from app.services import feed_pages, ledger
from app.services.feed_pages import Cursor
from app.services.folding import Action
from app.services.items import items
from app.services.ledger import Entry
from tests import api
from tests.reliability import follower
from tests.reliability.installation import await_true
from tests.reliability.processes import Process
from tests.services.ledgers import FORM, open_account
from tests.serving import serving

WRITERS = 32
PEOPLE = 24
SHORT_SECONDS, LONG_SECONDS = 0.02, 0.3
PATIENCE_SECONDS = 60
Place = tuple[uuid.UUID, int]
"""A line: account and sequence."""


class ChangedMind(Exception):
    """Somebody gives up what they wrote."""


@dataclass(slots=True)
class Storm:
    """Writers on a database, and what they were promised: the lines of transactions that committed."""

    env: Environment
    people: list[uuid.UUID] = field(default_factory=list)
    committed: list[Place] = field(default_factory=list)
    given_up: int = 0
    failures: list[str] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)
    over: threading.Event = field(default_factory=threading.Event)
    _item_ids: Sequence[int] = ()

    def prepare(self) -> None:
        """Make the people and the items, in order that no writer has to."""
        self.people = sorted(open_account(self.env) for _ in range(PEOPLE))
        with self.env.database.transaction() as session:
            self._item_ids = [each.id for each in items(session)][::7]

    def go_on(self, people: list[uuid.UUID]) -> None:
        """Take up what a restored database holds."""
        self.people = people
        with self.env.database.transaction() as session:
            rows = session.execute(select(ConsentEvent.account_id, ConsentEvent.sequence))
            self.committed = [(row.account_id, row.sequence) for row in rows]
            self._item_ids = [each.id for each in items(session)][::7]

    @contextmanager
    def writing(self, acts: int) -> Iterator[list[threading.Thread]]:
        """Let all writers act so many times, and sequencers place; wait for both at the end of the block."""
        self.over.clear()
        writers = [threading.Thread(target=self._write, args=(seed, acts)) for seed in range(WRITERS)]
        sequencers = [threading.Thread(target=self._place) for _ in range(2)]
        for thread in (*writers, *sequencers):
            thread.start()
        try:
            yield writers
        finally:
            for thread in writers:
                thread.join()
            self.over.set()
            for thread in sequencers:
                thread.join()

    @contextmanager
    def straggling(self) -> Iterator[None]:
        """Let one transaction write before another and commit only at the end of the block."""
        slow, fast = self.people[:2]
        with self.env.database.transaction() as session:
            account = session.get(Account, slow, with_for_update=True)
            assert account is not None
            (late,) = ledger.append(session, account, [Entry(self._item_ids[0], Action.GRANTED)], FORM)
            with self.env.database.transaction() as other:
                account = other.get(Account, fast, with_for_update=True)
                assert account is not None
                (early,) = ledger.append(other, account, [Entry(self._item_ids[0], Action.GRANTED)], FORM)
            place_feed(self.env)
            yield
        self.committed += [(slow, late.sequence), (fast, early.sequence)]

    def settle(self) -> None:
        """Place what still waits."""

        def is_settled() -> bool:
            place_feed(self.env)
            with self.env.database.transaction() as session:
                return not session.scalar(select(func.count()).select_from(FeedPending))

        assert await_true(is_settled, PATIENCE_SECONDS, pause=0.02)

    def _write(self, seed: int, acts: int) -> None:
        dice = random.Random(seed)
        try:
            for _ in range(acts):
                with suppress(ChangedMind):
                    self._act(dice)
        except Exception as problem:  # noqa: BLE001 - told by the test
            self.failures.append(repr(problem))

    def _act(self, dice: random.Random) -> None:
        """Write to one to three people in one transaction, numbered early or late, and commit after a while."""
        written: list[Place] = []
        with self.env.database.transaction() as session:
            if dice.random() < 0.3:
                session.execute(text("SELECT pg_current_xact_id()"))
                _dawdle(dice)
            for person in sorted(dice.sample(self.people, dice.randint(1, 3))):
                account = session.get(Account, person, with_for_update=True)
                assert account is not None
                lines = ledger.append(session, account, self._entries(dice), FORM)
                written += [(person, line.sequence) for line in lines]
            _dawdle(dice)
            if dice.random() < 0.15:
                self.given_up += 1
                raise ChangedMind
        with self.lock:
            self.committed += written

    def _entries(self, dice: random.Random) -> list[Entry]:
        choices = [Action.GRANTED, Action.WITHDRAWN, Action.REFUSED]
        return [Entry(dice.choice(self._item_ids), dice.choice(choices)) for _ in range(dice.randint(1, 3))]

    def _place(self) -> None:
        while not self.over.is_set():
            place_feed(self.env)
            time.sleep(0.01)


@dataclass(slots=True)
class Follower:
    """The process that follows the feed, killed and started again; what it noted outlives it."""

    env: Environment
    folder: Path
    origin: str
    token: str
    killed: int = 0
    dice: random.Random = field(default_factory=lambda: random.Random(0))

    def run_and_kill(self, seconds: float) -> None:
        """Let it run for about so long, and kill it at that moment."""
        process = self._start()
        time.sleep(seconds * (0.5 + self.dice.random()))
        process.kill()
        self.killed += 1

    def run_to_the_end(self) -> None:
        """Let it read whatever is left."""
        (self.folder / "over").touch()
        process = self._start()
        assert await_true(lambda: not process.is_alive, PATIENCE_SECONDS), process.said()
        process.stop()
        (self.folder / "over").unlink()

    def noted(self) -> list[str]:
        """Give all it noted, in order."""
        return (self.folder / "events").read_text().splitlines()

    def _start(self) -> Process:
        words = [sys.executable, "-m", follower.__name__, self.origin, self.token, str(self.folder), str(self.killed)]
        return Process(words, os.environ, self.folder / "log")


@contextmanager
def following(env: Environment, folder: Path) -> Iterator[Follower]:
    """Serve the API, and yield a follower of all brands."""
    app = create_app(env.settings, env)
    header = api.bearer(app.test_client(), env, *env.group.brands, scopes=("events:read",))
    folder.mkdir(exist_ok=True)
    with serving(app) as origin:
        yield Follower(env, folder, origin, header["Authorization"].split()[1])


def read_all(env: Environment, dice: random.Random, most: int = 50) -> list[tuple[str, Place]]:
    """Read the feed from its start in pages of random sizes; give the id of each event and its line."""
    found: list[tuple[str, Place]] = []
    with env.database.transaction() as session:
        after, has_more = Cursor(feed_pages.epoch(session), 0), True
    while has_more:
        with env.database.transaction() as session:
            page = feed_pages.page(session, after, env.group.brands, dice.randint(1, most))
            found += [(feed_pages.event_id(line), (line.account_id, line.sequence)) for line, _ in page.lines]
        after, has_more = page.next, page.has_more
    return found


def breaches(committed: Sequence[Place], feed: Sequence[tuple[str, Place]], noted: Sequence[str]) -> list[str]:
    """Compare what was committed, what the feed has, and what the follower noted; tell each breach in words."""
    told, ids = [place for _, place in feed], [event_id for event_id, _ in feed]
    found = [f"{place} stands {times} times in the feed" for place, times in Counter(told).items() if times > 1]
    found += [f"{place} was committed and is not in the feed" for place in sorted({*committed} - {*told})]
    found += [f"{place} is in the feed and was not committed" for place in sorted({*told} - {*committed})]
    for person in {person for person, _ in told}:
        own = [sequence for someone, sequence in told if someone == person]
        if own != list(range(1, len(own) + 1)):
            found.append(f"{person} is out of order: {own}")
    once = list(dict.fromkeys(noted))
    found += [f"{event_id} never came to the follower" for event_id in sorted({*ids} - {*once})]
    if once != ids and set(once) == set(ids):
        found.append("the follower was told in another order")
    return found


def _dawdle(dice: random.Random) -> None:
    time.sleep(dice.uniform(LONG_SECONDS / 3, LONG_SECONDS) if dice.random() < 0.1 else dice.random() * SHORT_SECONDS)
