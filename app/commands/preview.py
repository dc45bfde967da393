"""`parley brands preview`: contact sheets of the real pages and mails, for a brand team at work on its folder."""

from __future__ import annotations

import logging
import os
import secrets
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import click
import structlog
from flask import Flask
from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server

from app.branding.loader import BrandError, load
from app.branding.models import SiteGroup
from app.commands import lifeline, typefaces
from app.commands.database import upgrade
from app.commands.rehearsal import Rehearsal
from app.commands.serve import require_free
from app.config import KEY_LISTS, Settings
from app.console import dressing, sheet
from app.console.stage import Production
from app.courier.composer import compose
from app.courier.mail import Mail
from app.courier.texting import compose_text
from app.embedded import Cluster
from app.environment import Environment
from app.factory import create_app
from app.kit.hashing import Hasher
from app.kit.stopping import stop_requests
from app.services import items
from app.services.letters import Letter
from app.services.message_kinds import TEXTS

POLL_SECONDS = 0.2
DATABASE = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off", "shared_buffers": "64MB"}
"""Nothing is ever committed there but the tables."""


class Studio:
    """Keeps the real application in step with the brand folder, on a database of which nothing stays."""

    def __init__(self, settings: Settings, database_url: str) -> None:
        self._settings, self._database_url = settings, database_url
        self._lock = threading.Lock()
        self._seen: frozenset[tuple[str, int, int]] = frozenset()
        self._production: Production | BrandError | None = None

    @contextmanager
    def production(self) -> Iterator[Production]:
        """Give the application on the folder as it is now, to one request at a time. Raises `BrandError`."""
        with self._lock:
            if (now := _state_of(self._settings.brands_dir)) != self._seen or self._production is None:
                self.close()
                self._production, self._seen = self._read(), now
            if isinstance(self._production, BrandError):
                raise self._production
            yield self._production

    def close(self) -> None:
        """Let go of the database."""
        if isinstance(self._production, Production):
            self._production.environment.database.close()
        self._production = None

    def _read(self) -> Production | BrandError:
        try:
            group = load(self._settings.brands_dir)
            typefaces.prepare(self._settings)
            return produce(self._settings, self._database_url, group)
        except BrandError as mistakes:
            return mistakes


def produce(settings: Settings, database_url: str, group: SiteGroup) -> Production:
    """Build the real application of `group` on a database that forgets. Requests are not logged: there are hundreds."""
    built = Environment.build(settings, database_url, group, Rehearsal)
    # Its passwords are forgotten with each page, so nothing is won by hashing them slowly.
    environment = replace(built, hasher=Hasher(parallel=1, memory_kib=64))
    rehearsal = environment.database
    if not isinstance(rehearsal, Rehearsal):
        raise TypeError(rehearsal)
    environment = environment.afresh(rehearsal.info)
    rehearsal.write(items.sync)
    real = create_app(settings, environment)
    dressing.install(real)
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))

    @contextmanager
    def scene() -> Iterator[None]:
        with rehearsal.scene():
            # Nothing may be remembered as stored that an earlier scene took back.
            real.extensions["parley"] = environment.afresh(rehearsal.info)
            yield

    def turn_to(other: SiteGroup) -> None:
        real.extensions["parley"] = replace(environment, group=other).afresh(rehearsal.info)

    return Production(real, environment, _write, scene, turn_to)


def application(studio: Studio) -> Flask:
    """Build the application of the sheets around the real one."""
    app = Flask("app")
    app.extensions[sheet.EXTENSION] = studio
    app.register_blueprint(sheet.blueprint)
    return app


def settings_for(folder: Path, port: int) -> Settings:
    """Make settings that know no key, no database and no mail server of any installation."""
    keys = {name: (secrets.token_urlsafe(48),) for name in KEY_LISTS}
    place = Path(os.environ.get("PARLEY_INSTANCE", "instance")) / "preview"
    limits = {"minimum_form_seconds": 0, "signups_per_ip": "1000000 per minute"}
    return Settings.model_validate({"instance_path": place, "brands_dir": folder, "port": port, **limits, **keys})


def run(folder: Path, port: int) -> None:
    """Serve the contact sheets of `folder` until told to stop."""
    require_free("127.0.0.1", port)
    settings = settings_for(folder, port)
    cluster = Cluster(settings.instance_path / "postgres", DATABASE)
    # The handlers come first: a TERM while the database starts must not leave it behind.
    with stop_requests() as is_told_to_stop, lifeline.held(settings.instance_path), cluster.running():
        upgrade(cluster.owner_url, cluster.application_url)
        studio = Studio(settings, cluster.application_url)
        with serving(application(studio), port):
            click.echo(f"Contact sheets of {folder} at http://localhost:{port}/ (Ctrl-C stops)")
            while not is_told_to_stop():
                time.sleep(POLL_SECONDS)
        studio.close()


@contextmanager
def serving(app: Flask, port: int) -> Iterator[BaseWSGIServer]:
    """Answer requests from this machine in threads of their own for the duration."""
    server = make_server("127.0.0.1", port, app, threaded=True, request_handler=Quiet)
    thread = threading.Thread(target=server.serve_forever, args=(POLL_SECONDS,), daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class Quiet(WSGIRequestHandler):
    """Keeps connections open, and says nothing of requests."""

    protocol_version = "HTTP/1.1"

    def log(self, type: str, message: str, *args: object) -> None:  # noqa: A002 - Werkzeug's signature
        """Say nothing."""


def _state_of(folder: Path) -> frozenset[tuple[str, int, int]]:
    """Tell one state of the folder's files from another."""
    found = ((path, path.stat()) for path in folder.rglob("*") if path.is_file())
    return frozenset((str(path), stat.st_mtime_ns, stat.st_size) for path, stat in found)


def _write(letter: Letter) -> Mail:
    """Write a mail; or a text message, as if it were one."""
    if letter.kind not in TEXTS:
        return compose(letter)
    text = compose_text(letter)
    return Mail(text.to, text.to, text.sender, text.to, "Text message", text.text, "")
