"""Every page and mail of every house, in its languages and both schemes, as the contact sheets show them.

The normal run looks at a selection (see `sheets.selection`), each page once; with PARLEY_TEST_SCALE=1 each in both
schemes, with PARLEY_TEST_SCALE=10 at all there is. PARLEY_TEST_PAGES=accounts takes all there is of one area instead
(see `sheets.AREAS`).
"""

from __future__ import annotations

import os
from collections import Counter

import pytest

from app.console.dressing import SCHEMES
from app.console.pages import Kind, pages_of
from tests import database, environments
from tests.browser import sheets
from tests.browser.sheets import AREAS, MAIN, all_tiles, inspection, selection
from tests.reliability.figures import SCALE, tell
from tests.reliability.installation import free_port

pytestmark = [pytest.mark.browser, pytest.mark.slow]

SITES = ("luxe", "camille", "maison-brume", "ostra", "vantour", "folie-douze", "kestrel-row", "sol-y-lino")
AREA = AREAS[os.environ["PARLEY_TEST_PAGES"]] if "PARLEY_TEST_PAGES" in os.environ else None
SLOW_NETWORK = {"offline": False, "latency": 40, "downloadThroughput": 150_000, "uploadThroughput": 150_000}
"""Bytes a second; a house's faces then take a quarter of a second to come, long after the text is seen."""


@pytest.fixture(scope="module")
def origin(cluster_apart, tmp_path_factory):
    """Give the address of the sheets."""
    settings = environments.settings_for(tmp_path_factory.mktemp("sheets"), port=free_port())
    with (
        database.fresh_database(cluster_apart, "parley_sheets") as urls,
        sheets.served(settings, urls.application),
    ):
        yield settings.origin


@pytest.fixture
def look(new_context, origin):
    """Give a way to look at tiles that notes what it finds."""
    return inspection(new_context(), origin)


@pytest.fixture(scope="module")
def wanted(group):
    tiles = all_tiles(group)
    if AREA:
        return AREA.tiles(tiles)
    return tiles if SCALE >= 10 else selection(tiles, in_both_schemes=SCALE >= 1)


@pytest.mark.parametrize("slug", AREA.sites if AREA else SITES)
def test_nothing_is_wrong_with_the_pages_of_a_house(look, wanted, slug):
    for tile in wanted:
        if tile.site.slug == slug:
            look.look_at(tile)
    tell(f"Pages of {slug}", **look.figures())
    assert look.pages > 10
    assert not look.findings, "\n".join(look.findings)


def test_no_house_is_left_out(group):
    assert set(SITES) == {group.slug, *group.brands}


@pytest.mark.parametrize("in_both_schemes", [False, True])
def test_the_selection_covers_each_page_and_each_pair(group, in_both_schemes):
    chosen = selection(all_tiles(group), in_both_schemes=in_both_schemes)
    sites = (group, *group.brands.values())
    assert {(tile.page.key, tile.scheme) for tile in chosen} >= {
        (page.key, scheme)
        for site in sites
        for page in pages_of(site)
        for scheme in SCHEMES
        if page.key in MAIN or (in_both_schemes and page.kind is not Kind.TEXT)
    }
    assert {tile.site.slug for tile in chosen if tile.page.key == "centre"} == {site.slug for site in sites}
    schemes = Counter(tile.scheme for tile in chosen)
    assert min(schemes.values()) > 0.4 * len(chosen), "dark pages are looked at as often as light ones"
    assert {tile.page.key for tile in chosen} == {page.key for site in sites for page in pages_of(site)}
    assert {(tile.site.slug, tile.locale) for tile in chosen} == {
        (site.slug, locale) for site in sites for locale in site.locales
    }
    assert {(tile.site.slug, tile.scheme) for tile in chosen} == {
        (site.slug, scheme) for site in sites for scheme in SCHEMES
    }
    assert len(chosen) < (2.5 if in_both_schemes else 1.5) * len({tile.page.key for tile in chosen}), "few enough"


@pytest.mark.parametrize("area", AREAS.values(), ids=list(AREAS))
def test_an_area_has_every_language_and_no_key_of_nothing(group, area):
    chosen = area.tiles(all_tiles(group))
    assert {tile.locale for tile in chosen} == set(group.locales)
    assert {tile.site.slug for tile in chosen} == set(area.sites)
    assert not [key for key in area.keys if not area._replace(keys=(key,)).tiles(chosen)]


def test_text_stays_where_it_is_when_the_typefaces_come_late(new_context, origin, group):
    look = inspection(new_context(), origin)
    look.watched.page.context.new_cdp_session(look.watched.page).send("Network.emulateNetworkConditions", SLOW_NETWORK)
    for tile in all_tiles(group):
        if tile.page.key in {"sign-up", "centre"} and (tile.locale, tile.scheme) == (tile.site.locales[0], "light"):
            look.look_at(tile)
    assert look.pages == 2 * (len(group.brands) + 1)
    tell("Typefaces that come late", **look.figures())
    assert not [finding for finding in look.findings if ": layout shift: " in finding]


@pytest.mark.parametrize(
    ("before", "after", "kind"),
    [
        ('class="lead"', 'style="color: #999; background: #aaa"', "axe"),
        ('<label for="email"', '<p data-for="email"', "axe"),
        ('<html lang="en"', '<html lang="de"', "language"),
        ("</main>", f"<!--{'heavy' * 15_000}--></main>", "weight"),
        ("</main>", '<p style="width: 90rem">Wide</p></main>', "wider than 360"),
        ("</main>", '<img src="http://elsewhere.invalid/pixel.png" alt=""></main>', "leaves the origin"),
    ],
)
def test_a_page_with_a_fault_goes_red(look, group, before, after, kind):
    tile = next(tile for tile in all_tiles(group) if (tile.site.slug, tile.page.key) == ("camille", "link-form"))
    page = look.watched.page
    page.route("http://elsewhere.invalid/**", lambda route: route.fulfill(body=""))
    page.route(f"**{tile.path}", lambda route: _spoil(route, before, after))
    look.look_at(tile)
    assert any(f": {kind}: " in finding for finding in look.findings)


def test_text_that_jumps_goes_red(look, group):
    tile = next(tile for tile in all_tiles(group) if (tile.site.slug, tile.page.key) == ("camille", "link-form"))
    late = "setTimeout(() => document.querySelector('h1').before(document.createElement('hr'), 'Sudden'), 50)"
    look.watched.page.add_init_script(f"addEventListener('load', () => {late})")
    look.watched.page.route("**/*.woff2*", lambda route: route.abort())
    look.look_at(tile)
    assert any(": layout shift: " in finding for finding in look.findings)


def _spoil(route, before, after):
    """Send the page with a fault in it, and without the policy that would keep inline style from working."""
    answer = route.fetch()
    text = answer.text()
    assert before in text
    route.fulfill(status=answer.status, content_type="text/html", body=text.replace(before, after, 1))
