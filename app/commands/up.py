"""`parley up`: everything a newcomer needs, in one process group that leaves nothing behind."""

import os
import signal
import sys
import threading
import time
from collections.abc import Container, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import NoReturn
from urllib.parse import urlsplit
from urllib.request import urlopen

import click
from honcho import manager as honcho
from honcho.environ import parse_procfile
from honcho.manager import Manager

from app.commands import lifeline, typefaces
from app.commands.database import await_database, catalogue, upgrade
from app.commands.serve import require_free
from app.config import Settings
from app.embedded import Cluster, DatabaseUrls, embedded_cluster

ROOT = Path(__file__).parents[2]
READY_SECONDS = 60.0


@click.command()
def up() -> None:
    """Start database, server and courier, and show where everything is. Ctrl-C stops them all."""
    started = time.monotonic()
    settings = Settings.load()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _interrupt)
    with lifeline.held(settings.instance_path) as variables:
        require_free("127.0.0.1", settings.port)
        typefaces.prepare(settings)
        code = _run(settings, variables, started)
    # Stopping was what the person asked for; only a process that ended by itself is a failure.
    sys.exit(0 if code in {130, 143} else code or 1)


def _run(settings: Settings, variables: Mapping[str, str], started: float) -> int | None:
    with _database(settings) as cluster:
        _migrate(settings, cluster)
        left_out = {"database"} if cluster is None else set()
        sample = _sample_site(settings)
        manager = _manager(variables, left_out if sample else left_out | {"sample"})
        threading.Thread(target=_announce, args=(settings, started, sample), daemon=True).start()
        manager.loop()
    code: int | None = manager.returncode
    return code


def _interrupt(number: int, _frame: FrameType | None) -> NoReturn:
    sys.exit(128 + number)


@contextmanager
def _database(settings: Settings) -> Iterator[Cluster | None]:
    """Start the embedded database, if it is the one, and be the one who makes sure it is stopped."""
    cluster = embedded_cluster(settings)
    if cluster is None:
        yield None
        return
    try:
        cluster.start()
        yield cluster
    finally:
        cluster.stop()


def _migrate(settings: Settings, cluster: Cluster | None) -> None:
    """Upgrade the tables, then leave the embedded database to the process that watches it."""
    if cluster is not None:
        upgrade(cluster.owner_url, cluster.application_url)
        catalogue(settings, cluster.application_url)
        cluster.detach()
        return
    urls = DatabaseUrls(settings.owner_database_url, settings.database_url or "")
    if urls.owner is not None:
        await_database(urls.owner, READY_SECONDS)
        upgrade(urls.owner, urls.application)
        catalogue(settings, urls.application)


def _sample_site(settings: Settings) -> str | None:
    """Give the address of the sample brand site; None in production, and where its port is not free: it is an extra."""
    if settings.sample_origin is None:
        return None
    try:
        require_free("127.0.0.1", urlsplit(settings.sample_origin).port or 80)
    except click.ClickException as taken:
        click.echo(f"No sample brand site: {taken.message}", err=True)
        return None
    return f"{settings.sample_origin}/"


def _manager(variables: Mapping[str, str], left_out: Container[str]) -> Manager:
    """Honcho with processes of the Procfile; the programs of this environment come first on their path."""
    # Longer than `parley serve` and `parley courier` take to finish what they are at.
    honcho.KILL_WAIT = lifeline.KILL_SECONDS
    manager = Manager()
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)])
    environment = {**os.environ, **variables, "PATH": path, "PYTHONUNBUFFERED": "1"}
    for name, command in parse_procfile((ROOT / "Procfile").read_text(encoding="utf-8")).processes.items():
        if name not in left_out:
            manager.add_process(name, command, env=environment, cwd=str(ROOT))
    return manager


def _announce(settings: Settings, started: float, sample: str | None) -> None:
    if _await_ready(f"http://127.0.0.1:{settings.port}/readyz"):
        # The origin, not the address: forms are accepted from there only.
        has_mailbox = settings.mail_url is None and not settings.is_production
        paths = _places(settings.brands_dir, has_mailbox=has_mailbox)
        places = [(name, settings.origin + path) for name, path in paths]
        places += [("Sample brand site", sample)] if sample else []
        click.echo(_welcome(places, time.monotonic() - started))
    else:
        click.echo(f"Parley is not ready after {READY_SECONDS:.0f} seconds; the lines above say why.", err=True)


def _await_ready(url: str) -> bool:
    deadline = time.monotonic() + READY_SECONDS
    while time.monotonic() < deadline:
        try:
            with urlopen(url, timeout=2) as response:  # noqa: S310 - our own address, always http
                return bool(response.status == 200)
        except OSError:
            time.sleep(0.2)
    return False


def _houses(brands: Path) -> list[str]:
    """Slugs of the site group and of its houses, the group first, as their folders are named."""
    groups = sorted(path.parent for path in brands.glob("*/group.toml"))
    return [slug for group in groups for slug in (group.name, *_brands_of(group))]


def _brands_of(group: Path) -> list[str]:
    return sorted(path.parent.name for path in group.glob("*/brand.toml"))


def _places(brands: Path, *, has_mailbox: bool) -> list[tuple[str, str]]:
    places = [("Demo site", "/")]
    places += [(f"Preference centre, {slug}", f"/{slug}/preferences") for slug in _houses(brands)]
    places += [("API documentation", "/api/docs")]
    return places + [("Development mailbox", "/dev/mailbox")] * has_mailbox


def _welcome(places: list[tuple[str, str]], seconds: float) -> str:
    width = max(len(name) for name, _ in places)
    lines = [f"  {name:<{width}}  {url}" for name, url in places]
    ready = f"Parley is ready after {seconds:.1f} seconds."
    return "\n".join(["", ready, "", *lines, "", "Ctrl-C stops everything.", ""])
