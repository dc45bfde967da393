"""Archives of a whole database, by PostgreSQL's own `pg_dump` and `pg_restore`, in their custom format."""

from __future__ import annotations

import hashlib
import os
import re
import subprocess
from pathlib import Path
from shutil import which

import click
import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from sqlalchemy.engine import make_url

from app.embedded import programs

_GRANT = re.compile(r'^(GRANT .+ TO) ("(?:[^"]|"")+"|[^\s;"]+)(?: WITH GRANT OPTION)?;$', re.MULTILINE)


def write(url: str, path: Path) -> None:
    """Write everything behind `url` (a role that may read it) to a file, as it is at one moment; nobody is held up.

    The file appears once it is whole and on disk, for its owner alone. Raises `click.ClickException`.
    """
    draft = path.with_name(f"{path.name}.part")
    draft.unlink(missing_ok=True)
    os.close(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    try:
        # Not by its output: there it writes what tells a whole archive from a torn one in a way that tells nothing.
        _run("pg_dump", url, f"--dbname={_without_password(url)}", "--format=custom", f"--file={draft}")
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)


def read(url: str, path: Path) -> None:
    """Put an archive back into the empty database behind `url`, as its owner's, wholly or not at all.

    No other role is granted anything; see `grants`. Raises `click.ClickException`.
    """
    options = ("--single-transaction", "--no-owner", "--no-privileges", str(path))
    _run("pg_restore", url, f"--dbname={_without_password(url)}", *options)


def grants(url: str, path: Path) -> dict[str, list[str]]:
    """List what the archive's database granted, by role, each statement up to the name of that role.

    What everybody may do (`PUBLIC`) and the right to pass a right on are left out.
    """
    found: dict[str, list[str]] = {}
    for granted, role in _GRANT.findall(_run("pg_restore", url, "--schema-only", "--no-owner", "--file=-", str(path))):
        if role != "PUBLIC":
            found.setdefault(role.strip('"').replace('""', '"'), []).append(granted)
    return found


def digest(path: Path) -> str:
    """Give the SHA-256 of a file, in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _run(name: str, url: str, *options: str) -> str:
    """Run a program that fits the server behind `url`; give what it wrote. Its password shows in no list of processes.

    Only the line that says what went wrong is passed on: the others may quote rows.
    """
    password = _parts(url).get("password")
    environment = {**os.environ, **({"PGPASSWORD": password} if password else {})}
    done = subprocess.run(
        [_program(name, url), *options], stdin=subprocess.DEVNULL, capture_output=True, text=True, env=environment,
        check=False,
    )  # fmt: skip
    if done.returncode != 0:
        said = done.stderr.splitlines()
        raise click.ClickException(next((line for line in said if "error:" in line), f"{name} failed"))
    return done.stdout


def _program(name: str, url: str) -> str:
    """Find the program of the server's own version; else that of the wheel, which is as new as any server."""
    with psycopg.connect(_plain(url)) as connection:
        version = connection.info.server_version // 10_000
    found = which(name)
    if found is not None:
        said = subprocess.run([found, "--version"], capture_output=True, text=True, check=False).stdout
        if re.search(rf"PostgreSQL\) {version}\.", said):
            return found
    return programs.program(name)


def _plain(url: str) -> str:
    return make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)


def _parts(url: str) -> dict[str, str]:
    return {name: str(value) for name, value in conninfo_to_dict(_plain(url)).items()}


def _without_password(url: str) -> str:
    return make_conninfo("", **{name: value for name, value in _parts(url).items() if name != "password"})
