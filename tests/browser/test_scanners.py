"""Mail scanners follow every link before its reader does; none of that may count as an act."""

from __future__ import annotations

import threading
from contextlib import contextmanager

import pytest
from werkzeug.serving import make_server

from app.factory import create_app
from app.web.address import address_agree_post
from app.web.confirm import confirm_post
from tests import journeys
from tests.browser import scanners
from tests.browser.people import People

pytestmark = [pytest.mark.browser, pytest.mark.slow]

SECONDS = 10.0
EAGER = "<script>setTimeout(() => document.querySelector('main form').submit(), 300)</script>"


@pytest.fixture
def people(quiet):
    return People(quiet.environment)


@pytest.fixture
def links(people):
    asked, (joined, _) = people.asked(), people.joined()
    return [
        people.confirm_link(asked), people.never_link(asked), people.access_link(joined),
        people.unsubscribe_link(joined), people.unsubscribe_link(joined, "newsletter:email"),
        people.manage_link(joined), *people.address_links(),
    ]  # fmt: skip


@pytest.fixture
def left_behind(quiet):
    """Give a way to name the tables that an act has changed."""
    engine = quiet.environment.database.engine

    def watch(act, *arguments):
        before = scanners.digests(engine)
        act(*arguments)
        return scanners.changed(before, scanners.digests(engine))

    return watch


def test_asking_for_headers_changes_no_row(links, left_behind):
    assert left_behind(scanners.send_head, links) == set()


def test_fetching_changes_no_row(links, left_behind):
    assert left_behind(scanners.send_get, links) == set()


def test_a_browser_that_runs_scripts_changes_no_row(links, left_behind, new_context):
    assert left_behind(scanners.browse, new_context(), links, SECONDS) == set()


def test_the_check_goes_red_on_a_page_that_confirms_on_get(quiet, people, left_behind):
    def confirm_on_get(app):
        app.view_functions["web.confirm"] = confirm_post

    for visit in (scanners.send_head, scanners.send_get):
        with serving(quiet.environment, confirm_on_get) as origin:
            link = origin + journeys.confirmation_path(quiet.environment, people.asked())
            assert left_behind(visit, [link]) >= {"consent", "consent_event", "opt_in_request"}


def test_the_check_goes_red_on_a_page_that_agrees_to_a_change_of_address_on_get(quiet, people, left_behind):
    def agree_on_get(app):
        app.view_functions["web.address_agree"] = address_agree_post

    with serving(quiet.environment, agree_on_get) as origin:
        link = people.address_links()[0].replace(quiet.environment.settings.origin, origin)
        assert left_behind(scanners.send_get, [link]) == {"address_change"}


def test_the_check_goes_red_on_a_page_whose_script_presses_the_button(quiet, people, left_behind, new_context):
    def press_by_itself(app):
        app.after_request_funcs[None].insert(0, press_by_script)  # they run from last to first

    with serving(quiet.environment, press_by_itself) as origin:
        link = origin + journeys.confirmation_path(quiet.environment, people.asked())
        assert left_behind(scanners.send_get, [link]) == set(), "fetching alone does not find it"
        assert left_behind(scanners.browse, new_context(), [link], 2.0) >= {"consent", "consent_event"}


def press_by_script(response):
    """Spoil a page: let its own script send its form, under a policy that allows it."""
    if response.mimetype == "text/html" and not response.is_streamed:
        response.headers.pop("Content-Security-Policy", None)
        response.set_data(response.get_data(as_text=True).replace("</body>", f"{EAGER}</body>"))
    return response


@contextmanager
def serving(environment, spoil):
    """Serve a spoilt application on the same database; yield its origin."""
    app = create_app(environment.settings, environment)
    spoil(app)
    # The threads of this server end, unlike those of a real one, and would leave their connections open.
    app.teardown_appcontext(lambda _: environment.database.close())
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
