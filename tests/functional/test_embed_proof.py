"""A proof of work pays once: also when two sign-ups race for it, and until its challenge has expired."""

from __future__ import annotations

import threading

import pytest
import time_machine
from sqlalchemy import func, select

from app.courier import tasks
from app.errors import ProofRefused
from app.factory import create_app
from app.kit import clock
from app.models import AddressRow, Message, SpentProof
from app.services import challenges
from tests import embedding, journeys

ANA, BEN = "ana@example.com", "ben@example.com"
RACERS = 6


@pytest.fixture(autouse=True)
def easy(monkeypatch):
    embedding.make_easy(monkeypatch)


def replay(client):
    """Sign Ana up, and send the same proof again for Ben; give the second answer."""
    sent = embedding.body(client, ANA)
    assert embedding.send(client, sent).status_code == 202
    return embedding.send(client, {**sent, "email": BEN})


def is_known(session, env, email):
    return session.get(AddressRow, journeys.digest(env, email)) is not None


def test_a_replayed_proof_is_refused_and_changes_nothing(client, env, session):
    answer = replay(client)
    embedding.tell("replayed proof", answer)
    assert (answer.status_code, answer.json["code"]) == (409, "proof_spent")
    assert not is_known(session, env, BEN)
    assert journeys.mails(env, BEN) == []


def test_the_check_goes_red_where_proofs_are_not_spent(client, env, session, monkeypatch):
    monkeypatch.setattr(challenges, "spend", lambda session, proof: None)
    assert replay(client).status_code == 202
    assert is_known(session, env, BEN)


def race(env):
    """Send one proof with several addresses at once; give the statuses."""
    app = create_app(env.settings, env)
    sent = embedding.body(app.test_client(), ANA)
    barrier, found = threading.Barrier(RACERS), []

    def run(number):
        client = app.test_client()
        barrier.wait()
        found.append(embedding.send(client, {**sent, "email": f"racer-{number}@example.com"}).status_code)

    threads = [threading.Thread(target=run, args=(number,)) for number in range(RACERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sorted(found)


def test_of_those_who_race_for_one_proof_one_wins(committing_env):
    assert race(committing_env) == [202] + [409] * (RACERS - 1)
    with committing_env.database.transaction() as session:
        assert session.scalar(select(func.count()).select_from(AddressRow)) == 1
        assert session.scalar(select(func.count()).select_from(Message)) == 1


def test_spent_proofs_are_forgotten_when_their_challenges_have_expired(client, env, session):
    with time_machine.travel(clock.now(), tick=False) as time:
        embedding.send(client, embedding.body(client, ANA))
        tasks.purge(env)
        assert session.scalar(select(func.count()).select_from(SpentProof)) == 1
        time.shift(challenges.LASTS.total_seconds() + 1)
        tasks.purge(env)
        assert session.scalar(select(func.count()).select_from(SpentProof)) == 0


def test_challenges_name_their_kind_and_differ_in_how_long_they_take(env):
    found = [challenges.issue(env, "camille") for _ in range(20)]
    parameters = [each["parameters"] for each in found]
    assert {each["algorithm"] for each in parameters} == {"PBKDF2/SHA-256"}
    assert {each["data"]["version"] for each in parameters} == {2}
    assert len({each["nonce"] for each in parameters}) == 20


def test_challenges_of_an_older_key_are_still_good_and_those_of_a_removed_one_are_not(env, tmp_path):
    new = "a newer secret key, long enough to pass"
    rotated = embedding.with_settings(env, tmp_path, secret_keys=(*env.settings.secret_keys, new))
    removed = embedding.with_settings(env, tmp_path, secret_keys=(new,))
    solved = embedding.solve(challenges.issue(env, "camille"))
    assert challenges.read(embedding.with_signer(rotated), "camille", solved).digest
    with pytest.raises(ProofRefused):
        challenges.read(embedding.with_signer(removed), "camille", solved)
