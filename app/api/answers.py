"""Successful answers, which carry their headers themselves (`http.application` says why)."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from flask import Response, g
from werkzeug.datastructures import Headers

from app.environment import Environment
from app.http.context import request_id
from app.http.headers import ONE_YEAR
from app.http.quotas import Allowance

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

_HEADERS = [
    ("Cache-Control", "no-store"),
    ("X-Content-Type-Options", "nosniff"),
    ("Referrer-Policy", "no-referrer"),
    ("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'"),
]
_HEADERS_OF_PRODUCTION = [*_HEADERS, ("Strict-Transport-Security", f"max-age={ONE_YEAR}; includeSubDomains")]

_encode = json.JSONEncoder(ensure_ascii=True, separators=(",", ":")).encode


class Answer(Response):
    """An answer that goes out as it is.

    Werkzeug copies, checks and completes the headers of a response again when it is sent; these are complete.
    """

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Send it; to HEAD its headers alone."""
        start_response(self.status, list(self.headers))
        if environ["REQUEST_METHOD"] == "HEAD":
            return []
        return self.response  # type: ignore[return-value] # a list of bytes, as it was made


def answer(env: Environment, body: object, media_type: str = "application/json") -> Response:
    """Give `body` as JSON that nobody may store."""
    return answer_bytes(env, _encode(body).encode(), media_type)


def answer_lines(env: Environment, rows: Iterable[object], media_type: str) -> Response:
    """Give `rows` as JSON, one a line, that nobody may store."""
    return answer_bytes(env, "".join(f"{_encode(row)}\n" for row in rows).encode(), media_type)


def answer_nothing(env: Environment) -> Response:
    """Say that it is done, where there is nothing to give."""
    headers = _HEADERS_OF_PRODUCTION if env.settings.is_production else _HEADERS
    own = [("X-Request-Id", request_id())]
    done = Answer([], 204, headers=Headers([*headers, *own, *left_of_quota()]))
    del done.headers["Content-Type"]  # which Werkzeug puts in, though there is nothing
    return done


def answer_bytes(env: Environment, encoded: bytes, media_type: str) -> Response:
    """Give what is encoded already, under the same rules."""
    headers = _HEADERS_OF_PRODUCTION if env.settings.is_production else _HEADERS
    own = [("Content-Type", media_type), ("Content-Length", str(len(encoded))), ("X-Request-Id", request_id())]
    return Answer([encoded], headers=Headers([*headers, *own, *left_of_quota()]))


def answer_stream(env: Environment, blocks: Iterable[bytes], media_type: str) -> Response:
    """Give what is made while it is sent, under the same rules; a failure on the way breaks it off."""
    headers = _HEADERS_OF_PRODUCTION if env.settings.is_production else _HEADERS
    own = [("Content-Type", media_type), ("X-Request-Id", request_id())]
    return Answer(blocks, headers=Headers([*headers, *own, *left_of_quota()]))


def left_of_quota() -> Sequence[tuple[str, str]]:
    """Give the headers that tell the client of this request what is left of its quota; none before it is known."""
    allowance: Allowance | None = g.get("allowance")
    return () if allowance is None else allowance.headers
