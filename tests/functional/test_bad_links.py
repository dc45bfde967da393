"""A link that is no link, and a form that is no form, get a page that says so, and nothing changes."""

from __future__ import annotations

import pytest

from tests import journeys

KINDS = ("unsubscribe", "never", "manage", "access", "confirm")


@pytest.mark.parametrize("method", ["get", "post"])
@pytest.mark.parametrize("kind", KINDS)
def test_a_made_up_link_is_told_on_a_page(client, kind, method):
    answer = getattr(client, method)(f"/camille/{kind}/made-up")
    assert answer.status_code == 404
    assert "</h1>" in answer.text


@pytest.mark.parametrize("purpose", ["unsubscribe", "never"])
def test_a_link_cut_short_leaves_nothing(client, env, purpose):
    journeys.subscribe(client, env, "ana@example.com")
    path = getattr(journeys, f"{purpose}_path")(env, "ana@example.com")
    assert client.post(path[:-3]).status_code == 404
    assert journeys.decision(env, "ana@example.com") == "granted"


def test_the_link_form_names_an_address_that_is_none(client):
    page = client.get("/camille/preferences/link").text
    form = {"email": "ana at example.com", "csrf_token": journeys.form_token(page)}
    answer = client.post("/camille/preferences/link", data=form)
    assert answer.status_code == 422
    assert "name@example.com" in answer.text


def test_the_link_form_needs_its_token(client):
    answer = client.post("/camille/preferences/link", data={"email": "ana@example.com"})
    assert answer.status_code == 422


def test_whoever_presses_the_button_of_a_mail_sees_what_was_left(client, env):
    journeys.subscribe(client, env, "ana@example.com")
    answer = client.post(journeys.unsubscribe_path(env, "ana@example.com"))
    assert answer.status_code == 200
    assert "</h1>" in answer.text
    assert journeys.decision(env, "ana@example.com") != "granted"


def test_an_address_of_no_page_below_a_house_is_told_in_its_dress(client, group):
    page = client.get("/camille/nothing-there")
    assert (page.status_code, 'class="theme-camille"' in page.text) == (404, True)
    assert group.brands["camille"].controller.contact in page.text
    assert 'class="theme-luxe"' in client.get("/nobody/nothing-there").text
