"""The folder of an embedded cluster: data, socket, passwords, locks and log."""

import fcntl
import json
import os
import secrets
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from typing import IO

from app.embedded import programs
from app.embedded.failure import EmbeddedDatabaseError

SOCKET_NAME = ".s.PGSQL.5432"
SOCKET_PATH_LIMIT_BYTES = 107
LOG_LIMIT_BYTES = 5_000_000
ROLES = ("postgres", "parley_owner", "parley_app")


class Home:
    """Paths and small files of one cluster. Nothing here talks to PostgreSQL."""

    def __init__(self, path: Path) -> None:
        """Name the folder; nothing is created yet."""
        self.path = path.resolve()

    @property
    def digest(self) -> str:
        """Short name of this folder, for the places outside it."""
        return sha256(os.fsencode(self.path)).hexdigest()[:16]

    @cached_property
    def base(self) -> Path:
        """Folder of what PostgreSQL itself writes; elsewhere when a system user, who may not enter here, runs it."""
        if programs.identity().user is None:
            return self.path
        return Path("/var/lib", f"parley-{self.digest}")

    @property
    def data(self) -> Path:
        """PostgreSQL's data directory."""
        return self.base / "data"

    @cached_property
    def socket_folder(self) -> Path:
        """Where the socket is. The kernel limits its path to 107 bytes, so a deep home gets a short folder."""
        near = self.base / "run"
        if len(os.fsencode(near / SOCKET_NAME)) <= SOCKET_PATH_LIMIT_BYTES:
            return near
        return Path(tempfile.gettempdir(), f"parley-{self.digest}")

    @property
    def log(self) -> Path:
        """What PostgreSQL says."""
        return self.path / "log"

    def prepare(self) -> None:
        """Create the folders, private to the account that runs PostgreSQL.

        Raises `EmbeddedDatabaseError` when the socket folder is there already and not ours alone: in a shared
        temporary folder somebody else may have put it there to listen in our place.
        """
        self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
        for folder in (self.base, self.socket_folder):
            with suppress(FileExistsError):
                folder.mkdir(mode=0o700)
                programs.identity().own(folder)
        found = self.socket_folder.lstat()
        is_ours = stat.S_ISDIR(found.st_mode) and found.st_uid == programs.identity().user_id
        if not is_ours or stat.S_IMODE(found.st_mode) & 0o077:
            message = f"{self.socket_folder} is not a private folder of this user; remove it, or set TMPDIR"
            raise EmbeddedDatabaseError(message)

    @cached_property
    def passwords(self) -> dict[str, str]:
        """Password of each role, made once. Whoever comes first writes them; linking makes that all or nothing."""
        path = self.path / "passwords.json"
        if not path.exists():
            if self.data.exists():
                message = f"{path} is missing, but the database it opens exists; restore it from a backup"
                raise EmbeddedDatabaseError(message)
            self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
            _write_once(path, json.dumps({role: secrets.token_urlsafe(32) for role in ROLES}))
        passwords: dict[str, str] = json.loads(path.read_text(encoding="utf-8"))
        return passwords

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the lock under which a cluster is prepared, started and stopped; the kernel frees it after a kill."""
        with (self.path / "lock").open("wb") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield

    def join(self) -> IO[bytes]:
        """Enter the circle of those who use the cluster; closing the file, or dying, leaves it."""
        file = (self.path / "users").open("wb")
        fcntl.flock(file, fcntl.LOCK_SH)
        return file

    def is_used(self) -> bool:
        """Tell whether anybody is in the circle of users."""
        with (self.path / "users").open("wb") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return True
            return False

    def open_log(self) -> IO[bytes]:
        """Open the log for appending; a long one is first set aside, in place of the one before."""
        if self.log.exists() and self.log.stat().st_size > LOG_LIMIT_BYTES:
            self.log.replace(self.log.with_suffix(".1"))
        return self.log.open("ab")

    def postmaster(self) -> int | None:
        """Process id of the running server of this folder.

        A lock file may outlive its server, and its number may by then belong to another program; so the command
        line must name our data directory. Without a `/proc` any living process counts.
        """
        try:
            process_id = int((self.data / "postmaster.pid").read_text(encoding="utf-8").split("\n", 1)[0])
        except (OSError, ValueError):
            return None
        return process_id if _serves(process_id, self.data) else None

    def forget_foreign_postmaster(self) -> None:
        """Remove a lock file whose number another program now bears, because PostgreSQL would wait for that one.

        Backends that outlived their server stay safe: they are still attached to the shared memory whose key comes
        from the data directory, and PostgreSQL refuses to start beside them.
        """
        if self.postmaster() is None:
            (self.data / "postmaster.pid").unlink(missing_ok=True)


def _write_once(path: Path, text: str) -> None:
    with tempfile.NamedTemporaryFile("w", dir=path.parent, encoding="utf-8") as draft:
        draft.write(text)
        draft.flush()
        os.fsync(draft.fileno())
        with suppress(FileExistsError):
            os.link(draft.name, path)


def _serves(process_id: int, data: Path) -> bool:
    if not Path("/proc/self/cmdline").exists():
        return _is_alive(process_id)
    try:
        command = Path(f"/proc/{process_id}/cmdline").read_bytes()
    except OSError:
        return False
    return os.fsencode(data) in command.split(b"\0")


def _is_alive(process_id: int) -> bool:
    try:
        os.kill(process_id, 0)
    except OSError:
        return False
    return True
