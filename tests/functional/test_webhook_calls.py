"""Calling a receiver that misbehaves, or is none that may be called."""

from __future__ import annotations

import asyncio
import socket
import ssl
import time
import uuid
from ipaddress import ip_address

import pytest

from app.courier import calling
from app.services.webhook_deliveries import Batch, Call
from tests.receivers import receiving
from tests.webhooks import call

SECRET = "whsec_" + "A" * 43 + "="


@pytest.fixture
def receiver():
    with receiving() as found:
        yield found


def send(url, number=1, **caller):
    """Make calls to an address; give how they went, and how long all of them took."""
    calls = [Call(uuid.uuid4(), f"id_{number}", b'{"type": "parley.ping"}') for number in range(number)]
    began = time.monotonic()
    outcomes = asyncio.run(call(Batch(uuid.uuid4(), url, [SECRET], calls), **caller))
    return list(outcomes.values()), time.monotonic() - began


def leading_to(*addresses):
    """Give a resolver whose every look finds the next of `addresses`, and how often it was asked."""
    looks = []

    async def resolve(host, port):
        looks.append(host)
        return [ip_address(each) for each in addresses[len(looks) - 1].split()]

    return resolve, looks


@pytest.mark.parametrize(("act", "error"), [
    (204, None), (201, None), (302, "answered 302; redirections are not followed"), (404, "answered 404"),
    (500, "answered 500"), ("cut", "the connection broke, or it did not speak HTTP"),
    ("hang", "no answer within 0.4 seconds"), ("drip", "no answer within 0.4 seconds"),
])  # fmt: skip
def test_only_a_good_answer_in_time_counts(receiver, act, error):
    receiver.script.append((act, {"Location": receiver.url}) if act == 302 else act)
    [outcome], seconds = send(receiver.url, timeout_seconds=0.4)
    assert outcome.error == error
    assert outcome.is_taken is (error is None)
    assert seconds < 2
    assert len(receiver.seen) == 1, "it follows nowhere"
    assert "GET" not in {first for first, _ in receiver.seen if isinstance(first, str)}


@pytest.mark.parametrize(("act", "limits"), [
    ("chatter", {"FINISH_SECONDS": 20}), ("murmur", {"FINISH_SECONDS": 0.2}),
])  # fmt: skip
def test_what_follows_a_good_answer_is_not_listened_to_for_long(receiver, monkeypatch, act, limits):
    for name, value in limits.items():
        monkeypatch.setattr(calling, name, value)
    receiver.script.append(act)
    [outcome], seconds = send(receiver.url)
    assert outcome.is_taken
    assert seconds < 5


def test_calls_to_one_receiver_share_connections(receiver):
    async def twice():
        batch = Batch(uuid.uuid4(), receiver.url, [SECRET], [Call(uuid.uuid4(), "id", b"{}")])
        async with calling.Caller(public_only=False, resolve=resolve) as caller:
            await caller.call_all(batch)
            await caller.call_all(batch)

    resolve, looks = leading_to("127.0.0.1", "127.0.0.1")
    asyncio.run(twice())
    assert (len(receiver.seen), len(looks)) == (2, 1)


@pytest.mark.parametrize("address", [
    "127.0.0.1", "169.254.169.254", "10.1.2.3", "::1", "fe80::1", "::ffff:127.0.0.1", "64:ff9b::a9fe:a9fe", "0.0.0.0",
    "93.184.216.34 127.0.0.1",
])  # fmt: skip
def test_a_name_that_leads_into_our_house_is_not_followed(receiver, address):
    resolve, _ = leading_to(address)
    [outcome], _ = send(f"http://hooks.example.com:{receiver.port}/", public_only=True, resolve=resolve)
    assert outcome.error == "its name leads to an address that is not public"
    assert receiver.seen == []


@pytest.mark.parametrize("second", ["127.0.0.1", "169.254.169.254"])
def test_a_name_that_leads_elsewhere_at_the_second_look_gains_nothing(receiver, monkeypatch, second):
    """The first look finds a public address, here the receiver's, which hangs up; so a second look is due."""
    public = "93.184.216.34"
    monkeypatch.setattr(calling, "is_public", lambda address: str(address) == public)
    resolve, looks = leading_to(public, second)
    network = _Detour(receiver.port)
    monkeypatch.setattr(calling.httpcore, "AnyIOBackend", lambda: network)

    async def twice():
        batch = Batch(uuid.uuid4(), "http://hooks.example.com/", [SECRET], [Call(uuid.uuid4(), "id", b"{}")])
        async with calling.Caller(public_only=True, resolve=resolve) as caller:
            return [*(await caller.call_all(batch)).values(), *(await caller.call_all(batch)).values()]

    receiver.script.append((200, {"Connection": "close"}))
    first, again = asyncio.run(twice())
    assert first.is_taken
    assert again.error == "its name leads to an address that is not public"
    assert network.connected == [public], "to the address that was checked, not to the name once more"
    assert len(receiver.seen) == 1
    assert receiver.seen[0][0]["Host"] == "hooks.example.com"
    assert looks == ["hooks.example.com"] * 2


class _Detour:
    """A network on which every address is the receiver's; keeps what was connected to."""

    def __init__(self, port):
        self.port, self.connected, self.network = port, [], calling.httpcore._backends.anyio.AnyIOBackend()

    async def connect_tcp(self, host, port, *more):
        self.connected.append(host)
        return await self.network.connect_tcp("127.0.0.1", self.port, *more)


def test_names_written_as_numbers_are_looked_up_and_checked_like_all_others(receiver):
    for host in ("localhost", "127.1", "2130706433", "0x7f000001"):
        [outcome], _ = send(f"http://{host}:{receiver.port}/", public_only=True)
        assert outcome.error == "its name leads to an address that is not public", host
    assert receiver.seen == []


def test_what_answers_nothing_is_said_in_words(receiver):
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        [outcome], _ = send(f"http://127.0.0.1:{closed.getsockname()[1]}/")
    assert outcome.error == "no connection"
    [outcome], _ = send("http://nowhere.invalid/")
    assert outcome.error == "no connection"
    [outcome], _ = send(f"https://127.0.0.1:{receiver.port}/")
    assert outcome.error == "no secure connection: its certificate or TLS"


def test_proxies_of_the_environment_are_not_used(receiver, monkeypatch):
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    [outcome], _ = send(receiver.url)
    assert outcome.is_taken


def test_a_certificate_is_asked_for():
    async def context():
        async with calling.Caller(public_only=True) as caller:
            return caller._pool._ssl_context

    found = asyncio.run(context())
    assert found.verify_mode is ssl.CERT_REQUIRED
    assert found.check_hostname
