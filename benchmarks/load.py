"""A load of HTTP requests: processes with one kept-alive connection each, written on plain sockets to cost little."""

from __future__ import annotations

import json
import multiprocessing
import random
import socket
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from multiprocessing import Queue
from typing import Any

from app.services.biographies import address

CONNECTIONS = 8


@dataclass(frozen=True)
class Load:
    """What came of a load: requests a second, answers by status, and the time of each request in seconds."""

    rate: float
    statuses: Counter[str]
    times: list[float]

    def percentile(self, share: float) -> float:
        """Give the time that `share` of the requests stayed under, in milliseconds."""
        return sorted(self.times)[int(len(self.times) * share)] * 1000


def ask(port: int, token: str, people: int, seconds: float) -> Load:
    """Ask for decisions about random people for so many seconds; raises when an answer is not 200."""
    return send(port, lambda chance: _request(token, address(chance.randint(1, people)).typed), seconds)


def get(port: int, path: str, cookies: Sequence[str], seconds: float) -> Load:
    """Get a page with one of the cookies after the other, at random; raises when an answer is not 200."""
    requests = [f"GET {path} HTTP/1.1\r\nHost: localhost\r\nCookie: {each}\r\n\r\n".encode() for each in cookies]
    return send(port, lambda chance: chance.choice(requests), seconds)


def send(port: int, request: Callable[[random.Random], bytes], seconds: float) -> Load:
    """Send what `request` makes, for so many seconds; raises when an answer is not 200."""
    answers: Queue[Any] = multiprocessing.Queue()
    workers = [
        multiprocessing.Process(target=_worker, args=(port, request, seconds, seed, answers))
        for seed in range(CONNECTIONS)
    ]
    for worker in workers:
        worker.start()
    done = [answers.get() for _ in workers]
    for worker in workers:
        worker.join()
    statuses: Counter[str] = sum((counted for counted, _ in done), Counter())
    times = [each for _, taken in done for each in taken]
    if set(statuses) != {"200"}:
        raise RuntimeError(f"not every answer was 200: {dict(statuses)}")
    return Load(len(times) / seconds, statuses, times)


def _worker(
    port: int, request: Callable[[random.Random], bytes], seconds: float, seed: int, answers: Queue[Any]
) -> None:
    chance, statuses, times = random.Random(seed), Counter[str](), []
    with socket.create_connection(("127.0.0.1", port)) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        end = time.perf_counter() + seconds
        while (started := time.perf_counter()) < end:
            connection.sendall(request(chance))
            statuses[_status(connection)] += 1
            times.append(time.perf_counter() - started)
    answers.put((statuses, times))


def _request(token: str, email: str) -> bytes:
    question = {"subject": {"email": email}, "brand": "camille", "topic": "newsletter", "channel": "email"}
    body = json.dumps(question).encode()
    head = (
        "POST /api/v1/decisions HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        f"Authorization: Bearer {token}\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def _status(connection: socket.socket) -> str:
    received = b""
    while b"\r\n\r\n" not in received:
        received += connection.recv(65_536)
    head, _, body = received.partition(b"\r\n\r\n")
    lengths = [line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
    missing = int(lengths[0].split(b":")[1]) - len(body)
    while missing > 0:
        missing -= len(connection.recv(65_536))
    return head.split(b" ", 2)[1].decode()
