"""The tiles of the contact sheets as a matrix: which of them to look at, and how."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from fnmatch import fnmatch
from typing import NamedTuple

from axe_playwright_python.sync_playwright import Axe

from app.branding.languages import tag
from app.branding.models import Site, SiteGroup
from app.commands import preview
from app.config import Settings
from app.console.dressing import SCHEMES
from app.console.pages import Kind, Page, pages_of
from tests.browser import checks
from tests.browser.checks import Finding, Watched

HEAVIEST_BYTES = 60_000
MAIN = frozenset({"sign-up", "centre", "mail-confirm"})
"""Pages that are looked at in every house, also where only a selection is, and in both schemes."""
STILL = 0.02
"""Share of the window times share of the way. `font-display: swap` redraws a line when its face comes; the adjusted
stand-in keeps that to a few pixels, and whether it is after the first paint depends on the network."""
WIDTHS = {"light": 360, "dark": 1280}
"""Width of the window, so that both are seen of every page."""
MAIL_RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
"""A mail stands inside a program that brings the landmarks."""
SETTLED = """async () => {
    await document.fonts.ready;
    await new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)));
}"""


class Tile(NamedTuple):
    """One page of one site, in one language and one scheme."""

    site: Site
    page: Page
    locale: str
    scheme: str

    @property
    def path(self) -> str:
        """Where the preview has it."""
        return f"/preview/{self.site.slug}/{self.page.key}?lang={self.locale}&scheme={self.scheme}"

    def pairs(self, *, in_both_schemes: bool) -> frozenset[tuple[str, str]]:
        """What goes together in it."""
        names = (self.site.slug, self.locale, self.scheme)
        is_main = self.page.key in MAIN
        seen_in = self.scheme if (in_both_schemes and self.page.kind is not Kind.TEXT) or is_main else "any"
        found = {(names[0], names[1]), (names[0], names[2]), (names[1], names[2]), (self.page.key, seen_in)}
        return frozenset(found | ({(self.page.key, self.site.slug)} if is_main else set()))


def all_tiles(group: SiteGroup) -> list[Tile]:
    """Give the whole matrix."""
    return [
        Tile(site, page, locale, scheme)
        for site in (group, *group.brands.values())
        for page in pages_of(site)
        for locale in site.locales
        for scheme in SCHEMES
    ]


def selection(tiles: Iterable[Tile], *, in_both_schemes: bool = False) -> list[Tile]:
    """Choose so that every pair of house, language and scheme is there, and every page once or in both schemes.

    Greedy: each time the tile that brings most, and of equal ones that of what was least seen.
    """
    left = [(tile, tile.pairs(in_both_schemes=in_both_schemes)) for tile in tiles]
    missing, chosen = set().union(*(pairs for _, pairs in left)), []
    seen: Counter[str] = Counter()

    def gain(each: tuple[Tile, frozenset[tuple[str, str]]]) -> tuple[int, int]:
        tile, pairs = each
        return len(pairs & missing), -sum(seen[name] for name in (tile.site.slug, tile.locale, tile.scheme))

    while missing:
        best, pairs = max(left, key=gain)
        chosen.append(best)
        missing -= pairs
        seen.update([best.site.slug, best.locale, best.scheme])
        left = [each for each in left if each[1] & missing]
    return chosen


class Area(NamedTuple):
    """Pages that belong together, to be looked at in all languages and both schemes of some sites."""

    sites: tuple[str, ...]
    keys: tuple[str, ...]
    """With `*` for any letters."""

    def tiles(self, tiles: Iterable[Tile]) -> list[Tile]:
        """Choose what belongs to it; text has no colours, so once is enough."""
        return [
            each for each in tiles
            if each.site.slug in self.sites and any(fnmatch(each.page.key, key) for key in self.keys)
            and (each.page.kind is not Kind.TEXT or each.scheme == SCHEMES[0])
        ]  # fmt: skip


AREAS = {
    "accounts": Area(
        sites=("luxe", "camille", "folie-douze", "ostra"),
        keys=(
            "register*", "sign-in*", "signed-out", "reset*", "account*", "centre-full", "security*", "second-factor*",
            "passkeys*", "address*", "phone*", "profile*", "data*", "check", "check-mailed", "check-*errors",
            "check-password*", "eras*", "error-429", "text-code", "mail-register*", "mail-account*", "mail-reset*",
            "mail-password*", "mail-new-device*", "mail-step-up*", "mail-export*", "mail-erasure*", "mail-passkey*",
            "mail-second-factor*", "mail-phone*", "mail-recovery*", "mail-agree*", "mail-prove*", "mail-taken*",
            "mail-moved*", "mail-left*",
        ),
    ),
}  # fmt: skip
"""By the name that PARLEY_TEST_PAGES gives."""


@contextmanager
def served(settings: Settings, database_url: str) -> Iterator[None]:
    """Serve the sheets on the port of the settings."""
    studio = preview.Studio(settings, database_url)
    try:
        with studio.production():  # the first time takes seconds
            pass
        with preview.serving(preview.application(studio), settings.port):
            yield
    finally:
        studio.close()


@dataclass
class Inspection:
    """What was found on the tiles so far."""

    watched: Watched
    pages: int = 0
    findings: list[str] = field(default_factory=list)
    heaviest: tuple[int, str] = (0, "")
    worst_shift: tuple[float, str] = (0.0, "")
    _seen: set[str] = field(default_factory=set)

    def look_at(self, tile: Tile) -> None:
        """Open a tile and run every check; of a structure that was checked already, only the colours again."""
        page = self.watched.page
        page.set_viewport_size({"width": WIDTHS[tile.scheme], "height": 800})
        answer = page.goto(self.watched.origin + tile.path)
        page.wait_for_load_state()
        page.evaluate(SETTLED)
        found = [] if answer.status == tile.page.status else [Finding("status", str(answer.status))]
        found += self._language(tile) + self._accessibility(tile) + self._weight(tile) + self._shift(tile)
        found += [each for each in self.watched._traffic() if each.kind != "weight"] + self.watched._overflow()
        self.pages += 1
        self.findings += [f"{tile.path}: {each.kind}: {each.what}" for each in found]

    def figures(self) -> dict[str, object]:
        """Tell what was looked at and how it came out."""
        axe = sum(": axe: " in each for each in self.findings)
        return {
            "pages_looked_at": self.pages,
            "violations_of_axe": axe,
            "other_findings": len(self.findings) - axe,
            "heaviest": f"{self.heaviest[0]:,} bytes, {self.heaviest[1]}",
            "worst_shift": f"{self.worst_shift[0]:.5f}, {self.worst_shift[1]}",
        }

    def _language(self, tile: Tile) -> list[Finding]:
        told = self.watched.page.evaluate("document.documentElement.lang")
        return [] if told == tag(tile.locale) else [Finding("language", told)]

    def _accessibility(self, tile: Tile) -> list[Finding]:
        structure = f"{tile.site.theme.shape} {tile.page.key} {tile.locale}"
        rules = {"runOnly": MAIL_RULES} if tile.page.kind is Kind.HTML else {}
        rules = {"runOnly": ["color-contrast"]} if structure in self._seen else rules
        self._seen.add(structure)
        report = Axe().run(self.watched.page, options={"resultTypes": ["violations"], **rules}).response
        return [
            Finding("axe", f"{each['id']}: {[node['target'] for node in each['nodes']]}")
            for each in report["violations"]
        ]  # fmt: skip

    def _weight(self, tile: Tile) -> list[Finding]:
        sizes = [each.sizes()["responseBodySize"] for each in self.watched.requests if each.response()]
        self.heaviest = max(self.heaviest, (sum(sizes), tile.path))
        return [Finding("weight", f"{sum(sizes)} bytes")] if sum(sizes) > HEAVIEST_BYTES else []

    def _shift(self, tile: Tile) -> list[Finding]:
        shifted = self.watched.page.evaluate(checks.MEASURE_SHIFTS)
        self.worst_shift = max(self.worst_shift, (shifted, tile.path))
        return [Finding("layout shift", f"{shifted:.4f}")] if shifted > STILL else []


def inspection(context, origin: str) -> Inspection:
    """Begin to look, with a browser profile of its own."""
    return Inspection(checks.watch(context, origin))


__all__ = ["AREAS", "Area", "Inspection", "Tile", "all_tiles", "inspection", "selection", "served"]
