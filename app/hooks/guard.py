"""What every hook shares: the secret in its address, and answers that a program can read."""

from __future__ import annotations

import hmac

from flask import Response, abort, jsonify
from werkzeug.exceptions import HTTPException


def check_token(token: str, expected: str) -> None:
    """Answer 404 unless a secret is set and this is it: nobody learns whether there is such a door."""
    if not expected or not hmac.compare_digest(token.encode(), expected.encode()):
        abort(404)


def told(failure: HTTPException) -> Response:
    """Give a failure of HTTP as a program can read it."""
    return problem(failure.code or 500, failure.name.lower().replace(" ", "_"), failure.name)


def problem(status: int, code: str, title: str) -> Response:
    """Give an error as `application/problem+json` (RFC 9457) with a stable `code`."""
    answer = jsonify({"type": "about:blank", "title": title, "status": status, "code": code})
    answer.status_code = status
    answer.mimetype = "application/problem+json"
    return answer
