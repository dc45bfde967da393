"""What `as_of` answers is what a person with the list of lines and a pencil would find, at any moment of any history.

The pencil is `expected`: it knows the lines as they were written and looks for the last of each kind that was recorded
by the moment, without the code that folds. The everyday run asks about 200 moments, PARLEY_TEST_SCALE=1 about 1,000.
"""

from __future__ import annotations

import random
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, timezone

import pytest
import time_machine

from app.environment import environment
from app.kit import clock
from app.kit.addresses import parse_email
from app.kit.moments import shown
from app.kit.provenance import SYSTEM, Provenance, Source
from app.models import Account
from app.services import accounts, folding, ledger, standing
from app.services.folding import Action
from app.services.items import ItemRef, items
from app.services.ledger import Entry
from tests import api
from tests.reliability.figures import SCALE, tell

MOMENTS = 1_000 if SCALE >= 1 else 200
PEOPLE, TRANSACTIONS = 8, 25
BEGIN = datetime(2025, 1, 1, tzinfo=UTC)
BRANDS = ("camille", "folie-douze")
HIDDEN = "ostra"
TICK = timedelta(microseconds=1)
NOES = ("withdrawn", "objected", "refused")
STATUS = {"granted": "granted", "refused": "refused", "withdrawn": "withdrawn", "objected": "objected",
          "expired": "expired", "invalidated": None, "erased": None}  # fmt: skip
"""What each action leads to; the others leave standing what was."""


@dataclass(frozen=True, slots=True)
class Written:
    """A line as the test wrote it."""

    sequence: int
    item: ItemRef
    entry: Entry
    recorded_at: datetime
    source: str

    @property
    def is_grant(self) -> bool:
        """Whether it is a yes that begins anew."""
        return self.entry.action == "granted"

    def moment(self, name: str) -> datetime | None:
        """Give a moment of its attributes."""
        told = self.entry.attributes.get(name)
        return datetime.fromisoformat(told) if told else None


@dataclass(slots=True)
class Person:
    """Somebody with a history."""

    id: uuid.UUID
    email: str
    lines: list[Written] = field(default_factory=list)


def expected(lines: Sequence[Written], moment: datetime) -> list[dict[str, object]]:
    """Find what was recorded by a moment, item by item."""
    told = [line for line in lines if line.recorded_at <= moment and line.item.brand != HIDDEN]
    by_item = {item.id: [line for line in told if line.item.id == item.id] for item in {each.item for each in told}}
    return [found for _, its in sorted(by_item.items()) if (found := of_item(its))]


def of_item(lines: Sequence[Written]) -> dict[str, object] | None:
    """Find how an item stood after its lines; None where nothing stands."""
    struck = [at for at, line in enumerate(lines) if line.entry.action in {"invalidated", "erased"}]
    lines = lines[struck[-1] + 1 :] if struck else lines
    if not lines:
        return None
    grants = [at for at, line in enumerate(lines) if line.is_grant]
    grant = lines[grants[-1]] if grants else None
    since = lines[grants[-1] :] if grants else lines
    last = lines[-1]

    def newest(*actions: str) -> Written | None:
        return next((line for line in reversed(since) if line.entry.action in actions), None)

    no, term = newest(*NOES), newest("granted", "renewed")
    pause = newest("granted", *NOES, "paused", "resumed", "expired")
    proofs = [line for line in since if line.entry.attributes.get("confirmed")]
    frequencies = [line.entry.attributes["frequency"] for line in lines if "frequency" in line.entry.attributes]
    versions = [line.entry.document_version for line in lines if line.entry.document_version]
    return {
        "brand": last.item.brand, "kind": last.item.kind, "key": last.item.key, "channel": last.item.channel,
        "status": next(STATUS[line.entry.action] for line in reversed(lines) if line.entry.action in STATUS),
        "granted_at": grant and (grant.moment("asked_at") or grant.entry.occurred_at),
        "confirmed_at": proofs[0].entry.occurred_at if proofs else None,
        "withdrawn_at": no and no.entry.occurred_at,
        "expires_at": term and term.moment("expires_at"),
        "paused_until": pause and (pause.moment("paused_until") if pause.entry.action == "paused" else None),
        "frequency": frequencies[-1] if frequencies else None,
        "legal_basis": last.entry.legal_basis,
        "document_version": versions[-1] if versions else None,
        "source": last.source,
        "updated_at": last.recorded_at,
        "sequence": last.sequence,
    }  # fmt: skip


class Pen:
    """Writes histories at random, of all actions, each where it makes sense."""

    def __init__(self, session, group_items: Sequence[ItemRef], seed: int = 1) -> None:
        self.session, self.items, self.dice = session, group_items, random.Random(seed)

    def person(self, number: int) -> Person:
        """Make somebody and write their whole history."""
        email = f"history-{number}@example.com"
        digest = environment(self.session).digester.newest(parse_email(email))
        person = Person(accounts.create_lite(self.session, digest, "en", verified_at=clock.now()).id, email)
        now = BEGIN + timedelta(days=self.dice.uniform(0, 30))
        for _ in range(TRANSACTIONS):
            now += timedelta(days=self.dice.expovariate(1 / 12))
            self.write(person, now)
        return person

    def write(self, person: Person, now: datetime) -> None:
        """Write one to four lines at one moment, perhaps several about one item."""
        source = self.dice.choice([Source.CENTRE, Source.FORM, Source.API, Source.SYSTEM])
        told: list[tuple[ItemRef, Entry]] = []
        for _ in range(self.dice.randint(1, 4)):
            item = self.dice.choice(self.items)
            before = [line.entry.action for line in person.lines if line.item == item]
            before += [entry.action for other, entry in told if other == item]
            told.append((item, self.entry(item, before, now)))
        with time_machine.travel(now, tick=False):
            account = self.session.get(Account, person.id)
            lines = ledger.append(self.session, account, [entry for _, entry in told], Provenance(SYSTEM, source))
        person.lines += [
            Written(line.sequence, item, entry, now, source.value)
            for line, (item, entry) in zip(lines, told, strict=True)
        ]

    def entry(self, item: ItemRef, before: Sequence[str], now: datetime) -> Entry:
        """Choose what happens to an item, of what may."""
        stands = bool(before) and before[-1] not in {"invalidated", "erased"}
        action = self.dice.choice(list(Action) if stands else [Action.GRANTED, Action.REFUSED, Action.OBJECTED])
        if action is Action.MERGED:  # no flow merges accounts yet
            action = Action.GRANTED
        acted = now - timedelta(days=self.dice.choice([0, 0, self.dice.uniform(0, 400)]))
        return Entry(
            item.id, action, occurred_at=acted, attributes=dict(self.attributes(action, acted)),
            legal_basis=self.dice.choice(["consent", "soft_opt_in", "legitimate_interest"]),
            document_version=self.dice.choice([None, None, "2025-01-01", "2025-06-01"]),
        )  # fmt: skip

    def attributes(self, action: Action, acted: datetime) -> Iterator[tuple[str, object]]:
        """Choose what a line may say besides."""
        later = (acted + timedelta(days=self.dice.uniform(1, 200))).isoformat()
        if action in {Action.GRANTED, Action.RENEWED}:
            yield from self.dice.choice([[], [("confirmed", True)]])
            yield from self.dice.choice([[], [("expires_at", later)]])
        if action is Action.GRANTED:
            yield from self.dice.choice([[], [("asked_at", (acted - timedelta(hours=1)).isoformat())]])
        if action in {Action.GRANTED, Action.CHANGED}:
            yield from self.dice.choice([[], [("frequency", self.dice.choice(["weekly", "monthly", None]))]])
        if action is Action.PAUSED:
            yield "paused_until", later


@pytest.fixture
def people(session):
    """Write the histories of some people over all kinds of items, and one of a brand that is not asked about."""
    every = [item for item in items(session) if item.brand in {*BRANDS, HIDDEN, None}]
    chosen = [next(item for item in every if item.brand == HIDDEN)]
    for brand, kind in sorted({(item.brand or "", item.kind) for item in every}):
        chosen += [item for item in every if (item.brand or "", item.kind) == (brand, kind)][:2]
    pen = Pen(session, chosen)
    found = [pen.person(number) for number in range(PEOPLE)]
    session.commit()
    return found


def moments(person: Person, dice: random.Random) -> Iterator[datetime]:
    """Choose a moment of a history: anywhere, before it, after it, and at a line to the microsecond."""
    at = dice.choice(person.lines).recorded_at
    first, last = person.lines[0].recorded_at, person.lines[-1].recorded_at
    while True:
        yield dice.choice([
            first + (last - first) * dice.random(), first + (last - first) * dice.random(), at, at - TICK, at + TICK,
            first - TICK, last, last + timedelta(days=3),
        ])  # fmt: skip


def answered(found: dict[str, object], person: Person) -> dict[str, object]:
    """Write what is expected as the answer has it."""
    told = {key: shown(value) if isinstance(value, datetime) else value for key, value in found.items()}
    receipt = f"{person.id}.{told.pop('sequence')}"
    return {**told, "pending": False, "effective": None, "receipt_id": receipt}


def compare(client, headers, people: Sequence[Person], times: int) -> int:
    """Ask about so many moments, and give how many consents were told; raise at the first that is told wrongly."""
    dice, compared = random.Random(2), 0
    for _ in range(times):
        person = dice.choice(people)
        moment = next(moments(person, dice)).astimezone(timezone(timedelta(hours=dice.randint(-11, 13))))
        subject = dice.choice([{"account_id": str(person.id)}, {"email": person.email}])
        answer = api.look_up(client, headers, subject, as_of=moment.isoformat())
        wanted = [answered(each, person) for each in expected(person.lines, moment)]
        assert answer.json["consents"] == wanted, (person.id, moment)
        compared += len(wanted)
    return compared


def asking_of(moment_instead, monkeypatch):
    """Let the past be asked about another moment than was given."""
    right = standing.as_recorded

    def wrong(session, account_id, moment, brands):
        return right(session, account_id, moment_instead(moment), brands)

    monkeypatch.setattr(standing, "as_recorded", wrong)


def a_line_counts_only_after_its_moment(monkeypatch):
    asking_of(lambda moment: moment - TICK, monkeypatch)


def the_present_answers_for_the_past(monkeypatch):
    asking_of(lambda _: clock.now(), monkeypatch)


def a_no_leaves_the_pause(monkeypatch):
    right = folding._dates

    def wrong(line, before):
        after = right(line, before)
        return after._replace(paused_until=before.paused_until) if line.action.value in NOES else after

    monkeypatch.setattr(folding, "_dates", wrong)


def test_any_moment_is_told_as_it_was_recorded(client, env, people, monkeypatch):
    headers = api.bearer(client, env, *BRANDS)
    compared, lines = compare(client, headers, people, MOMENTS), [line for person in people for line in person.lines]
    tell("The past, against a pencil", people=PEOPLE, lines=len(lines), moments=MOMENTS, consents_compared=compared)
    assert compared > MOMENTS
    assert len({line.item.kind for line in lines}) == 3
    assert {line.entry.action.value for line in lines} == {each.value for each in Action} - {"merged"}
    for plant in (a_line_counts_only_after_its_moment, the_present_answers_for_the_past, a_no_leaves_the_pause):
        with monkeypatch.context() as patch:
            plant(patch)
            with pytest.raises(AssertionError):
                compare(client, headers, people, MOMENTS)
