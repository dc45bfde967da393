"""What a page is dressed in: fetched once, kept for a year, small on the way."""

from __future__ import annotations

import gzip
import re
from dataclasses import replace

import pytest
from flask import url_for

from app.branding import foundry
from app.factory import create_app
from tests import journeys

A_YEAR = "public, max-age=31536000, immutable"
SQUEEZED = {"Accept-Encoding": "gzip"}


@pytest.fixture(scope="module")
def typefaces(tmp_path_factory, group):
    """Give the faces of the group and two houses."""
    return foundry.build(tmp_path_factory.mktemp("fonts"), [group, group.brands["camille"], group.brands["ostra"]])


@pytest.fixture
def dressed(env, typefaces):
    """Give a browser on an installation with web fonts."""
    return create_app(env.settings, replace(env, typefaces=typefaces)).test_client()


def fetch(browser, path, **headers):
    """Fetch the whole of something, so that no file stays open."""
    with browser.get(path, headers={name.replace("_", "-"): value for name, value in headers.items()}) as answer:
        answer.get_data()
    return answer


def links(page):
    """Give the addresses of what a page's head asks for."""
    return re.findall(r'<link rel="(?:preload|stylesheet|icon)"[^>]* href="([^"]+)"', page)


def keeping(answer):
    return sorted(answer.headers["Cache-Control"].split(", "))


def test_a_face_is_served_by_its_digest_and_kept_for_a_year(dressed, typefaces, group):
    face = typefaces.of(group.theme)[0]
    answer = dressed.get(f"/brand/fonts/{face.file}")
    assert (answer.status_code, answer.mimetype, len(answer.data)) == (200, "font/woff2", face.size)
    assert keeping(answer) == sorted(A_YEAR.split(", "))
    assert answer.data.startswith(b"wOF2")
    assert "Access-Control-Allow-Origin" not in answer.headers
    assert "Content-Encoding" not in dressed.get(f"/brand/fonts/{face.file}", headers=SQUEEZED).headers


@pytest.mark.parametrize("name", ["0" * 32, "f" * 64, "faces.json", "..%2Fsecrets"])
def test_what_is_no_digest_of_a_face_is_not_found(dressed, name):
    answer = dressed.get(f"/brand/fonts/{name}.woff2")
    assert answer.status_code == 404
    assert "max-age" not in answer.headers.get("Cache-Control", "")


def test_a_page_asks_for_its_faces_before_its_sheets(dressed, typefaces, group):
    page = dressed.get("/camille/").text
    faces = [f"/brand/fonts/{face.file}" for face in typefaces.of(group.brands["camille"].theme)]
    assert [link for link in links(page) if "fonts" in link] == faces
    assert page.index('rel="preload"') < page.index('rel="stylesheet"')
    sheet = dressed.get(next(link for link in links(page) if "theme.css" in link)).text
    assert all(f"../fonts/{face.file}" in sheet for face in typefaces.of(group.brands["camille"].theme))


def test_a_page_in_chinese_asks_for_no_face(dressed):
    assert not [link for link in links(dressed.get("/ostra/?lang=zh-Hans").text) if "fonts" in link]


def test_without_faces_a_page_asks_for_none(client):
    page = client.get("/camille/").text
    assert not [link for link in links(page) if "fonts" in link]
    assert "@font-face" not in client.get("/brand/camille/theme.css").text


def test_a_returning_visitor_fetches_no_sheet_again(client):
    for link in links(client.get("/camille/").text):
        answer = fetch(client, link)
        assert answer.status_code == 200, link
        assert keeping(answer) == sorted(A_YEAR.split(", ")), link


@pytest.mark.parametrize("path", ["/static/css/parley.css", "/static/css/parley.css?v=000000000000",
                                  "/brand/camille/theme.css", "/brand/camille/theme.css?v=0"])  # fmt: skip
def test_an_address_without_the_digest_is_asked_about_again(client, path):
    answer = fetch(client, path)
    assert "immutable" not in answer.headers["Cache-Control"]
    again = fetch(client, path, If_None_Match=answer.headers["ETag"])
    assert (again.status_code, again.data) == (304, b"")


def test_what_is_not_there_has_no_digest(app, client):
    with app.test_request_context():
        assert url_for("static", filename="css/nothing.css") == "/static/css/nothing.css"
        assert url_for("static", filename="../factory.py") == "/static/../factory.py"
    assert client.get("/static/css/nothing.css").status_code == 404


PLAIN_ADDRESSES = (
    "/camille/", "/camille/?lang=en", "/folie-douze/check-mail?asked=starts", "/luxe/documents/privacy",
    "/brand/camille/theme.css", "/api/docs", "/api/docs/asking",
    "/static/css/parley.css", "/static/img/postmark.svg",
)  # fmt: skip


@pytest.mark.parametrize("path", PLAIN_ADDRESSES)
def test_sheets_and_pages_that_repeat_nothing_travel_compressed(client, path):
    plain, small = fetch(client, path), fetch(client, path, Accept_Encoding="gzip")
    assert small.headers["Content-Encoding"] == "gzip"
    assert "Accept-Encoding" in plain.headers["Vary"]
    assert "Accept-Encoding" in small.headers["Vary"]
    if "form" not in plain.text:  # a form's token is new each time
        assert gzip.decompress(small.data) == plain.data
    assert len(small.data) < len(plain.data)


def test_a_compressed_sheet_has_a_validator_of_its_own(client):
    plain = client.get("/brand/camille/theme.css").headers["ETag"]
    small = client.get("/brand/camille/theme.css", headers=SQUEEZED).headers["ETag"]
    assert plain != small
    again = client.get("/brand/camille/theme.css", headers={**SQUEEZED, "If-None-Match": small})
    assert again.status_code == 304


UNKNOWN = ["lang=en&guess=token", "welcome=guess", "asked=guess", "version=2026-01-15", "lang=en&lang=fr&x"]


@pytest.mark.parametrize("query", UNKNOWN)
def test_a_page_whose_address_says_more_travels_as_it_is(client, query):
    answer = client.get(f"/camille/?{query}", headers=SQUEEZED)
    assert answer.status_code == 200
    assert "Content-Encoding" not in answer.headers


def test_a_form_of_the_centre_that_comes_back_travels_as_it_is(client, env):
    journeys.subscribe(client, env, "ana@example.com")
    answer = client.post("/camille/preferences/language", data={"language": "xx"}, headers=SQUEEZED)
    assert answer.status_code == 422
    assert "Content-Encoding" not in answer.headers


def test_the_form_without_a_secret_comes_back_compressed_and_no_other_answer_to_it(client):
    back = client.post("/camille/", data={}, headers=SQUEEZED)
    assert (back.status_code, back.headers["Content-Encoding"]) == (422, "gzip")
    on = client.post("/camille/", data={"email": "ana@example.com", "items": ["newsletter:email"],
                                        "csrf_token": journeys.form_token(client.get("/camille/").text)},
                     headers=SQUEEZED)  # fmt: skip
    assert on.status_code == 303
    assert "Content-Encoding" not in on.headers


def test_errors_api_and_links_with_tokens_travel_as_they_are(client, env):
    email = "ana@example.com"
    journeys.sign_up(client, email)
    answers = [
        client.get("/camille/nothing-there", headers=SQUEEZED),
        client.get(journeys.confirmation_path(env, email), headers=SQUEEZED),
        client.get("/api/v1/openapi.json", headers=SQUEEZED),
        client.get("/.well-known/openid-configuration", headers=SQUEEZED),
    ]
    assert [each.headers.get("Content-Encoding") for each in answers] == [None] * len(answers)
    assert [each.status_code for each in answers[:2]] == [404, 200]
