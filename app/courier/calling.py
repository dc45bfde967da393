"""Calling addresses that other systems named: signed (Standard Webhooks), and never into our own house.

Where a name leads is looked up at each connection, checked, and connected to at that very address: a name that leads
elsewhere at the second look (DNS rebinding) gains nothing. TLS and the Host header go on meaning the name. There are no
redirections, no proxies and no cookies, because httpcore, on which httpx is built, has none; httpx itself can't be
given the network backend that this takes.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import timedelta
from functools import partial
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Any, Self

import httpcore
import structlog
from standardwebhooks import Webhook

from app.courier.logs import describe
from app.kit import clock
from app.kit.targets import is_public
from app.services.webhook_deliveries import MEDIA_TYPE, Batch, Call, Outcome

Ip = IPv4Address | IPv6Address
Resolver = Callable[[str, int], Awaitable[Sequence[Ip]]]

TIMEOUT_SECONDS = 10.0
"""For a call in total, from looking the name up to the status of the answer."""
CONNECT_SECONDS = 3.0
MOST_ADDRESSES = 3
"""Addresses of one name that are tried, each for `CONNECT_SECONDS`."""
FINISH_SECONDS, MOST_BYTES = 1.0, 16_384
"""How much of an answer is read, so that its connection can be used again. What it says is not kept."""
LOOKUPS, CONNECTIONS, IDLE_SECONDS = 8, 128, 15.0
_RETRY_LATER = (429, 502, 503, 504)

log = structlog.get_logger(__name__)


class ForbiddenTarget(Exception):
    """A name leads to an address that is not public."""


class Checked(httpcore.AsyncNetworkBackend):
    """Connects to the very address that was looked up and checked."""

    def __init__(self, resolve: Resolver, *, public_only: bool) -> None:
        self._resolve = resolve
        self._public_only = public_only
        self._network = httpcore.AnyIOBackend()

    async def connect_tcp(
        self, host: str, port: int, timeout: float | None = None, local_address: str | None = None,  # noqa: ASYNC109
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:  # fmt: skip
        """Connect to `host`. One address among several that is not public is enough to refuse them all."""
        del timeout  # of the pool; ours are above
        addresses = await self._resolve(host, port)
        if self._public_only and not all(map(is_public, addresses)):
            raise ForbiddenTarget
        for address in addresses[:MOST_ADDRESSES]:
            with suppress(httpcore.ConnectError, httpcore.ConnectTimeout):
                return await self._network.connect_tcp(
                    str(address), port, CONNECT_SECONDS, local_address, socket_options
                )
        raise httpcore.ConnectError

    async def sleep(self, seconds: float) -> None:
        """Wait."""
        await asyncio.sleep(seconds)


class Caller:
    """Makes calls, many at once; an async context manager that closes its connections."""

    def __init__(self, *, public_only: bool, resolve: Resolver | None = None, timeout_seconds: float = TIMEOUT_SECONDS):
        self._timeout_seconds = timeout_seconds
        # Of its own, because a name server that is slow would hold up what else waits for threads.
        self._threads = ThreadPoolExecutor(LOOKUPS, "lookup")
        self._pool = httpcore.AsyncConnectionPool(
            ssl_context=ssl.create_default_context(),
            max_connections=CONNECTIONS,
            keepalive_expiry=IDLE_SECONDS,
            network_backend=Checked(resolve or self._look_up, public_only=public_only),
        )

    async def __aenter__(self) -> Self:
        """Nothing is opened before it is used."""
        return self

    async def __aexit__(self, *_: object) -> None:
        """Close all connections."""
        await self._pool.aclose()
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def call_all(self, batch: Batch) -> Mapping[Any, Outcome]:
        """Make the calls of a batch, all at once; give how each went, by the id of its delivery."""
        outcomes = await asyncio.gather(*(self._call(batch, call) for call in batch.calls))
        return {call.delivery_id: outcome for call, outcome in zip(batch.calls, outcomes, strict=True)}

    async def _call(self, batch: Batch, call: Call) -> Outcome:
        try:
            async with asyncio.timeout(self._timeout_seconds):
                return await self._post(batch.url, signed(batch.secrets, call), call.body)
        except (TimeoutError, httpcore.TimeoutException):
            return Outcome(error=f"no answer within {self._timeout_seconds:g} seconds")
        except ForbiddenTarget:
            return Outcome(error="its name leads to an address that is not public")
        except httpcore.ConnectError as failure:
            is_tls = isinstance(failure.__context__, ssl.SSLError) or isinstance(failure.__cause__, ssl.SSLError)
            return Outcome(error="no secure connection: its certificate or TLS" if is_tls else "no connection")
        except (httpcore.NetworkError, httpcore.ProtocolError):
            return Outcome(error="the connection broke, or it did not speak HTTP")
        except Exception as fault:  # noqa: BLE001 - a fault of ours is as visible and as finite as one of theirs
            log.error("webhook_not_sent", endpoint=str(batch.endpoint_id), fault=describe(fault))  # noqa: TRY400 - no addresses
            return Outcome(error=describe(fault))

    async def _post(self, url: str, headers: Mapping[str, str], body: bytes) -> Outcome:
        sent = [(name.encode(), value.encode()) for name, value in headers.items()]
        async with self._pool.stream("POST", url, headers=sent, content=body) as answer:
            # The status is the answer; how slowly the rest comes says nothing about it.
            with suppress(TimeoutError, httpcore.NetworkError, httpcore.ProtocolError):
                async with asyncio.timeout(FINISH_SECONDS):
                    await _finish(answer)
            return judge(answer.status, dict(answer.headers))

    async def _look_up(self, host: str, port: int) -> Sequence[Ip]:
        look = partial(socket.getaddrinfo, host, port, type=socket.SOCK_STREAM)
        try:
            found = await asyncio.get_running_loop().run_in_executor(self._threads, look)
        except (OSError, UnicodeError):
            raise httpcore.ConnectError from None
        return list(dict.fromkeys(ip_address(each[4][0]) for each in found))


def signed(secrets: Sequence[str], call: Call) -> dict[str, str]:
    """Give the headers of a call, signed by each of `secrets` (Standard Webhooks 1.0)."""
    now = clock.now()
    signatures = [Webhook(secret).sign(call.id, now, call.body.decode()) for secret in secrets]
    return {
        "Content-Type": MEDIA_TYPE,
        "User-Agent": "Parley",
        "webhook-id": call.id,
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": " ".join(signatures),
    }


def judge(status: int, headers: Mapping[bytes, bytes]) -> Outcome:
    """Judge an answer: 2xx is the only one that means taken."""
    if 200 <= status < 300:
        return Outcome(status)
    error = f"answered {status}"
    if 300 <= status < 400:
        error += "; redirections are not followed"
    wish = {name.lower(): value for name, value in headers.items()}.get(b"retry-after", b"")
    wait = timedelta(seconds=int(wish)) if status in _RETRY_LATER and wish.isdigit() and len(wish) < 9 else None
    return Outcome(status, error, wait)


async def _finish(answer: httpcore.Response) -> None:
    size = 0
    async for some in answer.aiter_stream():
        size += len(some)
        if size > MOST_BYTES:
            return
