"""A courier that is killed in the middle of a mail loses nothing."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from app.config import KEY_LISTS
from tests.post import listening, mails_to, new_address, sign_up

PATIENCE_SECONDS = 45


@pytest.mark.slow
def test_a_mail_under_way_when_its_courier_is_killed_is_sent_by_the_next_under_the_same_message_id(
    committing_env, database_urls, tmp_path
):
    address = new_address()
    sign_up(committing_env, address)
    with listening() as server:
        server.script.append("hang")
        environment = variables(committing_env, database_urls, server, tmp_path)
        victim = courier(environment)
        try:
            wait_until(lambda: server.tries == 1)
        finally:
            os.kill(victim.pid, signal.SIGKILL)
            victim.wait()
        heir = courier(environment)
        try:
            wait_until(lambda: mails_to(committing_env, address)[0].state == "sent")
        finally:
            heir.terminate()
            assert heir.wait(PATIENCE_SECONDS) == 0
        assert len(server.received) == 2
        assert len(set(server.message_ids)) == 1


def courier(environment):
    return subprocess.Popen([Path(sys.executable).with_name("parley"), "courier"], env=environment)


def variables(env, database_urls, server, instance):
    keys = [f"{name} = {json.dumps(getattr(env.settings, name))}" for name in KEY_LISTS]
    (instance / "parley.toml").write_text("\n".join(keys))
    return {
        **os.environ,
        "DATABASE_URL": database_urls.application,
        "PARLEY_INSTANCE": str(instance),
        "PARLEY_MAIL_URL": f"smtp://127.0.0.1:{server.port}?tls=none",
    }


def wait_until(claim):
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not claim():
        assert time.monotonic() < deadline, "waited too long"
        time.sleep(0.1)
