"""`parley ledger` and `parley demo`, as an operator types them."""

from __future__ import annotations

from app.courier import tasks
from app.environment import environment
from app.services import verification
from tests.services.ledgers import account_with_lines, place, tamper


def test_a_population_is_proved_and_a_bad_line_named(parley, database_urls):
    assert "Added people 1 to 20" in parley("demo", "--people", "20").output
    proved = parley("ledger", "verify")
    assert proved.exit_code == 0
    assert "Checkpoint taken" in proved.output
    assert parley("ledger", "rebuild", "--check").exit_code == 0
    tamper(database_urls, "UPDATE consent_event SET mac = '\\x00' WHERE sequence = 1")
    broken = parley("ledger", "verify", "--limit", "1")
    assert broken.exit_code == 1
    assert "line 1 was changed" in broken.output


def test_a_checkpoint_taken_while_the_ledger_is_read_is_no_fault(parley, monkeypatch):
    monkeypatch.setattr(verification, "verify", beside_the_courier(verification.verify))
    proved = parley("ledger", "verify")
    assert proved.exit_code == 0, proved.output
    assert parley("ledger", "verify").exit_code == 0


def beside_the_courier(verify):
    def act(session, *rest):
        report = verify(session, *rest)
        env = environment(session)
        account_with_lines(env)
        place(env)
        tasks.take_checkpoint(env)
        return report

    return act


def test_a_wrong_projection_is_told_and_put_right(parley, database_urls):
    parley("demo", "--people", "5")
    tamper(database_urls, "UPDATE consent SET source = 'nowhere'")
    told = parley("ledger", "rebuild", "--check")
    assert told.exit_code == 1
    assert "nowhere" in told.output
    assert "Consents put right" in parley("ledger", "rebuild").output
    assert parley("ledger", "rebuild", "--check").exit_code == 0
