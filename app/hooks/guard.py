"""What every hook shares: the secret in its address, and answers that a program can read."""

from __future__ import annotations

import hmac

from flask import Response, jsonify
from werkzeug.exceptions import HTTPException

from app.http.context import env


def is_right(token: str, door: str) -> bool:
    """Tell whether `token` is the secret of a door; where none is set there is no such door."""
    expected: str = getattr(env().settings, f"{door}_hook_token")
    return bool(expected) and hmac.compare_digest(token.encode(), expected.encode())


def told(failure: HTTPException) -> Response:
    """Give a failure of HTTP as a program can read it."""
    return problem(failure.code or 500, failure.name.lower().replace(" ", "_"), failure.name)


def problem(status: int, code: str, title: str) -> Response:
    """Give an error as `application/problem+json` (RFC 9457) with a stable `code`."""
    answer = jsonify({"type": "about:blank", "title": title, "status": status, "code": code})
    answer.status_code = status
    answer.mimetype = "application/problem+json"
    return answer
