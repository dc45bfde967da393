"""What operators rely on: health, a role that can't touch the ledger, kind failures, silent logs."""

from __future__ import annotations

from contextlib import contextmanager
from urllib.parse import unquote

import psycopg
import pytest

from app.embedded import roles
from app.environment import Environment
from app.factory import create_app
from app.http import extensions, health
from tests import journeys
from tests.environments import settings_for

NOWHERE = "postgresql://parley_app@127.0.0.1:1/parley"


@pytest.fixture
def stranded(tmp_path, group):
    settings = settings_for(tmp_path)
    return create_app(settings, Environment.build(settings, NOWHERE, group)).test_client()


def test_a_live_process_says_so_without_the_database(stranded):
    assert stranded.get("/healthz").status_code == 200
    answer = stranded.get("/readyz")
    assert (answer.status_code, answer.json["reasons"]) == (503, ["The database can't be reached."])


def test_pages_say_kindly_that_the_database_is_away(stranded):
    answer = stranded.get("/camille/confirm/x")
    assert answer.status_code == 404, "a link that is no link needs no database"
    stranded.set_cookie("parley", "a session of better days")
    assert stranded.get("/camille/preferences").status_code == 503
    token = journeys.form_token(stranded.get("/camille/").text)
    answer = stranded.post(
        "/camille/", data={"email": "a@example.com", "items": "newsletter:email", "csrf_token": token}
    )
    assert answer.status_code == 503
    assert "back in a moment" in answer.text


def test_readiness_refuses_a_role_that_could_change_the_ledger(tmp_path, database_urls, group):
    answer = ready(tmp_path, database_urls.owner, group)
    assert answer.status_code == 503
    assert "could change the ledger" in answer.json["reasons"][0]


def test_a_database_without_our_tables_is_told(tmp_path, cluster, worker_id, group):
    name = f"parley_bare_{worker_id}"
    roles.create_database(cluster.server, name)
    try:
        answer = ready(tmp_path, cluster.url(roles.APPLICATION, name), group)
        assert answer.status_code == 503
        assert "parley db upgrade" in answer.json["reasons"][0]
    finally:
        roles.drop_database(cluster.server, name)


@pytest.mark.parametrize(
    ("right", "reason"),
    [
        ("UPDATE (mac) ON consent_event", "could change the ledger"),
        ("UPDATE (position) ON event_feed", "could change the ledger"),
        ("DELETE ON event_feed", "could change the ledger"),
        ("TRUNCATE ON consent_event", "could change the ledger"),
    ],
)
def test_readiness_refuses_a_right_too_many(tmp_path, database_urls, group, right, reason):
    with as_owner(database_urls, f"GRANT {right} TO parley_app", f"REVOKE {right} FROM parley_app"):
        answer = ready(tmp_path, database_urls.application, group)
    assert answer.status_code == 503
    assert reason in answer.json["reasons"][0]
    assert ready(tmp_path, database_urls.application, group).status_code == 200


@pytest.mark.parametrize(("version", "status"), [("0001", 503), ("of a newer release", 200)])
def test_older_records_are_not_ready_and_those_of_a_newer_release_are(tmp_path, database_urls, group, version, status):
    change, back = (f"UPDATE alembic_version SET version_num = '{each}'" for each in (version, health._head))
    with as_owner(database_urls, change, back):
        assert ready(tmp_path, database_urls.application, group).status_code == status


def test_a_role_that_was_granted_nothing_is_told(tmp_path, database_urls, group):
    right = "SELECT ON alembic_version"
    with as_owner(database_urls, f"REVOKE {right} FROM parley_app", f"GRANT {right} TO parley_app"):
        answer = ready(tmp_path, database_urls.application, group)
    assert answer.status_code == 503
    assert "was granted nothing" in answer.json["reasons"][0]


def ready(tmp_path, url, group):
    settings = settings_for(tmp_path)
    environment = Environment.build(settings, url, group)
    answer = create_app(settings, environment).test_client().get("/readyz")
    environment.database.close()
    return answer


@contextmanager
def as_owner(urls, before, after):
    with psycopg.connect(urls.owner.replace("+psycopg", ""), autocommit=True) as connection:
        connection.execute(before)
        try:
            yield
        finally:
            connection.execute(after)


@pytest.mark.parametrize(
    ("path", "place"),
    [
        ("/camille", "/camille/"),
        ("/camille?lang=fr&x=%26", "/camille/?lang=fr&x=%26"),
        ("//camille//preferences", "/camille/preferences"),
        ("//evil.example", "/evil.example/"),
        ("/%5Cevil.example", "/%5Cevil.example/"),
        ("/%2Fevil.example", "/evil.example/"),
    ],
)
def test_a_forged_host_is_redirected_nowhere_else(client, path, place):
    asked, _, query = path.partition("?")
    forged = {"PATH_INFO": unquote(asked), "QUERY_STRING": query, "HTTP_HOST": "evil.example"}
    answer = client.get("/", environ_overrides=forged)
    assert (answer.status_code, answer.headers["Location"]) == (308, place)


@pytest.mark.parametrize(
    ("address", "key"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2:ffff::", "2001:db8:1:2::/64"),
        ("2001:db8:1:3::1", "2001:db8:1:3::/64"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("fe80::1%eth0", "fe80::/64"),
        ("unix:", "unix:"),
    ],
)
def test_limits_count_by_subscriber(app, address, key):
    with app.test_request_context(environ_base={"REMOTE_ADDR": address}):
        assert extensions.origin_of_request() == key


def test_nothing_personal_and_no_token_is_logged(capsys, client, env):
    journeys.subscribe(client, env, "ana@example.com")
    path = journeys.unsubscribe_path(env, "ana@example.com")
    client.post(path)
    client.post("/camille/", data={"email": "ana@example.com"})
    logged = "".join(capsys.readouterr())
    assert "rule=/<site>/unsubscribe/<token>" in logged
    assert "ana@" not in logged
    assert path.rpartition("/")[2] not in logged


def test_a_fault_is_logged_without_the_token_in_its_path(capsys, app, monkeypatch):
    def break_down(**_values):
        raise RuntimeError("broken on purpose")

    app.testing = False
    monkeypatch.setitem(app.view_functions, "web.confirm", break_down)
    answer = app.test_client().get("/camille/confirm/secret-token")
    logged = "".join(capsys.readouterr())
    assert answer.status_code == 500
    assert "broken on purpose" in logged
    assert "secret-token" not in logged


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/nothing/", 404),
        ("GET", "/camille/nothing", 404),
        ("GET", "/camille/documents/nothing", 404),
        ("GET", "/camille/documents/terms?version=2001-01-01", 404),
        ("GET", "/camille/documents/terms?version=x", 404),
        ("GET", "/brand/nothing/theme.css", 404),
        ("PUT", "/camille/", 405),
    ],
)
def test_failures_are_pages_too(client, method, path, status):
    answer = client.open(path, method=method)
    assert answer.status_code == status
    assert "<h1>" in answer.text


def test_a_body_that_is_too_large_is_told_so(client):
    answer = client.post("/camille/", data={"email": "a" * 100_000})
    assert answer.status_code == 413
    assert "too much" in answer.text


def test_documents_are_shown_in_the_version_in_force(client):
    page = client.get("/camille/documents/terms").text
    assert "15 January 2026" in page
    assert client.get("/camille/documents/terms?version=2026-01-15").status_code == 200


def test_an_older_text_that_lacks_a_language_is_shown_in_the_first_of_the_house(client, env, monkeypatch):
    vantour = env.group.brands["vantour"]
    terms = vantour.document("terms")
    older = terms.versions[0].model_copy(update={"texts": {"de": "Alte Worte", "en": "Old words"}})
    document = terms.model_copy(update={"versions": (older,)})
    monkeypatch.setitem(env.group.brands, "vantour", vantour.model_copy(update={"documents": (document,)}))
    assert "Old words" in client.get("/vantour/documents/terms?lang=fr").text
    assert "Alte Worte" in client.get("/vantour/documents/terms?lang=de").text


def test_themes_are_cacheable_and_hold_both_schemes(client):
    answer = client.get("/brand/camille/theme.css")
    assert "max-age" in answer.headers["Cache-Control"]
    assert "prefers-color-scheme: dark" in answer.text
    again = client.get("/brand/camille/theme.css", headers={"If-None-Match": answer.headers["ETag"]})
    assert again.status_code == 304
