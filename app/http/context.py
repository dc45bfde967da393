"""The environment of the request at hand. `g`, `request` and `current_user` stop on this floor."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import TypeVar

from flask import current_app, g, request

from app.branding.languages import best
from app.branding.models import Site
from app.db import Session
from app.environment import Environment
from app.http import languages
from app.kit.ids import new_id
from app.kit.provenance import PERSON, Actor, Provenance, Source

T = TypeVar("T")
USER_AGENT_LENGTH = 300
PAGE_LENGTH = 300


def env() -> Environment:
    """Give the environment of the running application."""
    found: Environment = current_app.extensions["parley"]
    return found


def transaction() -> AbstractContextManager[Session]:
    """Open a transaction to read in; acts that take locks go through `write`."""
    return env().database.transaction()


def write(act: Callable[[Session], T]) -> T:
    """Run an act in one transaction, again from the start when it lost a race for its locks."""
    return env().database.write(act)


def locale(site: Site | None = None) -> str:
    """Give the language of this request among those the site speaks: the first wish that it can meet, else its first.

    Wishes are those of the link (`?lang=`), the form, the account and the browser, in this order.
    """
    if request.blueprint in languages.FOR_DEVELOPERS:
        return "en"
    site = site or g.get("site") or env().group
    return best(languages.wishes(), site.locales) or site.locales[0]


def request_id() -> str:
    """Give the id under which this request is logged."""
    found: str | None = g.get("request_id")
    if found is None:
        found = g.request_id = str(new_id())
    return found


def provenance(source: Source, actor: Actor = PERSON) -> Provenance:
    """Tell where this request comes from, cleaned of what PostgreSQL can't store. Tokens in paths are left out."""
    return Provenance(
        actor=actor,
        source=source,
        locale=locale(),
        ip=request.remote_addr,
        user_agent=_clean(request.user_agent.string, USER_AGENT_LENGTH),
        page=_clean(_page(), PAGE_LENGTH),
        request_id=request_id(),
    )


def _page() -> str:
    rule = request.url_rule.rule if request.url_rule else request.path
    return rule.replace("<site>", g.site.slug) if g.get("site") else rule


def _clean(text: str, length: int) -> str:
    return text.replace("\x00", "").encode("utf-8", "replace").decode()[:length]
