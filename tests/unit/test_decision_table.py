"""Every combination of what a decision depends on has the one reason that the table of the domain gives it."""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import product

import pytest

from app.branding.models import Channel, Kind, LegalBasis
from app.services.decisions import Decision, Facts, Reason, Rules, decide
from app.services.folding import Status
from tests.decision_table import Case, answer
from tests.reliability.figures import tell

NOW = datetime(2026, 11, 21, 10, tzinfo=UTC)
MOMENTS = {
    "never": None,
    "past": NOW - timedelta(microseconds=1),
    "now": NOW,
    "future": NOW + timedelta(microseconds=1),
}
REQUIRED = "2026-03-01"
VERSIONS = {None: None, "older": "2026-02-28", "same": REQUIRED, "newer": "2026-11-30"}
ITEMS = [*((Kind.SUBSCRIPTION, channel) for channel in Channel), (Kind.PURPOSE, None), (Kind.DOCUMENT, None)]
EITHER = (False, True)

Pairs = list[tuple[Case, Rules]]
People = list[tuple[Case, Facts]]


def houses(kind: Kind, channel: Channel | None) -> Pairs:
    """Give all that a house can say about an item, in words of the table and as rules."""
    return [
        (
            {"channel": channel, "is_retired": is_retired, "basis": basis.value, "must_be_proved": must_be_proved,
             "asks_anew": asks_anew},
            Rules(kind, channel, is_retired, basis, must_be_proved, REQUIRED if asks_anew else None),
        )
        for is_retired, basis, must_be_proved, asks_anew in product(EITHER, LegalBasis, EITHER, EITHER)
    ]  # fmt: skip


def people() -> People:
    """Give all that can be known about somebody and an item, in words of the table and as facts."""
    return [(known, facts(known)) for known in (*strangers(), *acquaintances())]


def strangers() -> Iterator[Case]:
    for is_suppressed, is_pending in product(EITHER, EITHER):
        yield {"account": None, "is_suppressed": is_suppressed, "is_pending": is_pending, "contact": None, **NO_ROW}


def acquaintances() -> Iterator[Case]:
    contacts = (None, "unproved", "proved")
    for account, is_suppressed, is_pending, contact, row in product(
        ("active", "restricted", "erased"), EITHER, EITHER, contacts, (NO_ROW, *rows())
    ):
        yield {
            "account": account, "is_suppressed": is_suppressed, "is_pending": is_pending, "contact": contact, **row
        }  # fmt: skip


NO_ROW: Case = {"status": None, "ends": "never", "pause": "never", "version": None}


def rows() -> Iterator[Case]:
    for status, ends, pause, version in product(Status, MOMENTS, MOMENTS, VERSIONS):
        yield {"status": status.value, "ends": ends, "pause": pause, "version": version}


def facts(known: Case) -> Facts:
    return Facts(
        account_id=uuid.UUID(int=1) if known["account"] else None, account_status=known["account"],
        status=Status(known["status"]) if known["status"] else None, expires_at=MOMENTS[known["ends"]],
        paused_until=MOMENTS[known["pause"]], document_version=VERSIONS[known["version"]],
        is_suppressed=known["is_suppressed"], is_pending=known["is_pending"], has_contact=known["contact"] is not None,
        is_verified=known["contact"] == "proved",
    )  # fmt: skip


def compare(judge: Callable[[Rules, Facts, datetime], Decision], pairs: Pairs, everybody: People) -> Counter[str]:
    """Ask about everybody by every rule; count the reasons, and fail at the first answer that is not the table's."""
    found = []
    for said, rules in pairs:
        for known, facts_ in everybody:
            decision, expected = judge(rules, facts_, NOW), answer(case := said | known)
            assert (decision.allowed, decision.reason) == expected, case
            found.append(expected[1])
    return Counter(found)


def test_every_combination_has_the_one_reason_of_the_table(untraced):
    everybody, found = people(), Counter()
    for kind, channel in ITEMS:
        found += compare(decide, houses(kind, channel), everybody)
    tell("Decision table, all combinations", combinations=f"{found.total():,}", differences=0, **found)
    an_item, a_row = 2 * 5 * 2 * 2, 5 * 4 * 4 * 4
    assert found.total() == 8 * an_item * (2 * 2 + 3 * 2 * 2 * 3 * (1 + a_row))
    assert set(found) == set(Reason), "no row of the table is out of reach"


WRONG = {
    "a consent lasts through the moment it ends": lambda each: (
        replace(each, expires_at=None) if each.expires_at == NOW else each
    ),
    "a request is forgotten": lambda each: replace(each, is_pending=False),
    "an address is as good as a proved one": lambda each: replace(each, is_verified=each.has_contact),
    "what is refused can be paused": lambda each: replace(each, status=Status.GRANTED) if each.paused_until else each,
    "any version of the document will do": lambda each: replace(each, document_version=REQUIRED),
}


@pytest.mark.parametrize("spoil", WRONG.values(), ids=WRONG)
def test_a_wrong_decision_is_found(spoil):
    def judge(rules: Rules, facts: Facts, now: datetime) -> Decision:
        return decide(rules, spoil(facts), now)

    with pytest.raises(AssertionError):
        compare(judge, houses(Kind.SUBSCRIPTION, Channel.EMAIL), people())
