"""Databases for tests: one cluster for a test run, one migrated template, one copy of it for each worker.

The run's main process names the folder in its environment before its workers start; each worker uses the cluster
while it runs, and whoever leaves last stops it. The main process removes the folder, and first those that
killed runs left behind.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from app.commands.database import upgrade
from app.embedded import Cluster, DatabaseUrls, roles

FOLDER_VARIABLE = "PARLEY_TEST_CLUSTER"
PREFIX = "parley-tests-"
TEMPLATE = "parley_template"
# A test database is thrown away, so nothing waits for the disk.
FAST = {
    "autovacuum": "off",
    "fsync": "off",
    "full_page_writes": "off",
    "max_connections": "300",
    "shared_buffers": "128MB",
    "synchronous_commit": "off",
}


def begin_run() -> None:
    """Name this run's folder, in the main process."""
    for folder in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        with suppress(FileNotFoundError):  # another run has just ended
            is_ours = folder.stat().st_uid == os.geteuid()
            if is_ours and not _is_alive(int(folder.name.removeprefix(PREFIX))):
                _remove(folder)
    os.environ[FOLDER_VARIABLE] = str(Path(tempfile.gettempdir(), f"{PREFIX}{os.getpid()}"))


def end_run() -> None:
    """Stop what a killed worker left and remove this run's folder, in the main process."""
    _remove(Path(os.environ.pop(FOLDER_VARIABLE)))


def run_cluster() -> Cluster:
    """Name the cluster of this test run; it starts when somebody uses it."""
    return cluster_in(Path(os.environ[FOLDER_VARIABLE]))


def cluster_in(folder: Path) -> Cluster:
    """Name the cluster that keeps its files in `folder`."""
    return Cluster(folder, settings=FAST)


@contextmanager
def fresh_database(cluster: Cluster, name: str) -> Iterator[DatabaseUrls]:
    """Yield the URLs of a new, migrated database, and drop it at the end. The cluster must run."""
    _ensure_template(cluster)
    roles.drop_database(cluster.server, name)
    roles.create_database(cluster.server, name, template=TEMPLATE)
    try:
        yield DatabaseUrls(cluster.url(roles.OWNER, name), cluster.url(roles.APPLICATION, name))
    finally:
        roles.drop_database(cluster.server, name)


def _ensure_template(cluster: Cluster) -> None:
    """Migrate a database once for all workers. It gets its name when it is finished, so half of one is never used."""
    with (cluster.home.path / "template.lock").open("wb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if roles.exists(cluster.server, TEMPLATE):
            return
        draft = f"{TEMPLATE}_draft"
        roles.drop_database(cluster.server, draft)
        roles.create_database(cluster.server, draft)
        upgrade(cluster.url(roles.OWNER, draft), cluster.url(roles.APPLICATION, draft))
        roles.rename_database(cluster.server, draft, TEMPLATE)


def _remove(folder: Path) -> None:
    if folder.exists():
        Cluster(folder).stop("immediate")
        shutil.rmtree(folder)


def _is_alive(process_id: int) -> bool:
    try:
        os.kill(process_id, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
