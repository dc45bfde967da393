"""Mails are counted against floods, and what became of them is known."""

from contextlib import ExitStack
from datetime import timedelta

import pytest
from sqlalchemy import text, update

from app.kit.addresses import parse_email
from app.kit.ids import new_id
from app.models import Message
from app.services import messages
from app.services.messages import MessageState
from tests.post import jobs_for, mails_to, new_address, queue


@pytest.fixture
def someone():
    return new_address()


def test_a_mail_is_queued_with_its_job(env, someone):
    message = queue(env, someone)
    (row,) = mails_to(env, someone)
    assert (row.id, row.state, row.attempts) == (message, "queued", 0)
    assert len(jobs_for(env, message)) == 1


def test_its_message_id_is_made_at_once_in_the_senders_domain(env, someone):
    message = queue(env, someone)
    domain = env.group.brands["camille"].sender.address.partition("@")[2]
    assert mails_to(env, someone)[0].message_id == f"<{message}@{domain}>"


def test_a_brand_sends_three_a_day_to_an_address_and_queues_nothing_more(env, someone):
    sent = [queue(env, someone, kind) for kind in ("confirm", "access", "welcome", "confirm")]
    assert [message is not None for message in sent] == [True, True, True, False]
    assert len(mails_to(env, someone)) == 3


def test_another_brand_has_its_own_three(env, someone):
    for _ in range(3):
        queue(env, someone)
    assert queue(env, someone, brand="folie-douze") is not None


def test_a_mailbox_gets_ten_a_day_over_all_brands_and_tags(env, someone):
    local, _, domain = someone.partition("@")
    tagged = [f"{local}+{number}@{domain}" for number in range(5)]
    sent = [queue(env, address, brand=brand) for address in tagged for brand in ("camille", "folie-douze")]
    assert all(sent)
    assert queue(env, f"{local}+6@{domain}") is None


def test_summaries_neither_count_nor_are_counted(env, someone):
    for _ in range(4):
        assert queue(env, someone, "summary") is not None
    assert [queue(env, someone) is not None for _ in range(4)] == [True, True, True, False]
    assert queue(env, someone, "summary") is not None


def test_mails_that_were_dropped_count_so_that_the_fourth_request_costs_everyone_the_same(env, someone):
    sent = [queue(env, someone, "access") for _ in range(3)]
    _set(env, sent, state="dropped")
    assert queue(env, someone, "access") is None


def test_after_a_day_there_is_room_again(env, someone):
    sent = [queue(env, someone) for _ in range(3)]
    _set(env, sent, created_at=Message.created_at - timedelta(hours=24, seconds=1))
    assert queue(env, someone) is not None


def test_without_the_lock_on_the_mailbox_racing_requests_would_all_find_room(committing_env, someone):
    address = parse_email(someone)
    digests = {
        "address_digest": committing_env.digester.newest(address),
        "abuse_digest": committing_env.digester.abuse(address),
    }
    with ExitStack() as open_at_once:
        sessions = [open_at_once.enter_context(committing_env.database.transaction()) for _ in range(4)]
        sent = [messages.queue(each, kind="confirm", brand="camille", locale="en", **digests) for each in sessions]
    assert all(sent)


def test_an_unknown_kind_or_brand_is_a_fault_of_the_caller(env, someone):
    with pytest.raises(ValueError, match="advert"):
        queue(env, someone, "advert")
    with pytest.raises(LookupError):
        queue(env, someone, brand="nobody")


def test_a_dead_mail_is_replayed_with_all_its_tries_and_the_same_message_id(env, someone):
    message = queue(env, someone)
    before = mails_to(env, someone)[0].message_id
    _set(env, [message], state="dead", attempts=12)
    assert env.database.write(lambda session: messages.replay(session, message))
    (row,) = mails_to(env, someone)
    assert (row.state, row.attempts, row.message_id) == ("queued", 0, before)
    assert len(jobs_for(env, message)) == 2


def test_only_the_dead_are_replayed(env, someone):
    message = queue(env, someone)
    assert not env.database.write(lambda session: messages.replay(session, message))
    assert not env.database.write(lambda session: messages.replay(session, new_id()))
    _set(env, [message], state="dead")
    assert env.database.write(messages.replay_all) >= 1
    assert mails_to(env, someone)[0].state == MessageState.QUEUED


def test_an_access_link_works_once(env, someone):
    message = queue(env, someone, "access")
    assert env.database.write(lambda session: messages.use_link(session, message))
    assert not env.database.write(lambda session: messages.use_link(session, message))


def test_a_mail_is_held_by_one_worker_at_a_time(committing_env, someone):
    message = queue(committing_env, someone)
    with messages.claim(committing_env.database, message) as is_ours:
        assert is_ours
        with committing_env.database.transaction() as session:
            key = int.from_bytes(message.bytes[8:], signed=True)
            assert session.scalar(text("SELECT pg_try_advisory_xact_lock(:key)"), {"key": key}) is False
    with messages.claim(committing_env.database, message) as is_ours:
        assert is_ours


def _set(env, ids, **values):
    with env.database.transaction() as session:
        session.execute(update(Message).where(Message.id.in_(ids)).values(**values))
