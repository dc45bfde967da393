"""What the browser tests run on: Parley as operators start it, a mail server, and one Chromium.

Everything ends with the last test of this folder, not of the run: Playwright keeps an event loop in the thread of the
tests, which others could not bear.
"""

from __future__ import annotations

import shutil
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import expect, sync_playwright

from app.commands import typefaces
from app.commands.preview import serving
from app.commands.sample_site import create
from tests import database, post
from tests.browser.inbox import Inbox
from tests.reliability.installation import free_port, installed

PATIENCE_MILLISECONDS = 15_000
ARGUMENTS = (
    "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update", "--no-first-run",
    "--disable-sync", "--disable-quic", "--disable-dev-shm-usage",
    # Pages that a test makes up come from no address, and would not be let near this machine's own.
    "--disable-features=LocalNetworkAccessChecks",
)  # fmt: skip


@pytest.fixture(scope="package")
def chromium():
    """Give the browser that all tests share."""
    expect.set_options(timeout=PATIENCE_MILLISECONDS)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=list(ARGUMENTS))
        yield browser
        browser.close()


@pytest.fixture
def new_context(chromium):
    """Give a way to open a browser profile without cookies, with Playwright's options."""
    opened = []

    def make(**options):
        context = chromium.new_context(locale="en-GB", **options)
        context.set_default_timeout(PATIENCE_MILLISECONDS)
        opened.append(context)
        return context

    yield make
    for context in opened:
        context.close()


@pytest.fixture
def page(new_context):
    """Give an empty tab."""
    return new_context().new_page()


@pytest.fixture(scope="package")
def post_office():
    """Give a mail server on loopback."""
    with post.listening() as server:
        yield server


@pytest.fixture(scope="package")
def inbox(post_office):
    """Give everybody's mail as it arrived."""
    return Inbox(post_office.received)


@pytest.fixture(scope="package")
def parley(cluster, worker_id, group, tmp_path_factory, post_office):
    """Give a server and a courier on a database of their own; mails go to `post_office`."""
    mail_url = f"smtp://127.0.0.1:{post_office.port}?tls=none"
    with (
        database.fresh_database(cluster, f"parley_browser_{worker_id}") as urls,
        installed(
            tmp_path_factory.mktemp("parley"),
            group,
            urls.application,
            mail_url=mail_url,
            workers=1,
            sample_site_url=f"http://localhost:{free_port()}",
        ) as own,
    ):
        server = own.start("serve")
        own.start("courier")
        own.await_ready(server)
        yield own


@pytest.fixture(scope="package")
def site(parley, group):
    """Give the origin of a brand site that embeds the forms of `parley`."""
    origin = parley.settings.sample_origin
    with serving(create(group, parley.settings.origin), urlsplit(origin).port):
        yield origin


@pytest.fixture(scope="package")
def quiet(cluster, worker_id, group, tmp_path_factory):
    """Give a server without courier and mail server, where nothing happens unless a visitor does it."""
    with (
        database.fresh_database(cluster, f"parley_quiet_{worker_id}") as urls,
        installed(tmp_path_factory.mktemp("quiet"), group, urls.application, workers=1) as own,
    ):
        typefaces.prepare(own.settings)
        own.await_ready(own.start("serve"))
        yield own
