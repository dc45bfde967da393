"""Reports that come at the same moment as each other, as a confirmation, or as a lifting."""

from __future__ import annotations

import time

import pytest
from sqlalchemy import func, select

from app.flows import confirm, preferences, take_back
from app.flows.suppress import Order, suppress
from app.kit import clock
from app.kit.addresses import parse_email
from app.kit.mail_reports import Kind, Recipient, Report
from app.kit.provenance import SYSTEM, Provenance, Source
from app.models import Consent, Suppression
from app.services import suppressions
from app.services.suppressions import Reason, Scope
from tests import journeys, reports
from tests.post import FORM, sign_up
from tests.services.test_address_races import at_once, join, owner

ANA = "ana@example.com"
REPORT = Provenance(SYSTEM, Source.MAIL_REPORT)
ROUNDS = 6


@pytest.fixture
def env(committing_env):
    return committing_env


def bounce(about):
    told = Report(Kind.BOUNCE, (Recipient((ANA,), "failed", "5.1.1"),), message_ids=(about,))
    return lambda session: take_back.take_back(session, told, REPORT).outcome


def complaint(about):
    told = Report(Kind.COMPLAINT, feedback="abuse", message_ids=(about,))
    return lambda session: take_back.take_back(session, told, REPORT).outcome


def count(env, *where):
    with env.database.transaction() as session:
        return session.scalar(select(func.count()).select_from(Suppression).where(*where))


def test_a_bounce_at_the_moment_of_a_confirmation_loses_neither(env):
    for number in range(ROUNDS):
        email = f"ana-{number}@example.com"
        sign_up(env, email)
        about = reports.message_id(env, email)
        token = journeys.confirmation_path(env, email).rpartition("/")[2]
        camille = env.group.brands["camille"]

        def press(session, token=token, camille=camille):
            return confirm.confirm(session, camille, token, None, FORM).outcome

        outcomes = at_once(env, bounce(about), press)
        assert [str(each) for each in outcomes] == ["suppressed", "confirmed"]
        assert journeys.decision(env, email) == "suppressed"
    with env.database.transaction() as session:
        assert list(session.scalars(select(Consent.status))) == ["granted"] * ROUNDS


def test_one_report_eight_times_at_once_is_one(env):
    join(env, ANA)
    about = reports.message_id(env, ANA, "confirm")
    outcomes = at_once(env, *[bounce(about)] * 8)
    assert sorted(outcomes) == ["already"] * 7 + ["suppressed"]
    assert count(env) == 1


def test_without_the_lock_it_would_be_several(env, monkeypatch):
    judge = suppressions._judge

    def slowly(*asked):
        found = judge(*asked)
        time.sleep(0.1)
        return found

    join(env, ANA)
    about = reports.message_id(env, ANA, "confirm")
    monkeypatch.setattr(take_back, "lock_digest", lambda _session, _digest: None)
    monkeypatch.setattr(suppressions, "_judge", slowly)
    at_once(env, *[bounce(about)] * 8)
    assert count(env) > 1


def test_a_report_that_comes_again_while_the_owner_lifts_it_undoes_nothing(env):
    account = join(env, ANA)
    about = reports.message_id(env, ANA, "confirm")

    def lift(session):
        preferences.lift_own_suppressions(session, account, None, clock.now(), FORM)

    for reported in (complaint(about), bounce(about)):
        env.database.write(reported)
        for _ in range(ROUNDS):
            outcome = at_once(env, reported, lift)[0]
            assert outcome in {"already", "lifted_since"}
            assert journeys.decision(env, ANA) == "granted"
    assert count(env) == 2


def test_the_same_addresses_from_two_files_at_once_are_suppressed_once(env):
    people = [parse_email(f"person-{number}@example.com") for number in range(200)]

    def take(addresses):
        orders = [Order(each, Scope(), Reason.DO_NOT_CONTACT) for each in addresses]
        return lambda session: [each.value for each in suppress(session, orders, FORM)]

    found = at_once(env, take(people), take(people[::-1]), take(people[50:] + people[:50]))
    assert sum(each.count("suppressed") for each in found) == 200
    assert count(env) == 200


def test_a_suppression_at_the_moment_of_a_confirmation_leaves_nothing_to_confirm(env):
    camille = env.group.brands["camille"]
    for number in range(ROUNDS):
        email = f"ana-{number}@example.com"
        sign_up(env, email)
        token = journeys.confirmation_path(env, email).rpartition("/")[2]
        order = Order(parse_email(email), Scope(), Reason.DO_NOT_CONTACT, clock.now())

        def press(session, token=token):
            return confirm.confirm(session, camille, token, None, FORM).outcome

        def stop(session, order=order):
            return suppress(session, [order], FORM)

        outcome, _ = at_once(env, press, stop)
        assert str(outcome) in {"confirmed", "superseded", "cancelled"}
        assert journeys.decision(env, email) == "suppressed"
        assert (owner(env, email) is None) == (str(outcome) != "confirmed")
