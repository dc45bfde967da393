"""Who may embed: exactly the origins that a brand lists, without cookies; and what caches may keep."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy.exc import OperationalError

from app.config import Settings
from app.embed.problems import KINDS
from app.errors import StaleLocks
from app.factory import create_app
from tests import embedding, journeys
from tests.embedding import SITE

ANA = "ana@example.com"
ROOT = Path(__file__).parents[2]
SAMPLE = "http://localhost:9000"
NEARLY = [
    "https://evil.example.com", "http://camille.example.com", "https://camille.example.com:8443",
    "https://camille.example.com.evil.example", "https://evilcamille.example.com", "https://CAMILLE.example.com",
    "https://camille.example.com/", "https://sub.camille.example.com", "null", "",
]  # fmt: skip


@pytest.fixture(autouse=True)
def easy(monkeypatch):
    embedding.make_easy(monkeypatch)


def test_a_listed_origin_may_read_the_form(client):
    answer = client.get("/embed/camille/form", headers={"Origin": SITE})
    assert answer.headers["Access-Control-Allow-Origin"] == SITE
    assert "Access-Control-Allow-Credentials" not in answer.headers


@pytest.mark.parametrize("origin", NEARLY)
@pytest.mark.parametrize("path", ["form", "challenge", "subscribe"])
def test_no_other_origin_may_however_alike(client, origin, path):
    send = client.get if path == "form" else client.post
    answer = send(f"/embed/camille/{path}", headers={"Origin": origin})
    assert answer.status_code == (200 if path == "form" else 403)
    assert "Access-Control-Allow-Origin" not in answer.headers
    assert "Origin" in answer.vary


def test_a_preflight_says_yes_to_pages_of_the_brand_alone(client):
    headers = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "content-type"}
    yes = client.options("/embed/camille/subscribe", headers={"Origin": SITE, **headers})
    assert (yes.status_code, yes.headers["Access-Control-Allow-Origin"]) == (204, SITE)
    assert yes.headers["Access-Control-Allow-Headers"] == "Content-Type"
    assert "POST" in yes.headers["Access-Control-Allow-Methods"]
    no = client.options("/embed/camille/subscribe", headers={"Origin": NEARLY[0], **headers})
    assert no.status_code == 403
    assert not [name for name, _ in no.headers if name.startswith("Access-Control")]
    assert "Origin" in yes.vary
    assert "Origin" in no.vary


def test_no_answer_sets_a_cookie_or_minds_one(client, env):
    journeys.subscribe(client, env, ANA)
    assert client.get_cookie("parley")
    paths = [".js", "/form", "/frame", "/frame/sent", "/solver"]
    answers = [client.get(f"/embed/camille{path}", headers={"Origin": SITE}) for path in paths]
    answers += [client.post("/embed/camille/challenge", headers={"Origin": SITE})]
    answers += [embedding.send(client, embedding.body(client, ANA))]
    assert {answer.status_code for answer in answers} == {200, 202}
    for answer in answers:
        assert "Set-Cookie" not in answer.headers
        assert "Cookie" not in answer.vary


@pytest.mark.parametrize("path", ["/embed/camille/form?lang=en", "/embed/camille.js", "/embed/camille/solver"])
def test_what_is_the_same_for_all_may_be_kept_for_five_minutes(client, path):
    first = client.get(path, headers={"Origin": SITE})
    assert first.headers["Cache-Control"] == "public, max-age=300"
    again = client.get(path, headers={"Origin": SITE, "If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")


def test_the_form_depends_on_the_browser_only_where_the_page_names_no_language(client):
    assert "Accept-Language" not in client.get("/embed/sol-y-lino/form?lang=de").vary
    guessed = client.get("/embed/sol-y-lino/form", headers={"Accept-Language": "de-AT"})
    assert "Accept-Language" in guessed.vary
    assert guessed.json["lang"] == "de"


@pytest.mark.parametrize(
    ("wanted", "got"), [("zh-CN", "zh-Hans"), ("zh_Hans", "zh-Hans"), ("de-CH", "de"), ("tlh", "en")]
)
def test_a_page_may_name_its_language_as_html_does(client, wanted, got):
    assert client.get(f"/embed/sol-y-lino/form?lang={wanted}").json["lang"] == got


def test_only_the_topics_asked_for_are_shown_and_misspelt_ones_are_named(client):
    found = embedding.definition(client, topics="newsletter,horoscope")
    assert [choice["item"] for choice in found["choices"]] == ["newsletter:email"]
    assert found["left_out"] == ["horoscope"]
    nothing = client.get("/embed/camille/form?topics=horoscope")
    assert (nothing.status_code, nothing.json["code"]) == (422, "not_offered")


@pytest.mark.parametrize("path", ["/embed/nobody/form", "/embed/nobody.js", "/embed/luxe/form"])
def test_a_brand_that_is_none_is_not_found(client, path):
    answer = client.get(path)
    assert (answer.status_code, answer.json["code"]) == (404, "not_found")


def test_other_methods_are_told_as_problems(client):
    answer = client.put("/embed/camille/subscribe", headers={"Origin": SITE})
    assert (answer.status_code, answer.json["code"]) == (405, "method_not_allowed")


def test_the_sample_site_stands_for_every_brand_in_development(client, group):
    for brand in group.brands:
        answer = client.get(f"/embed/{brand}/form", headers={"Origin": SAMPLE})
        assert answer.headers["Access-Control-Allow-Origin"] == SAMPLE


@pytest.mark.parametrize(
    ("changes", "origin"),
    [
        ({}, "http://localhost:9000"),
        ({"port": 8314}, "http://localhost:9314"),
        ({"port": 65_000}, "http://localhost:64000"),
        ({"sample_site_url": "http://127.0.0.1:7000/"}, "http://127.0.0.1:7000"),
        ({"environment": "production", "public_url": "https://x.example", "database_url": "postgresql://"}, None),
    ],
)
def test_the_sample_site_lies_beside_parley_and_not_in_production(env, changes, origin):
    assert Settings(**{**env.settings.model_dump(), **changes}).sample_origin == origin


def test_in_production_the_sample_site_is_a_stranger(env, tmp_path):
    live = embedding.with_settings(
        env, tmp_path, environment="production", public_url="https://x.example", database_url="postgresql://", port=8314
    )
    client = create_app(live.settings, live).test_client()
    answer = client.post("/embed/camille/challenge", headers={"Origin": "http://localhost:9314"})
    assert (answer.status_code, answer.json["code"]) == (403, "origin_not_allowed")
    assert "localhost:9314" not in client.get("/embed/camille/frame").headers["Content-Security-Policy"]


def test_page_frame_and_element_share_one_limit_per_ip(env, tmp_path):
    tight = embedding.with_settings(env, tmp_path, signups_per_ip="3 per minute")
    client = create_app(tight.settings, tight).test_client()
    assert journeys.sign_up(client, "one@example.com").status_code == 303
    page = client.get("/embed/camille/frame").text
    framed = client.post("/embed/camille/frame", data={"csrf_token": journeys.form_token(page)})
    assert framed.status_code == 422
    assert embedding.send(client, embedding.body(client, "two@example.com")).status_code == 202
    answer = embedding.send(client, embedding.body(client, "three@example.com"))
    assert (answer.status_code, answer.json["code"]) == (429, "too_many_requests")
    assert 0 < int(answer.headers["Retry-After"]) <= 61
    assert answer.headers["Access-Control-Allow-Origin"] == SITE
    assert journeys.sign_up(client, "four@example.com").status_code == 429


def test_challenges_are_limited_too_since_each_costs_us_a_moment(env, tmp_path):
    tight = embedding.with_settings(env, tmp_path, signups_per_ip="2 per minute")
    client = create_app(tight.settings, tight).test_client()
    answers = [client.post("/embed/camille/challenge", headers={"Origin": SITE}) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]


def test_a_database_that_is_away_is_told_as_a_problem(client, monkeypatch):
    def fail(act):
        raise OperationalError("SELECT 1", {}, Exception("away"))

    sent = embedding.body(client, ANA)
    monkeypatch.setattr("app.embed.sign_up.write", fail)
    answer = embedding.send(client, sent)
    assert (answer.status_code, answer.json["code"]) == (503, "unavailable")
    assert answer.headers["Retry-After"]


def test_a_fault_of_ours_is_told_as_one_and_is_readable(client, monkeypatch):
    def fail(act):
        raise RuntimeError("a mistake")

    sent = embedding.body(client, ANA)
    monkeypatch.setattr("app.embed.sign_up.write", fail)
    answer = embedding.send(client, sent)
    assert (answer.status_code, answer.json["code"]) == (500, "internal_error")
    assert answer.headers["Access-Control-Allow-Origin"] == SITE


def test_locks_that_were_lost_too_often_are_told_as_being_busy(client, monkeypatch):
    def fail(act):
        raise StaleLocks

    sent = embedding.body(client, ANA)
    monkeypatch.setattr("app.embed.sign_up.write", fail)
    assert embedding.send(client, sent).json["code"] == "unavailable"


def test_every_code_of_a_problem_is_in_the_guide():
    guide = (ROOT / "docs" / "embedding.md").read_text(encoding="utf-8")
    assert [code for code in KINDS if f"`{code}`" not in guide] == ["bad_request"]
