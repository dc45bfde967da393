"""`parley serve` shares its port with nobody, and leaves none of its processes behind, not even when it is killed."""

from __future__ import annotations

import os
import signal
import socket

import click
import pytest

from app.commands.serve import require_free
from tests.reliability.installation import await_true, installed
from tests.reliability.processes import family, processes


@pytest.fixture
def parley(tmp_path, group, database_urls):
    with installed(tmp_path, group, database_urls.application, workers=2) as parley:
        yield parley


def test_a_killed_server_frees_its_port_and_a_second_one_is_refused(parley):
    server = parley.start("serve")
    parley.await_ready(server)
    second = parley.start("serve")
    assert await_true(lambda: not second.is_alive, 20)
    assert f"Port {parley.port} of 127.0.0.1 is taken" in second.said()

    everyone = family(server._child.pid)
    assert len(everyone) >= 4
    os.kill(server._child.pid, signal.SIGKILL)
    assert await_true(lambda: not server.is_alive and not set(everyone) & set(processes()), 5)
    require_free("127.0.0.1", parley.port)
    parley.await_ready(parley.start("serve"))


def test_a_listener_that_shares_its_port_is_noticed():
    with socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        other.bind(("127.0.0.1", 0))
        other.listen()
        with pytest.raises(click.ClickException, match="taken"):
            require_free("127.0.0.1", other.getsockname()[1])


def test_an_address_that_is_not_ours_is_told():
    with pytest.raises(click.ClickException, match="Cannot listen on port 8000"):
        require_free("192.0.2.1", 8000)
