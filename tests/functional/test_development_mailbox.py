"""The development mailbox shows what would have been mailed, and exists nowhere else."""

import re
from dataclasses import replace

import pytest

from app.courier.delivery import deliver
from app.courier.transport import DevelopmentTransport
from app.factory import create_app
from app.services import mailbox
from tests.post import mails_to, new_address, sign_up


@pytest.fixture
def two_mails(env):
    """Deliver two confirmations and give their addresses, oldest first."""
    addresses = [new_address(), new_address()]
    for address in addresses:
        sign_up(env, address)
        deliver(env, DevelopmentTransport(env), mails_to(env, address)[0].id)
    return addresses


def test_programs_read_it_newest_first(client, two_mails):
    mails = client.get("/dev/mailbox.json").json
    assert [mail["to"] for mail in mails] == two_mails[::-1]
    assert set(mails[0]) == {"to", "from", "subject", "text", "html", "headers", "sent_at"}
    assert mails[0]["headers"]["Auto-Submitted"] == "auto-generated"


def test_people_read_it(client, two_mails):
    page = client.get("/dev/mailbox").text
    assert all(address in page for address in two_mails)
    link = page.split('href="/dev/mailbox/')[1].split('"')[0]
    assert two_mails[1] in client.get(f"/dev/mailbox/{link}").text


def test_people_are_told_that_older_ones_are_gone(client, two_mails, monkeypatch):
    assert "Older ones are not kept." not in client.get("/dev/mailbox").text
    monkeypatch.setattr(mailbox, "LIMIT", 2)
    assert "Older ones are not kept." in client.get("/dev/mailbox").text


def test_a_mails_html_can_run_and_fetch_nothing(client, two_mails):
    link = client.get("/dev/mailbox").text.split('href="/dev/mailbox/')[1].split('"')[0]
    answer = client.get(f"/dev/mailbox/{link}/html")
    policy = answer.headers["Content-Security-Policy"]
    assert policy.startswith("sandbox ")
    assert "default-src 'none'" in policy
    assert "script" not in policy
    assert answer.text.startswith("<!doctype html>")


def test_each_link_of_a_mail_opens_outside_of_its_frame(client, two_mails):
    link = client.get("/dev/mailbox").text.split('href="/dev/mailbox/')[1].split('"')[0]
    links = re.findall(r"<a\s[^>]*>", client.get(f"/dev/mailbox/{link}/html").text)
    assert len(links) > 2
    assert [each for each in links if 'target="_blank"' not in each] == []


def test_a_mail_that_is_not_there_is_404(client):
    assert client.get("/dev/mailbox/01a2064a-69aa-77ad-8a86-a6ecbef6c93b").status_code == 404


@pytest.mark.parametrize("changes", [{"mail_url": "smtp://mail.example"}, {"environment": "production"}])
def test_there_is_none_where_mails_are_sent_for_real(env, changes):
    settings = env.settings.model_copy(update=changes)
    client = create_app(settings, replace(env, settings=settings)).test_client()
    assert client.get("/dev/mailbox.json").status_code == 404
