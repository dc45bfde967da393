"""A Parley of its own for a trial: server and courier as operators start them, and visitors who post to it."""

from __future__ import annotations

import http.client
import json
import os
import socket
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlencode

from app.branding.models import SiteGroup
from app.commands.serve import granian
from app.config import KEY_LISTS, Settings
from app.environment import Environment
from app.kit.signing import Purpose
from app.services import notices
from tests import environments
from tests.reliability.processes import PARLEY, Process

READY_SECONDS = 60.0
NOT_PASSED_ON = ("PARLEY_", "DATABASE_URL", "PORT", "COVERAGE_", "COV_CORE_")
"""Settings of whoever runs the tests, and the measuring of coverage, which would slow the race down."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back, and how long it took."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes
    seconds: float

    def header(self, name: str) -> str:
        """Give the value of a header; empty when it is not there."""
        return next((value for key, value in self.headers if key.lower() == name), "")

    @property
    def comparable(self) -> tuple[object, ...]:
        """Everything that must not tell whether an address is known."""
        kept = tuple(each for each in self.headers if each[0].lower() not in {"date", "x-request-id"})
        return self.status, kept, self.body


@dataclass(slots=True)
class Visitor:
    """Someone at an address of origin of their own, behind a proxy that is trusted. Not for several threads."""

    port: int
    origin: str
    connection: http.client.HTTPConnection | None = None

    def post(self, path: str, form: Mapping[str, object], cookie: str = "") -> Answer:
        """Post a form; raise what the connection raises when no answer comes. Nothing is sent twice."""
        headers = {"Content-Type": "application/x-www-form-urlencoded", "X-Forwarded-For": self.origin}
        if cookie:
            headers["Cookie"] = cookie
        return self._send("POST", path, urlencode(form, doseq=True), headers)

    def post_json(self, path: str, sent: Mapping[str, object], origin: str) -> Answer:
        """Post JSON as a page of another origin does."""
        headers = {"Content-Type": "application/json", "Origin": origin, "X-Forwarded-For": self.origin}
        return self._send("POST", path, json.dumps(sent), headers)

    def get(self, path: str) -> Answer:
        """Fetch a page."""
        return self._send("GET", path, None, {"X-Forwarded-For": self.origin})

    def close(self) -> None:
        """Hang up."""
        if self.connection is not None:
            self.connection.close()
            self.connection = None

    def _send(self, method: str, path: str, body: str | None, headers: dict[str, str]) -> Answer:
        if self.connection is None:
            self.connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=90)
        began = time.perf_counter()
        try:
            self.connection.request(method, path, body, headers)
            response = self.connection.getresponse()
            content = response.read()
        except (OSError, http.client.HTTPException):
            self.close()
            raise
        return Answer(response.status, tuple(response.getheaders()), content, time.perf_counter() - began)


@dataclass(slots=True)
class Installation:
    """Settings, database and processes. `database_urls` is None where Parley brings its own PostgreSQL."""

    folder: Path
    group: SiteGroup
    database_url: str | None
    more: dict[str, object] = field(default_factory=dict)
    running: list[Process] = field(default_factory=list)
    seconds_to_start: list[float] = field(default_factory=list)
    port: int = 0
    host: str = "127.0.0.1"
    """What visitors call it; passkeys are for names, not for numbers."""
    _environment: Environment | None = None

    def __post_init__(self) -> None:
        self.port = free_port()

    @property
    def settings(self) -> Settings:
        """Everything that is set; the keys have no commas, which separate them in the environment."""
        keys = {name: (f"{name} of a trial of reliability",) for name in KEY_LISTS}
        return environments.settings_for(
            self.folder, database_url=self.database_url, port=self.port, trusted_proxies=1,
            public_url=f"http://{self.host}:{self.port}", **keys, **self.more,
        )  # fmt: skip

    @property
    def environment(self) -> Environment:
        """The same Parley in this process, to mint links with its keys and to look into its database."""
        if self._environment is None:
            assert self.database_url, "name the database first"
            self._environment = Environment.build(self.settings, self.database_url, self.group)
        return self._environment

    def start(self, command: str, *options: str) -> Process:
        """Start `parley` with a command."""
        return self._start(command.replace(" ", "-"), [*PARLEY, *command.split(), *options], {})

    def start_broken(self, what: str) -> Process:
        """Start a server that lacks one protection (`tests.reliability.broken`)."""
        settings = self.settings
        options = {"--host": "127.0.0.1", "--port": self.port, "--workers": settings.workers,
                   "--blocking-threads": settings.threads_per_worker, "--backlog": 1024}  # fmt: skip
        words = [*granian(options)[:-1], "tests.reliability.broken:app"]
        return self._start("broken", words, {"PARLEY_TEST_BROKEN": what})

    def await_ready(self, server: Process) -> None:
        """Return once the server may serve."""
        began = time.monotonic()
        await_true(lambda: not server.is_alive or self._is_ready(), READY_SECONDS)
        assert server.is_alive, server.said()
        self.seconds_to_start.append(round(time.monotonic() - began, 1))

    def visitor(self, number: int) -> Visitor:
        """Give a visitor whose address of origin is the `number`th."""
        return Visitor(self.port, f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}")

    def sign_up_form(self, email: str, *items: str, site: str = "camille") -> dict[str, object]:
        """Fill in the form of a site; its token is what the page would carry."""
        shown = self.environment.group.site(site)
        assert shown is not None, site
        words = [site, "en", notices.digest_of_form(self.environment, shown, "en")]
        token = self.environment.signer.sign(Purpose.FORM, words)
        return {"email": email, "items": items or ("newsletter:email",), "csrf_token": token}

    def link_form(self, email: str) -> dict[str, object]:
        """Fill in the form that asks for a link to the preferences of a house."""
        return {"email": email, "csrf_token": self.environment.signer.sign(Purpose.FORM, "camille")}

    def close(self) -> None:
        """End everything that still runs."""
        for process in reversed(self.running):
            process.stop()
        if self._environment is not None:
            self._environment.database.close()

    def _start(self, name: str, words: list[str], more: Mapping[str, str]) -> Process:
        process = Process(words, {**self._variables(), **more}, self.folder / f"{name}.log")
        self.running.append(process)
        return process

    def _variables(self) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith(NOT_PASSED_ON)}
        return {**kept, **variables(self.settings)}

    def _is_ready(self) -> bool:
        visitor = self.visitor(0)
        try:
            return visitor.get("/readyz").status == 200
        except (OSError, http.client.HTTPException):
            return False
        finally:
            visitor.close()


def variables(settings: Settings) -> dict[str, str]:
    """Write settings as environment variables."""
    found = {
        "PARLEY_INSTANCE": str(settings.instance_path),
        "PARLEY_BRANDS_DIR": str(settings.brands_dir),
        "PARLEY_PUBLIC_URL": settings.public_url,
        "PARLEY_TRUSTED_PROXIES": str(settings.trusted_proxies),
        "PARLEY_SIGNUPS_PER_IP": settings.signups_per_ip,
        "PARLEY_MINIMUM_FORM_SECONDS": str(settings.minimum_form_seconds),
        "PARLEY_WORKERS": str(settings.workers),
        "PARLEY_THREADS_PER_WORKER": str(settings.threads_per_worker),
        "PORT": str(settings.port),
        **{f"PARLEY_{name.upper()}": ",".join(getattr(settings, name)) for name in KEY_LISTS},
    }
    optional = {
        "DATABASE_URL": settings.database_url,
        "PARLEY_MAIL_URL": settings.mail_url,
        "PARLEY_MAIL_HOOK_TOKEN": settings.mail_hook_token,
        "PARLEY_SMS_HOOK_TOKEN": settings.sms_hook_token,
        "PARLEY_SAMPLE_SITE_URL": settings.sample_site_url,
    }
    return found | {name: value for name, value in optional.items() if value}


def free_port() -> int:
    """Find a port on loopback that nobody uses."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        number: int = probe.getsockname()[1]
        return number


def await_true(claim: Callable[[], bool], seconds: float, pause: float = 0.1) -> bool:
    """Wait until `claim` holds, at most `seconds`; tell whether it does."""
    deadline = time.monotonic() + seconds
    while not (held := claim()) and time.monotonic() < deadline:
        time.sleep(pause)
    return held


@contextmanager
def installed(folder: Path, group: SiteGroup, database_url: str | None, **more: object) -> Iterator[Installation]:
    """Yield an installation and end all its processes afterwards."""
    installation = Installation(folder, group, database_url, more)
    try:
        yield installation
    finally:
        installation.close()
