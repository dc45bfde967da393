"""What is wrong with a page, as a list of findings; an empty one is what every page is held to."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple
from urllib.parse import urlsplit

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import BrowserContext, ConsoleMessage, Page, Request

HEAVIEST_BYTES = 60_000
"""As they travel, with the page's sheets, scripts, pictures and typefaces; nothing comes from a cache."""
STEADY = 0.001
"""Most that a page may shift. Where a typeface comes after the first paint, the one that stood in for it can have set a
short label at the right edge three pixels wider; a line that breaks elsewhere moves a page twenty times as much."""
NARROW = (360, 320)
MEASURE_SHIFTS = """() => new Promise(resolve => {
    let shifted = 0;
    const add = list => { for (const entry of list) shifted += entry.value; };
    const watching = new PerformanceObserver(list => add(list.getEntries()));
    watching.observe({type: 'layout-shift', buffered: true});
    setTimeout(() => { add(watching.takeRecords()); resolve(shifted); }, 50);
})"""
"""What the browser kept of the shifts so far. Nothing is planted in the page beforehand: that would reach its frames
too, and one that lets no script run, as a mail's, complains of it now and then."""
MEASURE_OVERFLOW = """() => {
    const width = document.documentElement.clientWidth;
    if (document.documentElement.scrollWidth <= width) return [];
    const out = [...document.querySelectorAll('body *')].filter(each => each.getBoundingClientRect().right > width + 1);
    return ['page', ...out.slice(0, 5).map(each => each.tagName + '.' + each.className)];
}"""


class Finding(NamedTuple):
    """One thing that is wrong; `kind` says which check found it."""

    kind: str
    what: str


@dataclass  # no slots: Playwright marks whoever listens to it
class Watched:
    """A tab, and what happened in it since its last navigation."""

    page: Page
    origin: str
    requests: list[Request] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    def findings(self) -> list[Finding]:
        """Run every check on the page that is open."""
        self.page.wait_for_load_state()
        # The slow check comes first, and gives what is late the time to show.
        return [*self._accessibility(), *self._traffic(), *self._shifts(), *self._overflow()]

    def on_request(self, request: Request) -> None:
        """Begin anew with a navigation."""
        if request.is_navigation_request() and request.frame == self.page.main_frame:
            self.requests.clear()
            self.complaints.clear()
        self.requests.append(request)

    def on_console(self, message: ConsoleMessage) -> None:
        """Note what the browser complains about, but not that a page which tells of a failure has its status."""
        is_the_page = message.location.get("url") == self.page.url and "the server responded with" in message.text
        if message.type in {"error", "warning"} and not is_the_page:
            self.complaints.append(message.text)

    def _traffic(self) -> list[Finding]:
        away = [each.url for each in self.requests if not each.url.startswith((f"{self.origin}/", "data:", "blob:"))]
        sheets = [urlsplit(each.url).path for each in self.requests if each.resource_type == "stylesheet"]
        scripts = [each.url for each in self.requests if each.resource_type == "script"]
        weight = sum(_weight(each) for each in self.requests if each.url.startswith(self.origin))
        return [
            *(Finding("leaves the origin", url) for url in away),
            *(Finding("complaint", text) for text in self.complaints),
            *([Finding("weight", f"{weight} bytes")] if weight > HEAVIEST_BYTES else []),
            *([Finding("parts", str(sheets + scripts))] if _is_too_much(sheets, scripts) else []),
        ]

    def _shifts(self) -> list[Finding]:
        shifted = self.page.evaluate(MEASURE_SHIFTS)
        return [Finding("layout shift", str(shifted))] if shifted > STEADY else []

    def _accessibility(self) -> list[Finding]:
        """Ask axe; the scheme changes nothing but colours."""
        found = []
        for scheme, rules in (("light", {}), ("dark", {"runOnly": ["color-contrast"]})):
            self.page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
            report = Axe().run(self.page, options={"resultTypes": ["violations"], **rules}).response
            found += [
                Finding(f"axe in {scheme}", f"{each['id']}: {[node['target'] for node in each['nodes']]}")
                for each in report["violations"]
            ]
        return found

    def _overflow(self) -> list[Finding]:
        found = []
        for width in NARROW:
            self.page.set_viewport_size({"width": width, "height": 640})
            found += [Finding(f"wider than {width}", each) for each in self.page.evaluate(MEASURE_OVERFLOW)]
        return found


def watch(context: BrowserContext, origin: str) -> Watched:
    """Open a tab whose traffic, complaints and layout shifts are noted."""
    watched = Watched(context.new_page(), origin)
    developer = context.new_cdp_session(watched.page)
    developer.send("Network.enable")
    developer.send("Network.setCacheDisabled", {"cacheDisabled": True})  # so that each page is weighed with its sheet
    watched.page.on("request", watched.on_request)
    watched.page.on("console", watched.on_console)
    watched.page.on("pageerror", lambda problem: watched.complaints.append(str(problem)))
    return watched


def _weight(request: Request) -> int:
    response = request.response()
    if response is None:
        return 0
    response.finished()
    return int(request.sizes()["responseBodySize"])


def _is_too_much(sheets: list[str], scripts: list[str]) -> bool:
    """One sheet and a theme for each house on the page, and at most one script."""
    return len([path for path in sheets if not path.endswith("/theme.css")]) > 1 or len(scripts) > 1
