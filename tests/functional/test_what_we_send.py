"""What each house sends and how often: a page for everybody, before they ask for anything."""

from __future__ import annotations

import re
from html import unescape
from itertools import pairwise

import pytest

from app.branding.models import LegalBasis
from tests import centres


def read(client, site, **query):
    answer = client.get(f"/{site}/what-we-send", query_string=query)
    assert answer.status_code == 200
    assert "Set-Cookie" not in answer.headers
    return unescape(centres.plain(answer.text))


def about(page, name):
    """Cut what is said about a topic out of the page."""
    found = re.search(rf'<li class="sending">\s*<h\d[^>]*>{re.escape(name)}</h\d>.*?</li>', page, re.DOTALL)
    assert found, f"nothing is said about {name}"
    return found.group(0)


def test_a_house_says_all_it_sends(client, group):
    page = read(client, "camille")
    for topic in group.brands["camille"].topics:
        assert topic.description["en"] in about(page, topic.name["en"])
    assert "Weekly, by e-mail" in about(page, "Letters from the atelier")
    assert "Four times a year, by e-mail or by post" in about(page, "The collection book")
    assert "From the age of 18." in about(page, "Evenings at the atelier")
    assert "Customers may get this without asking" in about(page, "Private sales")
    assert "The Twelve" not in page


def test_the_group_says_what_all_houses_send(client, group):
    page = read(client, "luxe")
    for brand in group.brands.values():
        assert f'id="{brand.slug}"' in page
        assert f'href="/{brand.slug}/"' in page
        assert all(topic.name["en"] in page for topic in brand.topics)


def test_what_starts_at_once_says_so(client):
    page = read(client, "folie-douze")
    assert "It starts at once" in about(page, "Restock alerts")
    assert "It starts at once" not in about(page, "Drop alerts")


def test_what_needs_no_asking_says_so(client, env, monkeypatch):
    camille = env.group.brands["camille"]
    basis = {"legal_basis": LegalBasis.LEGITIMATE_INTEREST, "frequencies": ()}
    topics = tuple(topic.model_copy(update=basis) for topic in camille.topics)
    monkeypatch.setitem(env.group.brands, "camille", camille.model_copy(update={"topics": topics}))
    said = about(read(client, "camille"), "The collection book")
    assert "until they say no" in said
    assert "By e-mail or by post" in said


def test_what_is_retired_is_not_told(client, env, monkeypatch):
    camille = env.group.brands["camille"]
    topics = tuple(topic.model_copy(update={"retired": topic.key == "newsletter"}) for topic in camille.topics)
    monkeypatch.setitem(env.group.brands, "camille", camille.model_copy(update={"topics": topics}))
    assert "Letters from the atelier" not in read(client, "camille")


def test_houses_speak_their_own_language_where_they_lack_the_readers(client, group):
    page = read(client, "luxe", lang="fr")
    name = group.brands["kestrel-row"].topic("newsletter").name["en"]
    assert f'<h3 class="topic-name" lang="en">{name}</h3>' in page
    assert group.brands["camille"].topic("newsletter").name["fr"] in page


@pytest.mark.parametrize("path", ["/camille/", "/luxe/", "/camille/preferences/link", "/camille/documents/terms"])
def test_the_foot_of_pages_leads_there(client, path):
    site = path.split("/")[1]
    assert f'href="/{site}/what-we-send"' in client.get(path).text


def test_headings_go_down_one_step_at_a_time(client):
    for site in ("luxe", "camille"):
        levels = [int(level) for level in re.findall(r"<h([1-6])", read(client, site))]
        assert levels[0] == 1
        assert all(later <= earlier + 1 for earlier, later in pairwise(levels))
