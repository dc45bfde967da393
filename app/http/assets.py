"""Addresses of our own sheets, scripts and pictures carry a digest, so that nobody fetches the same twice."""

from __future__ import annotations

from functools import lru_cache
from hashlib import sha256
from pathlib import Path

from flask import Flask, Response, current_app, request
from werkzeug.security import safe_join

VERSION = "v"
DIGITS = 12
ONE_YEAR = 31_536_000


def install(app: Flask) -> None:
    """Put the digest of a static file into its address, and let browsers keep what they fetched by it."""

    @app.url_defaults
    def stamp(endpoint: str, values: dict[str, object]) -> None:
        if endpoint == "static" and VERSION not in values:
            values[VERSION] = _version_of(str(values.get("filename", "")))

    @app.after_request
    def keep(response: Response) -> Response:
        if request.endpoint == "static" and response.status_code in {200, 304}:
            keep_for_ever(response, _version_of(str((request.view_args or {}).get("filename", ""))))
        return response


def version(content: bytes) -> str:
    """Give what an address says of the content behind it."""
    return sha256(content).hexdigest()[:DIGITS]


def keep_for_ever(response: Response, digest: str | None) -> None:
    """Let browsers keep an answer for a year without asking, if it was asked for by the digest of what it holds."""
    if digest and request.args.get(VERSION) == digest:
        response.cache_control.no_cache = None
        response.cache_control.public = True
        response.cache_control.max_age = ONE_YEAR
        response.cache_control.immutable = True


def _version_of(filename: str) -> str | None:
    path = safe_join(current_app.static_folder or "", filename)
    if path is None or not (file := Path(path)).is_file():
        return None
    return _read_version(file, file.stat().st_mtime_ns)


@lru_cache(maxsize=64)
def _read_version(file: Path, _changed: int) -> str:
    return version(file.read_bytes())
