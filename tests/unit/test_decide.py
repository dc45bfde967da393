"""The decision table, held against an oracle that reads it from the top in another way."""

from __future__ import annotations

import uuid
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import product

import pytest

from app.branding.models import Channel, Kind, LegalBasis
from app.services.decisions import Facts, Reason, Rules, decide
from app.services.folding import Status

NOW = datetime(2026, 11, 21, 10, tzinfo=UTC)
PAST, FUTURE = NOW - timedelta(seconds=1), NOW + timedelta(seconds=1)
ACCOUNT = uuid.UUID(int=1)

RULES = Rules(Kind.SUBSCRIPTION, Channel.EMAIL, is_retired=False, legal_basis=LegalBasis.CONSENT,
              must_be_verified=False, required_version=None)  # fmt: skip
GRANTED = Facts(account_id=ACCOUNT, account_status="active", status=Status.GRANTED, has_contact=True, is_verified=True)


def test_a_plain_grant_is_allowed():
    assert (decide(RULES, GRANTED, NOW).allowed, decide(RULES, GRANTED, NOW).reason) == (True, Reason.GRANTED)


# Each row of the table: how to make it true on top of a plain grant. Rows above stay false.
ROWS = [
    (Reason.SUPPRESSED, {}, {"is_suppressed": True}),
    (Reason.RESTRICTED, {}, {"account_status": "restricted"}),
    (Reason.RETIRED, {"is_retired": True}, {}),
    (Reason.REFUSED, {}, {"status": Status.REFUSED}),
    (Reason.UNVERIFIED_CONTACT, {}, {"has_contact": False}),
    (Reason.RECONSENT_REQUIRED, {"required_version": "2026-01-01"}, {"document_version": "2025-01-01"}),
    (Reason.PAUSED, {}, {"paused_until": FUTURE}),
]


@pytest.mark.parametrize("chosen", list(product([False, True], repeat=len(ROWS))))
def test_the_first_row_that_holds_decides(chosen):
    rules, facts, expected = RULES, GRANTED, Reason.GRANTED
    for holds, (reason, in_rules, in_facts) in zip(chosen, ROWS, strict=True):
        if holds:
            rules, facts = replace(rules, **in_rules), replace(facts, **in_facts)
            expected = reason if expected is Reason.GRANTED else expected
    decision = decide(rules, facts, NOW)
    assert decision.reason is expected
    assert decision.allowed is (expected is Reason.GRANTED)


@pytest.mark.parametrize("status", [status for status in Status if status is not Status.GRANTED])
def test_a_status_other_than_granted_is_its_own_reason(status):
    assert decide(RULES, replace(GRANTED, status=status), NOW).reason == status.value


@pytest.mark.parametrize("status", ["erased", "restricted"])
def test_an_account_that_is_not_active_is_left_alone_even_when_suppressed_facts_are_absent(status):
    assert decide(RULES, replace(GRANTED, account_status=status), NOW).reason is Reason.RESTRICTED


@pytest.mark.parametrize(
    ("facts", "reason"),
    [
        (Facts(), Reason.UNKNOWN_SUBJECT),
        (Facts(is_pending=True), Reason.PENDING),
        (Facts(account_id=ACCOUNT, account_status="active"), Reason.NEVER_ASKED),
        (Facts(account_id=ACCOUNT, account_status="active", is_pending=True), Reason.PENDING),
        (replace(GRANTED, is_pending=True), Reason.GRANTED),
        (Facts(is_pending=True, is_suppressed=True), Reason.SUPPRESSED),
    ],
)
def test_who_never_said_anything(facts, reason):
    assert decide(RULES, facts, NOW).reason is reason


@pytest.mark.parametrize("basis", list(LegalBasis))
def test_only_bases_that_need_no_act_allow_without_a_row(basis):
    rules = replace(RULES, legal_basis=basis)
    decision = decide(rules, replace(GRANTED, status=None), NOW)
    stands_alone = basis in {LegalBasis.LEGITIMATE_INTEREST, LegalBasis.CONTRACT}
    assert decision.allowed is stands_alone
    assert decision.reason == (basis.value if stands_alone else Reason.NEVER_ASKED)
    assert decide(rules, Facts(), NOW).reason is Reason.UNKNOWN_SUBJECT


@pytest.mark.parametrize(
    ("expires_at", "reason"),
    [(PAST, Reason.EXPIRED), (NOW, Reason.EXPIRED), (FUTURE, Reason.GRANTED), (None, Reason.GRANTED)],
)
def test_a_consent_ends_on_its_date(expires_at, reason):
    assert decide(RULES, replace(GRANTED, expires_at=expires_at), NOW).reason is reason


@pytest.mark.parametrize(
    ("paused_until", "reason"), [(PAST, Reason.GRANTED), (NOW, Reason.GRANTED), (FUTURE, Reason.PAUSED)]
)
def test_a_pause_ends_by_itself(paused_until, reason):
    assert decide(RULES, replace(GRANTED, paused_until=paused_until), NOW).reason is reason


@pytest.mark.parametrize("channel", list(Channel))
@pytest.mark.parametrize(("has_contact", "is_verified", "must_be_verified"), list(product([False, True], repeat=3)))
def test_a_channel_needs_an_address_and_a_proved_one_where_the_brand_says_so(
    channel, has_contact, is_verified, must_be_verified
):
    rules = replace(RULES, channel=channel, must_be_verified=must_be_verified)
    facts = replace(GRANTED, has_contact=has_contact, is_verified=is_verified)
    reachable = channel is Channel.PUSH or (has_contact and (is_verified or not must_be_verified))
    assert decide(rules, facts, NOW).allowed is reachable


@pytest.mark.parametrize("kind", [Kind.PURPOSE, Kind.DOCUMENT])
def test_purposes_and_documents_ask_for_no_address(kind):
    rules = replace(RULES, kind=kind, channel=None, must_be_verified=True)
    assert decide(rules, replace(GRANTED, is_suppressed=True, has_contact=False), NOW).allowed


@pytest.mark.parametrize(
    ("given", "reason"),
    [(None, Reason.RECONSENT_REQUIRED), ("2025-12-31", Reason.RECONSENT_REQUIRED), ("2026-01-01", Reason.GRANTED),
     ("2026-02-01", Reason.GRANTED)],
)  # fmt: skip
def test_a_newer_document_asks_for_consent_anew(given, reason):
    rules = replace(RULES, required_version="2026-01-01")
    assert decide(rules, replace(GRANTED, document_version=given), NOW).reason is reason
