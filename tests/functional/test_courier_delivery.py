"""Mails reach a real mail server at least once, under one Message-ID, or end visibly."""

import re
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import update

from app.courier.delivery import TRIES, TryAgain, deliver, pause_seconds
from app.courier.transport import SmtpServer, SmtpTransport
from app.flows.confirm import confirm
from app.kit.ids import new_id
from app.models import Message, OptInRequest
from app.services import messages
from tests.post import FORM, listening, mails_to, sign_up

TEMPORARY = ["421 closing", "451 try later", "drop", "hang"]


@pytest.fixture
def mail_server():
    with listening() as server:
        yield server


@pytest.fixture
def transport(mail_server):
    return transport_to(mail_server.port)


def transport_to(port):
    return SmtpTransport(SmtpServer.parse(f"smtp://127.0.0.1:{port}?tls=none"), timeout_seconds=0.5)


def test_a_confirmation_arrives_and_the_servers_answer_is_kept(env, transport, mail_server, someone):
    sign_up(env, someone)
    (message,) = mails_to(env, someone)
    assert deliver(env, transport, message.id) == "sent"
    mail = mail_server.only()
    assert mail["To"] == someone
    assert mail["Message-ID"] == message.message_id
    (row,) = mails_to(env, someone)
    assert (row.state, row.attempts, row.server_answer) == ("sent", 1, "250 taken as 12345")
    assert row.sent_at is not None


def test_the_request_knows_how_often_it_was_mailed(env, transport, someone):
    sign_up(env, someone)
    (message,) = mails_to(env, someone)
    deliver(env, transport, message.id)
    with env.database.transaction() as session:
        request = session.get(OptInRequest, (message.address_digest, message.request_id))
        assert request.mails_sent == 1
        assert messages.evidence(session, request.id)["message_id"] == message.message_id


@pytest.mark.parametrize("answer", TEMPORARY)
def test_a_server_in_trouble_gets_the_same_mail_again(env, transport, mail_server, someone, answer):
    sign_up(env, someone)
    (message,) = mails_to(env, someone)
    mail_server.script.append(answer)
    with pytest.raises(TryAgain) as later:
        deliver(env, transport, message.id)
    assert later.value.seconds == pause_seconds(1)
    assert mails_to(env, someone)[0].state == "queued"
    assert deliver(env, transport, message.id) == "sent"
    assert mail_server.message_ids == [message.message_id, message.message_id]


def test_a_server_that_is_away_is_tried_again(env, transport, someone):
    sign_up(env, someone)
    (message,) = mails_to(env, someone)
    with listening() as gone:
        port = gone.port
    with pytest.raises(TryAgain):
        deliver(env, transport_to(port), message.id)
    assert deliver(env, transport, message.id) == "sent"


@pytest.mark.parametrize("answer", ["550 no such mailbox", "552 too large", "554 refused"])
def test_a_mail_the_server_never_takes_is_dead_at_once(env, transport, mail_server, someone, answer):
    message = queue_confirmation(env, someone)
    mail_server.script.append(answer)
    assert deliver(env, transport, message) == "dead"
    assert deliver(env, transport, message) is None
    assert len(mail_server.received) == 1
    assert mails_to(env, someone)[0].server_answer == answer


def test_a_refused_recipient_leaves_no_address_in_the_answer(env, transport, mail_server, someone):
    message = queue_confirmation(env, someone)
    mail_server.refusals.append(f"550 5.1.1 <{someone}>: user unknown")
    assert deliver(env, transport, message) == "dead"
    assert mails_to(env, someone)[0].server_answer == "550 5.1.1 <…>: user unknown"


def test_a_mail_that_was_taken_is_not_sent_again_whatever_the_answer_holds(env, transport, mail_server, someone):
    message = queue_confirmation(env, someone)
    mail_server.script.append("250 taken\0as\x07 1")
    assert deliver(env, transport, message) == "sent"
    assert mails_to(env, someone)[0].server_answer == "250 taken as 1"
    assert deliver(env, transport, message) is None
    assert len(mail_server.received) == 1


def test_a_mail_that_was_taken_is_not_postponed_because_recording_it_fails(env, transport, someone, monkeypatch):
    message = queue_confirmation(env, someone)

    def fail(*_arguments, **_options):
        raise ValueError("no such column")

    monkeypatch.setattr(messages, "settle", fail)
    with pytest.raises(ValueError, match="no such column"):
        deliver(env, transport, message)


def test_after_the_last_try_a_mail_is_dead_and_can_be_replayed(env, transport, mail_server, someone):
    message = queue_confirmation(env, someone)
    mail_server.script.extend(["451 no"] * TRIES)
    for _ in range(TRIES - 1):
        with pytest.raises(TryAgain):
            deliver(env, transport, message)
    assert deliver(env, transport, message) == "dead"
    assert env.database.write(lambda session: messages.replay(session, message))
    assert deliver(env, transport, message) == "sent"
    assert len(set(mail_server.message_ids)) == 1


def test_a_mail_that_kills_its_worker_each_time_is_given_up(env, transport, mail_server, someone):
    message = queue_confirmation(env, someone)
    with env.database.transaction() as session:
        session.execute(update(Message).where(Message.id == message).values(attempts=TRIES))
    assert deliver(env, transport, message) == "dead"
    assert mail_server.received == []


def test_tries_slow_down_to_an_hour():
    assert [pause_seconds(tries) for tries in (1, 2, 3, 8, 9, 30)] == [15, 30, 60, 1920, 3600, 3600]


def test_a_sent_mail_is_not_sent_again(env, transport, mail_server, someone):
    message = queue_confirmation(env, someone)
    deliver(env, transport, message)
    assert deliver(env, transport, message) is None
    assert len(mail_server.received) == 1


def test_a_mail_without_a_committed_cause_is_no_mail(env, transport, mail_server):
    assert deliver(env, transport, new_id()) is None
    assert mail_server.received == []


def test_two_workers_do_not_send_one_mail_twice(committing_env, transport, mail_server, someone):
    message = queue_confirmation(committing_env, someone)
    outcomes = in_threads(2, committing_env, lambda: deliver(committing_env, transport, message))
    assert len(mail_server.received) == 1
    assert "sent" in outcomes


def test_a_fault_of_ours_is_tried_again_and_told_without_the_address(env, someone, capsys):
    class Broken:
        def send(self, mail):
            raise KeyError(mail.to)

    message = queue_confirmation(env, someone)
    with pytest.raises(TryAgain):
        deliver(env, Broken(), message)
    assert mails_to(env, someone)[0].server_answer.startswith("KeyError at test_courier_delivery.py:")
    assert someone not in capsys.readouterr().out


def test_no_transaction_is_open_while_the_server_thinks(committing_env, someone):
    class Curious:
        checked_out = None

        def send(self, _mail):
            self.checked_out = committing_env.database.engine.pool.checkedout()
            return "250 OK"

    transport = Curious()
    assert deliver(committing_env, transport, queue_confirmation(committing_env, someone)) == "sent"
    assert transport.checked_out == 0


def test_the_whole_way_from_form_to_welcome(env, transport, mail_server, someone):
    sign_up(env, someone)
    deliver(env, transport, mails_to(env, someone)[0].id)
    press_confirm(env, mail_server.received[0])
    deliver(env, transport, mails_to(env, someone)[1].id)
    welcome = mail_server.received[1]
    assert welcome["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert welcome["List-Unsubscribe"].startswith(f"<{env.settings.origin}/camille/unsubscribe/")


def queue_confirmation(env, someone):
    sign_up(env, someone)
    return mails_to(env, someone)[0].id


def press_confirm(env, mail):
    token = re.search(r"/confirm/([^\s?]+)", mail.get_body(("plain",)).get_content())[1]
    site = env.group.brands["camille"]
    return env.database.write(lambda session: confirm(session, site, token, None, FORM))


def in_threads(number, env, act):
    def safely():
        try:
            return act()
        except TryAgain:
            return "later"
        finally:
            env.database.reader().close()

    with ThreadPoolExecutor(number) as pool:
        return [each.result() for each in [pool.submit(safely) for _ in range(number)]]
