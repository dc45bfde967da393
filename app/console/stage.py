"""The real application, played to by a sample person: what a page of the contact sheet shows is its answer."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import Any, Protocol
from urllib.parse import parse_qsl, urlsplit

from flask import Flask
from werkzeug.test import TestResponse

from app.branding.languages import tag
from app.branding.models import Site, SiteGroup
from app.console import dressing
from app.console.people import EMAIL, LAPTOP, SamplePerson
from app.db import Session
from app.environment import Environment
from app.services.letters import Drop, Letter
from app.services.messages import MessageKind

_HIDDEN = re.compile(r'name="(csrf_token|words)" value="([^"]+)"')
AWAY = (301, 302, 303, 307, 308)


class Written(Protocol):
    """A mail as the courier writes it."""

    @property
    def subject(self) -> str:
        """One line."""
        ...

    @property
    def text(self) -> str:
        """The plain part."""
        ...

    @property
    def html(self) -> str:
        """The other part, with its styles."""
        ...

    @property
    def sender_name(self) -> str:
        """The house."""
        ...

    @property
    def sender(self) -> str:
        """Its address."""
        ...


class NothingToShow(Exception):
    """The scene did not come to what it should show; the message says why."""


@dataclass(frozen=True, slots=True)
class Production:
    """Everything that scenes are played with; put together on floor 7, which alone may know all surfaces."""

    application: Flask
    environment: Environment
    compose: Callable[[Letter], Written]
    scene: Callable[[], AbstractContextManager[None]]
    """What is written inside is taken back at its end."""
    turn_to: Callable[[SiteGroup], None]
    """Goes on with another state of the brand folder, until the scene ends."""


class Stage:
    """One scene: a browser without JavaScript, and a sample person in whatever state the scene brings them.

    Paths are relative to the site (`preferences`), or begin with a slash.
    """

    def __init__(self, production: Production, site: Site, locale: str, scheme: str, encodings: str = "") -> None:
        self.site, self.locale, self._scheme, self._encodings = site, locale, scheme, encodings
        self._production = production
        self._browser = production.application.test_client()
        self.person = SamplePerson(self.session, production.environment.group, site, locale)
        self.visited: list[str] = []
        self.says_no = False
        """Whether the browser sends the signal against sale and sharing."""

    @contextmanager
    def session(self) -> Iterator[Session]:
        """Open a transaction for what no visitor can do."""
        with self._production.environment.database.transaction() as session:
            yield session

    def turn_to(self, group: SiteGroup) -> None:
        """Go on with another state of the brand folder, as after a restart."""
        self._production.turn_to(group)

    def get(self, path: str) -> TestResponse:
        """Open a page, compressed in one of the encodings that the visitor takes, if the application does that."""
        return self._ask("GET", path, encodings=self._encodings)

    def post(self, path: str, data: Mapping[str, Any] | None = None) -> TestResponse:
        """Send a form as it is, without looking at what comes back; compressed as a page is, where it is a page."""
        return self._ask("POST", path, data or {}, encodings=self._encodings)

    def press(self, path: str, data: Mapping[str, Any] | None = None) -> TestResponse:
        """Send a form and go where its answer leads."""
        answer = self.post(path, data)
        while answer.status_code in AWAY:
            answer = self.get(answer.headers["Location"].partition(f"/{self._scheme}")[2])
        return answer

    def fail(self, status: int, path: str = "") -> TestResponse:
        """Open a page that fails with `status` for reasons a visitor can't bring about."""
        return self._ask("GET", path, fault=status)

    def form(self, path: str, **fields: Any) -> dict[str, Any]:
        """Fill in the form of a page: give its fields with the token and the digest of its words that stand in it."""
        found = dict(_HIDDEN.findall(self._ask("GET", path).text))
        if "csrf_token" not in found:
            raise NothingToShow(f"{path or 'the first page'} has no form")
        return {**found, **fields}

    def field(self, path: str, name: str) -> str:
        """Give what a field of the form of a page holds, as it is fetched now."""
        found = re.search(rf'name="{name}" value="([^"]*)"', self._ask("GET", path).text)
        return found.group(1) if found else ""

    def sign_in(self) -> TestResponse:
        """Come to the preference centre by a link from a mail."""
        return self.press(self.person.access_link())

    def letter(
        self, kind: MessageKind, request_id: uuid.UUID | None = None, context: dict[str, Any] | None = None,
        to: str = EMAIL,
    ) -> Letter:  # fmt: skip
        """Give what a mail of a kind to the sample person says."""
        return self.read(self.person.be_mailed(kind, request_id, context, to))

    def read(self, message_id: uuid.UUID) -> Letter:
        """Give what a mail that was queued says."""
        found = self.person.read(message_id)
        if isinstance(found, Drop):
            raise NothingToShow(f"no such mail is sent: {found.reason}")
        return found

    def _ask(
        self, method: str, path: str, data: Mapping[str, Any] | None = None, fault: int = 0, encodings: str = ""
    ) -> TestResponse:
        parts = urlsplit(path if path.startswith("/") else f"/{self.site.slug}/{path}")
        self.visited.append(f"{method} {parts.path}")
        return self._browser.open(
            parts.path, method=method, data=data,
            query_string={"lang": self.locale, **dict(parse_qsl(parts.query))},
            base_url=f"{self._production.environment.settings.origin}/{self._scheme}",
            headers={
                "Accept-Language": tag(self.locale), "Accept-Encoding": encodings, "User-Agent": LAPTOP,
                **({"Sec-GPC": "1"} if self.says_no else {}),
            },
            environ_overrides={dressing.SCHEME: self._scheme, dressing.FAULT: fault},
        )  # fmt: skip
