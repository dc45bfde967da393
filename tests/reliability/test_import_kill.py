"""An import that is killed with -9 part-way and run again comes to exactly what an unbroken one comes to.

`PARLEY_TEST_SCALE` makes it larger, and kills more often.
"""

from __future__ import annotations

import csv
import os
import signal
import subprocess
import sys
import time

import pytest
from sqlalchemy import func, select, text

from app.models import ConsentEvent, ImportJob
from app.services import projection
from tests import environments, erasing
from tests.services.conftest import variables

SCALE = int(os.environ.get("PARLEY_TEST_SCALE", "1"))
ROWS, BATCH, KILLS = 240 * SCALE, 40, SCALE
COMMAND = "import app.courier.imports as i; i.BATCH = {batch}; from app.cli import main; main()"
ITEMS = ("--brand", "camille", "--topic", "newsletter", "--channel", "email")


@pytest.fixture
def file(tmp_path):
    """Write a file in which people come several times, say yes and no, and some rows are none."""
    path = tmp_path / "list.csv"
    with path.open("w") as written:
        written.write("email,status,occurred_at,evidence.form\n")
        for number in range(ROWS):
            person, day = number % (ROWS * 2 // 3), 1 + number % 28
            email = "no address" if number % 50 == 7 else f"person-{person}@example.com"
            status = "withdrawn" if number % 5 == 0 else "granted"
            written.write(f"{email},{status},2024-03-{day:02}T10:00:00Z,F{number}\n")
    return path


def start(env, file):
    return subprocess.Popen(
        [sys.executable, "-c", COMMAND.format(batch=BATCH), "import", str(file), *ITEMS], env=env,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip


def position(env):
    with env.database.transaction() as session:
        return session.scalar(select(func.max(ImportJob.position))) or 0


def outcome(env, file):
    """Give what came of it: the lines without what differs each time, the counts, the rejects."""
    with env.database.transaction() as session:
        lines = session.execute(text(
            "SELECT d.detail ->> 'form', e.action, e.status, e.occurred_at, e.sequence FROM consent_event e"
            " JOIN event_detail d USING (account_id, sequence) ORDER BY (d.detail ->> 'line')::int"
        )).all()  # fmt: skip
        (job,) = session.scalars(select(ImportJob)).all()
        waiting = session.scalar(text("SELECT count(*) FROM feed_pending"))
    with file.with_name("list.csv.rejects.csv").open(newline="") as rejects:
        rows = list(csv.reader(rejects))
    return list(map(tuple, lines)), job.counts, job.state, waiting, rows


def test_killed_and_resumed_it_comes_to_the_same(committing_env, database_urls, tmp_path, file):
    settings = variables(committing_env, database_urls, tmp_path)
    assert start(settings, file).wait(60) == 1, "there are rejects"
    unbroken = outcome(committing_env, file)
    environments.empty(database_urls.owner)
    file.with_name("list.csv.rejects.csv").unlink()
    for kill in range(KILLS):
        before, process, deadline = position(committing_env), start(settings, file), time.monotonic() + 60
        while position(committing_env) == before and process.poll() is None and time.monotonic() < deadline:
            time.sleep(0.002)
        time.sleep(0.01 * kill)
        process.send_signal(signal.SIGKILL)
        process.wait()
    assert 0 < position(committing_env) < file.stat().st_size, "killed amid"
    assert start(settings, file).wait(60) == 1
    assert outcome(committing_env, file) == unbroken
    with committing_env.database.transaction() as session:
        assert session.scalar(select(func.count()).select_from(ConsentEvent)) == len(unbroken[0])
    assert erasing.verify(committing_env) == []
    with committing_env.database.transaction() as session:
        assert projection.differences(session) == []
