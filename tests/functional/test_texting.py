"""Texts leave through a gateway: a real server on loopback that takes, refuses, redirects or hangs."""

from __future__ import annotations

import threading
from base64 import b64encode
from http.server import BaseHTTPRequestHandler, HTTPServer
from urllib.parse import parse_qs

import pytest
from sqlalchemy import select

from app.courier.delivery import TryAgain, deliver
from app.courier.texting import GatewayTextSender, Text, sender_for
from app.courier.transport import PermanentError, TemporaryError
from app.errors import SettingsError
from app.models import Message
from app.services import mailbox
from tests import journeys, phones
from tests.functional.test_phone import ANA
from tests.letters import Outbox
from tests.phones import NUMBER

TEXT = Text(NUMBER, "Camille", "123456 & “more” {to}", "id-1")


class Gateway:
    """What was posted, and what is answered."""

    def __init__(self):
        self.status, self.body, self.seconds, self.seen = 200, b"queued for 33612345678", 0.0, []
        gateway = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                sent = self.rfile.read(int(self.headers["Content-Length"])).decode()
                gateway.seen.append((self.path, dict(self.headers), parse_qs(sent)))
                gateway.released.wait(gateway.seconds)
                self.send_response(gateway.status)
                if gateway.status in {301, 302, 307}:
                    self.send_header("Location", f"http://127.0.0.1:{gateway.port}/elsewhere")
                self.end_headers()
                self.wfile.write(gateway.body)

            do_GET = do_POST  # noqa: N815 - the name that its base class looks for

            def log_message(self, *_):
                pass

        self.released = threading.Event()
        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.port = self.server.server_port
        self.thread = threading.Thread(target=self.server.serve_forever)
        self.thread.start()

    def close(self):
        self.released.set()
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()

    def template(self, query="To={to}&Body={text}&From={sender}&Ref={id}&fixed=1"):
        return f"http://us%40er:p%3Ass@127.0.0.1:{self.port}/send?{query}"


@pytest.fixture
def gateway():
    found = Gateway()
    yield found
    found.close()


def test_a_text_is_posted_with_nothing_personal_in_the_address(gateway):
    answer = GatewayTextSender(gateway.template()).send(TEXT)
    (path, headers, form) = gateway.seen[0]
    assert path == "/send"
    assert form == {"To": [NUMBER], "Body": [TEXT.text], "From": ["Camille"], "Ref": ["id-1"], "fixed": ["1"]}
    assert headers["Authorization"] == f"Basic {b64encode(b'us@er:p:ss').decode()}"
    assert answer == "200 queued for …", "no number in what is kept"


@pytest.mark.parametrize(
    ("status", "failure"),
    [(400, PermanentError), (422, PermanentError), (401, TemporaryError), (429, TemporaryError), (500, TemporaryError),
     (503, TemporaryError), (302, TemporaryError), (307, TemporaryError)],
)  # fmt: skip
def test_a_refusal_is_for_good_only_where_the_text_is_to_blame(gateway, status, failure):
    gateway.status = status
    with pytest.raises(failure) as refusal:
        GatewayTextSender(gateway.template()).send(TEXT)
    assert NUMBER.removeprefix("+") not in refusal.value.answer
    assert [path for path, _, _ in gateway.seen] == ["/send"], "it follows nowhere"


def test_a_gateway_that_hangs_or_is_away_is_tried_again_later(gateway):
    gateway.seconds = 5
    with pytest.raises(TemporaryError):
        GatewayTextSender(gateway.template(), timeout_seconds=0.2).send(TEXT)
    with pytest.raises(TemporaryError):
        GatewayTextSender("http://127.0.0.1:9/send?to={to}&text={text}", timeout_seconds=0.2).send(TEXT)


@pytest.mark.parametrize(
    "template",
    ["", "ftp://h/?to={to}&text={text}", "https://h/send?to={to}", "https://h/send?text={text}", "https:///x?to={to}&text={text}",
     "https://u:secret@h/send?to={to}&text={text}&x={other}"],
)  # fmt: skip
def test_a_template_that_can_not_work_stops_the_start_without_its_password(template):
    with pytest.raises(SettingsError) as mistake:
        GatewayTextSender(template)
    assert "secret" not in str(mistake.value)


def test_a_code_goes_by_the_gateway_and_its_failures_are_kept_like_those_of_mails(client, env, gateway):
    journeys.subscribe(client, env, ANA)
    phones.ask(client)
    with env.database.transaction() as session:
        message_id = session.scalar(select(Message.id).where(Message.kind == "phone_code"))
    sender = GatewayTextSender(gateway.template())
    gateway.status = 503
    with pytest.raises(TryAgain):
        deliver(env, Outbox(), message_id, sender)
    gateway.status = 400
    assert deliver(env, Outbox(), message_id, sender) == "dead"
    bodies = {form["Body"][0] for _, _, form in gateway.seen}
    assert len(bodies) == 1, "the same code each time"
    assert {form["Ref"][0] for _, _, form in gateway.seen} == {gateway.seen[0][2]["Ref"][0]}


def test_where_no_gateway_is_set_a_code_is_given_up_and_told(client, env):
    journeys.subscribe(client, env, ANA)
    phones.ask(client)
    with env.database.transaction() as session:
        message_id = session.scalar(select(Message.id).where(Message.kind == "phone_code"))
    assert deliver(env, Outbox(), message_id) == "dead"


def test_in_development_texts_lie_in_the_mailbox(client, env):
    journeys.subscribe(client, env, ANA)
    phones.ask(client)
    with env.database.transaction() as session:
        message_id = session.scalar(select(Message.id).where(Message.kind == "phone_code"))
    deliver(env, Outbox(), message_id, sender_for(env))
    with env.database.transaction() as session:
        kept = mailbox.newest(session)[0].contents
    assert (kept.to, kept.sender, kept.html, kept.subject) == (NUMBER, "Camille", "", "")
    shown = client.get("/dev/mailbox.json").json[0]
    assert set(shown) == {"to", "from", "subject", "text", "html", "headers", "sent_at"}
    assert "Text message" in client.get("/dev/mailbox").text
