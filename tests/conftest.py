"""Fixtures of all tests."""

from __future__ import annotations

import sys

import pytest
from xdist.scheduler import LoadScopeScheduling

from app.branding.loader import load
from app.environment import Environment
from app.factory import create_app
from app.http import logs
from app.http.extensions import limiter
from tests import catalogues, database, environments, templates

TOGETHER = ("tests/browser/", "tests/functional/test_preview.py")
"""Tests that one worker takes: a browser and two Parleys start for these, all scenes are played for those."""


class Together(LoadScopeScheduling):
    """Hands out tests one by one, but those that share something costly as a whole."""

    def _split_scope(self, nodeid: str) -> str:
        return next((shared for shared in TOGETHER if nodeid.startswith(shared)), nodeid)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> Together:
    """Share the tests out among the workers. The marks of `--dist loadgroup` are lost on this pytest."""
    return Together(config, log)


def pytest_configure(config: pytest.Config) -> None:
    """Let the main process, not a worker of xdist, name the folder of the run's PostgreSQL and compile catalogues."""
    templates.compile_once()
    if not hasattr(config, "workerinput"):
        database.begin_run()
        catalogues.compile_stale()


def pytest_unconfigure(config: pytest.Config) -> None:
    """Leave nothing behind, also after failures and Ctrl-C."""
    if not hasattr(config, "workerinput"):
        database.end_run()


@pytest.fixture(scope="session")
def cluster():
    """Give the PostgreSQL of this run, shared by all workers."""
    with database.run_cluster().running() as cluster:
        yield cluster


@pytest.fixture(scope="session")
def cluster_apart(tmp_path_factory):
    """Give a PostgreSQL of its own to who keeps a transaction open: the feed of every database would wait for it.

    Transactions are numbered over a whole cluster, and the feed places a line once no older one runs.
    """
    with database.cluster_in(tmp_path_factory.mktemp("apart")).running() as cluster:
        yield cluster


@pytest.fixture(scope="session")
def database_urls(cluster, worker_id):
    """Give the URLs (`owner`, `application`) of this worker's own migrated database."""
    with database.fresh_database(cluster, f"parley_{worker_id}") as urls:
        yield urls


@pytest.fixture(scope="session")
def group():
    """Give the demonstration group, read once."""
    return load(environments.BRANDS)


@pytest.fixture
def env(tmp_path, database_urls, group):
    """Give an environment whose writes are rolled back; for tests in one thread."""
    settings = environments.settings_for(tmp_path)
    with environments.rolled_back(settings, database_urls.application, group) as environment:
        yield environment


@pytest.fixture
def committing_env(tmp_path, database_urls, group):
    """Give an environment that commits, on an emptied database; for tests with threads or processes."""
    settings = environments.settings_for(tmp_path)
    with environments.committing(settings, database_urls.application, database_urls.owner, group) as environment:
        yield environment


@pytest.fixture
def session(env):
    """Give a session of `env`."""
    with env.database.transaction() as session:
        yield session


@pytest.fixture(scope="session")
def application(group, tmp_path_factory):
    """Give one application to all tests of this worker: its routes and templates take longer than most tests.

    It asks its environment whatever may differ; tests that change the application itself make one of their own.
    """
    settings = environments.settings_for(tmp_path_factory.mktemp("application"))
    return create_app(settings, Environment.build(settings, environments.NOWHERE, group))


@pytest.fixture
def app(env, application, monkeypatch):
    """Give the application on `env`, with no request counted yet and its log as it begins."""
    monkeypatch.setitem(application.extensions, "parley", env)
    limiter.reset()
    logs.configure(as_json=False)
    return application


@pytest.fixture
def client(app):
    """Give a browser without JavaScript."""
    return app.test_client()


@pytest.fixture
def untraced():
    """Let no coverage be measured of what is done very many times, and once by others: it would take twice as long."""
    tracer = sys.gettrace()
    sys.settrace(None)
    yield
    sys.settrace(tracer)
