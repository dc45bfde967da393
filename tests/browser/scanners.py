"""Programs that open the links of a mail before its reader does, and what they left behind."""

from __future__ import annotations

import time
from collections.abc import Iterable

import httpx
from playwright.sync_api import BrowserContext
from sqlalchemy import Engine, text


def send_head(links: Iterable[str]) -> None:
    """Ask for the headers of each link."""
    with httpx.Client(timeout=15, trust_env=False) as http:
        for link in links:
            assert not http.head(link).is_error


def send_get(links: Iterable[str]) -> None:
    """Fetch each link, follow where it leads, and fetch it again."""
    with httpx.Client(timeout=15, trust_env=False, follow_redirects=True) as http:
        for link in [*links, *links]:
            assert not http.get(link).is_error


def browse(context: BrowserContext, links: Iterable[str], seconds: float) -> None:
    """Open each link in a tab, run its scripts for `seconds`, move about and scroll, and press nothing."""
    tabs = []
    for link in links:
        tabs.append(context.new_page())
        assert tabs[-1].goto(link).ok
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        for tab in tabs:
            tab.mouse.move(200, 200)
            tab.mouse.wheel(0, 400)
        tabs[0].wait_for_timeout(500)
    for tab in tabs:
        tab.close()


def digests(engine: Engine) -> dict[str, str]:
    """Give a digest of all rows of every table, but those in which the job queue keeps itself."""
    with engine.begin() as connection:
        tables = connection.scalars(text(
            "SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename NOT LIKE 'procrastinate%'"
        )).all()  # fmt: skip
        assert "consent_event" in tables, "these are all tables there are"
        return {table: connection.scalar(text(
            f"SELECT md5(coalesce(string_agg(t::text, chr(10) ORDER BY t::text), '')) FROM {table} t"
        )) for table in tables}  # fmt: skip


def changed(before: dict[str, str], after: dict[str, str]) -> set[str]:
    """Name the tables whose rows are not the same."""
    return {table for table in before.keys() | after.keys() if before.get(table) != after.get(table)}
