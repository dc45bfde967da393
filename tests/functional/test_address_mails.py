"""What stands in the mails about a change of address, as text and as HTML, through the courier and SMTP."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

import pytest

from app.courier.delivery import deliver
from app.courier.transport import SmtpServer, SmtpTransport
from tests import journeys, post
from tests.functional.moving import ANA, NEW, ask, link
from tests.functional.test_courier_mails import links, read

KINDS = {"address_agree": ANA, "address_prove": NEW, "address_taken": NEW, "address_moved": NEW, "address_left": ANA}


@pytest.fixture
def server():
    with post.listening() as server:
        yield server


@pytest.fixture
def arrived(client, env, app, server):
    """Give a way to make a mail of a kind arrive."""
    transport = SmtpTransport(SmtpServer.parse(f"smtp://127.0.0.1:{server.port}?tls=none"))

    def newest(email):
        for message in post.mails_to(env, email):
            deliver(env, transport, message.id)
        return [mail for mail in server.received if mail["To"] == email][-1]

    def arrive(kind):
        journeys.subscribe(client, env, ANA)
        if kind == "address_taken":
            journeys.subscribe(app.test_client(), env, NEW)
        ask(client)
        if kind in {"address_moved", "address_left"}:
            for email, action in ((ANA, "address-agree"), (NEW, "address-prove")):
                client.post(link(newest(email).get_body(("plain",)).get_content(), action))
        return newest(KINDS[kind])

    return arrive


@pytest.mark.parametrize("kind", KINDS)
def test_a_mail_about_a_change_says_the_same_twice_and_offers_no_one_click(arrived, group, kind):
    mail = arrived(kind)
    text, page = mail.get_body(("plain",)).get_content(), read(mail.get_body(("html",)).get_content())
    assert links(text) == {each for each in page.links if not each.startswith("mailto:")}
    for line in text.splitlines():
        words = re.sub(r"https?://\S+|^-- $|:\s*$", "", line).strip().rstrip(":")
        assert words in page.text, words
    assert "List-Unsubscribe" not in mail
    controller = group.brands["camille"].controller
    assert controller.name in text
    assert all(each in text for each in controller.postal_address)
    assert all(urlsplit(each).netloc in {"", "localhost:8000"} for each in page.links)


@pytest.mark.parametrize("kind", ["address_prove", "address_taken"])
def test_the_new_mailbox_learns_nothing_of_the_present_one(arrived, kind):
    assert "ana@" not in arrived(kind).as_string()
