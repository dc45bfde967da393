"""The contact sheets show what people really get: every page there is, in one scheme, and nothing of it stays."""

from __future__ import annotations

import re
import shutil
import signal
import socket
import subprocess
import urllib.request
from dataclasses import dataclass

import pytest
from sqlalchemy import create_engine, text

from app.commands import preview
from app.console import dressing, pages
from app.console.pages import Kind, pages_of
from app.console.stage import NothingToShow, Stage
from app.services.letters import Letter
from app.services.messages import MessageKind
from tests import database, environments
from tests.reliability.processes import PARLEY, ROOT

NOT_SHOWN = {
    "static": "an asset",
    "web.theme": "an asset",
    "web.font": "an asset",
    "web.passkey_options": "for a script",
    "web.passkey_sign_in_options": "for a script",
    "embed_pages.solver": "a page without content, for a worker",
}
FOR_PROGRAMS = ("web.privacy_signal", "dev.", "api.", "oidc.", "health.", "embed.", "hooks.")


@pytest.fixture(scope="session")
def settings(tmp_path_factory):
    """Give settings like those of the command; the web fonts are made once."""
    return environments.settings_for(tmp_path_factory.mktemp("preview"))


@pytest.fixture(scope="session")
def own_database(cluster_apart):
    """Give a database where an open transaction stands in nobody's way."""
    with database.fresh_database(cluster_apart, "parley_preview") as urls:
        yield urls.application


@pytest.fixture(scope="session")
def studio(settings, own_database):
    found = preview.Studio(settings, own_database)
    yield found
    found.close()


@pytest.fixture(scope="session")
def sheets(studio):
    """Give a browser that looks at the sheets of the demonstration group."""
    return preview.application(studio).test_client()


@pytest.fixture
def own_folder(settings, cluster_apart, tmp_path):
    """Give a copy of the brand folder to edit, and a browser that looks at its sheets."""
    folder = tmp_path / "brands"
    shutil.copytree(environments.BRANDS, folder)
    own_settings = settings.model_copy(update={"brands_dir": folder})
    with database.fresh_database(cluster_apart, "parley_edits") as urls:
        studio = preview.Studio(own_settings, urls.application)
        yield folder, preview.application(studio).test_client()
        studio.close()


@dataclass(frozen=True)
class Played:
    """A page, what its scene came to, and the endpoints reached on the way."""

    page: pages.Page
    shown: object
    reached: frozenset[str]


@pytest.fixture(scope="session")
def played(studio):
    """Give all pages of a house and of the group, played once."""
    with studio.production() as production:
        group = production.environment.group
        return [play(production, site, page) for site in (group, group.brands["camille"]) for page in pages_of(site)]


def play(production, site, page):
    stage = Stage(production, site, site.locales[0], "light")
    with production.scene():
        shown = page.play(stage)
    urls = production.application.url_map.bind("localhost")
    asked = [visit.split(" ") for visit in stage.visited]
    return Played(page, shown, frozenset(urls.match(to, method)[0] for method, to in asked if urls.test(to, method)))


def unlisted(application, played):
    """Give the endpoints that no scene comes to."""
    there = {
        rule.endpoint for rule in application.url_map.iter_rules() if not rule.endpoint.startswith(FOR_PROGRAMS)
    }  # fmt: skip
    return there - set().union(*(each.reached for each in played)) - NOT_SHOWN.keys()


def test_every_scene_comes_to_the_page_it_names(played):
    real = [each for each in played if each.page.kind in {Kind.PAGE, Kind.HOST}]
    wrong = [each.page.key for each in real if each.shown.status_code != each.page.status]
    assert len(real) > 60
    assert wrong == []


def test_every_page_of_the_application_is_on_the_sheet(app, played):
    assert unlisted(app, played) == set()


def test_a_page_that_is_not_on_the_sheet_is_found(app, played):
    assert unlisted(app, [each for each in played if each.page.key != "what-we-send"]) == {"web.what_we_send"}


def test_every_kind_of_mail_is_on_the_sheet(played):
    assert {each.shown.kind for each in played if isinstance(each.shown, Letter)} == set(MessageKind)


def test_a_scene_that_comes_to_nothing_says_why(studio):
    with studio.production() as production:
        stage = Stage(production, production.environment.group.brands["camille"], "en", "light")
        with production.scene(), pytest.raises(NothingToShow, match="unknown"):
            stage.letter(MessageKind.WELCOME)
        with production.scene(), pytest.raises(NothingToShow, match="check-mail has no form"):
            stage.form("check-mail")


def test_nothing_of_it_stays(sheets, own_database):
    for key in ("centre-changed", "confirm-again", "never-done", "mail-summary"):
        assert sheets.get(f"/preview/camille/{key}").status_code == 200
    engine = create_engine(own_database)
    with engine.connect() as connection:
        tables = ("account", "address", "message", "consent_event", "notice", "procrastinate_jobs")
        left = {table: connection.scalar(text(f"SELECT count(*) FROM {table}")) for table in tables}
    engine.dispose()
    assert set(left.values()) == {0}, left


def test_each_site_has_a_sheet_with_all_its_languages_schemes_and_sizes(sheets, group):
    index = sheets.get("/").text
    assert all(f"/sheet/{slug}" in index for slug in ("luxe", *group.brands))
    brume = group.brands["maison-brume"]
    found = re.findall(r'<iframe src="([^"]+)" title="([^"]+)"', sheets.get("/sheet/maison-brume").text)
    assert len(found) == len(pages_of(brume)) * len(brume.locales) * 2 * 2
    assert "Sign-up, Français, dark, phone" in [title for _, title in found]


def test_the_sheet_is_narrowed_to_what_is_asked_for(sheets):
    query = {"page": "centre", "lang": "fr", "scheme": "dark", "size": "phone"}
    found = re.findall(r'<iframe src="([^"]+)"', sheets.get("/sheet/maison-brume", query_string=query).text)
    assert found == ["/preview/maison-brume/centre?lang=fr&amp;scheme=dark"]


def test_a_tile_is_the_real_page_in_its_language_and_can_be_framed_by_the_sheet_alone(sheets, client):
    tile = sheets.get("/preview/maison-brume/sign-up?lang=fr&scheme=dark")
    assert '<html lang="fr"' in tile.text
    assert "/dark/brand/maison-brume/theme.css" in tile.text
    assert "frame-ancestors 'self'" in tile.headers["Content-Security-Policy"]
    assert "frame-ancestors 'none'" in client.get("/maison-brume/").headers["Content-Security-Policy"]
    assert "Set-Cookie" not in sheets.get("/preview/maison-brume/centre").headers


def test_the_scheme_is_the_one_asked_for_whatever_the_reader_has(sheets, group):
    theme = group.brands["camille"].theme
    for scheme, palette in (("light", theme.light), ("dark", theme.dark)):
        sheet = sheets.get(f"/{scheme}/brand/camille/theme.css").text
        assert "prefers-color-scheme" not in sheet
        assert f"color-scheme: {scheme};" in sheet
        assert palette.paper in sheet.partition("@media (max-width: 0)")[0]


def test_only_the_question_about_the_scheme_is_answered():
    styles = "@media (prefers-color-scheme: dark) and (min-width: 2em) { a { color-scheme: light dark } }"
    assert dressing.force(styles, "dark") == "@media (min-width: 0) and (min-width: 2em) { a { color-scheme: dark } }"
    assert dressing.force(styles, "light") == "@media (max-width: 0) and (min-width: 2em) { a { color-scheme: light } }"
    assert dressing.force("a { color: red }", "dark") == "a { color: red }"


@pytest.mark.parametrize("path", ["/light/camille/preferences", "/dark/", "/camille/confirm/token", "/light/nothing"])
def test_links_and_forms_of_a_tile_lead_nowhere(sheets, path):
    assert sheets.get(path).status_code == 204
    assert sheets.post(path).status_code == 204


def test_what_pages_are_made_of_is_served(sheets):
    page = sheets.get("/preview/luxe/sign-up?scheme=dark").text
    address = re.search(r'href="(/dark/static/css/parley.css[^"]*)"', page).group(1)
    assert sheets.get(address).mimetype == "text/css"


def test_the_element_stands_on_a_page_of_the_brand(sheets):
    host = sheets.get("/preview/maison-brume/embed?lang=fr&scheme=dark")
    assert '<parley-signup lang="fr" scheme="dark">' in host.text
    assert sheets.get("/embed/camille.js").mimetype == "text/javascript"
    assert sheets.get("/embed/camille/form?lang=fr").is_json


def test_a_mail_is_shown_in_both_its_parts(sheets):
    html = sheets.get("/preview/camille/mail-confirm?lang=en&scheme=dark")
    assert "prefers-color-scheme" not in html.text
    assert "script-src" not in html.headers["Content-Security-Policy"]
    plain = sheets.get("/preview/camille/mail-confirm-text?lang=en&scheme=dark").text
    assert re.search(r"<pre>\s*\S", plain)
    assert 'class="letter dark"' in plain


def test_what_is_not_there_is_not_found(sheets):
    assert sheets.get("/sheet/nobody").status_code == 404
    assert sheets.get("/preview/camille/nothing").status_code == 404


def test_an_edit_shows_after_a_reload_and_a_mistake_is_told_until_it_is_mended(own_folder):
    folder, sheets = own_folder
    brand = folder / "luxe" / "camille" / "brand.toml"
    before = brand.read_text()
    assert "Camille" in sheets.get("/preview/camille/check-mail").text
    brand.write_text(before.replace('name = "Camille"', 'name = "Cornelia"'))
    assert "Cornelia" in sheets.get("/preview/camille/check-mail").text
    brand.write_text(before.replace("[theme]", "[theme]\nshadow = 1"))
    told = sheets.get("/sheet/camille")
    assert told.status_code == sheets.get("/preview/camille/check-mail").status_code == 422
    assert re.search(r"brand\.toml:\d+</code><br>theme\.shadow: no such key", told.text)
    brand.write_text(before)
    assert sheets.get("/sheet/camille").status_code == 200


def test_the_application_is_built_once_for_one_state_of_the_folder(studio):
    with studio.production() as first:
        pass
    with studio.production() as second:
        assert second is first


@pytest.mark.slow
def test_the_command_serves_until_it_is_told_to_stop(tmp_path, monkeypatch):
    monkeypatch.setenv("PARLEY_INSTANCE", str(tmp_path))
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    words = [*PARLEY, "brands", "preview", str(environments.BRANDS), "--port", str(port)]
    process = subprocess.Popen(words, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    try:
        assert f"http://localhost:{port}/" in process.stdout.readline()
        with urllib.request.urlopen(f"http://localhost:{port}/sheet/camille", timeout=60) as answer:
            assert b"<iframe" in answer.read()
    finally:
        process.send_signal(signal.SIGTERM)
        said, _ = process.communicate(timeout=30)
    assert (process.returncode, said) == (0, "")
    assert not list((tmp_path / "preview" / "postgres").glob("**/postmaster.pid"))
