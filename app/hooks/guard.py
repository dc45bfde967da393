"""What all hooks share: the token in their address, the size of a body, and problems as RFC 9457 has them."""

from __future__ import annotations

import hmac
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

from flask import Response, json, request
from werkzeug.exceptions import HTTPException

from app.db import is_unavailable
from app.errors import DomainError
from app.http.errors import status_of

MEDIA_TYPE = "application/problem+json"
RETRY_AFTER_SECONDS = 5

TITLES: Mapping[str, tuple[HTTPStatus, str]] = {
    "not_found": (HTTPStatus.NOT_FOUND, "There is nothing here"),
    "bad_request": (HTTPStatus.BAD_REQUEST, "The request makes no sense"),
    "malformed": (HTTPStatus.BAD_REQUEST, "A field is missing, or is not what it must be"),
    "malformed_json": (HTTPStatus.BAD_REQUEST, "The body is not JSON"),
    "unreadable_mail": (HTTPStatus.BAD_REQUEST, "The body can't be read as a mail"),
    "incomplete_report": (HTTPStatus.BAD_REQUEST, "The report lacks what makes it one"),
    "too_complex": (HTTPStatus.BAD_REQUEST, "The mail has more parts than a report has"),
    "method_not_allowed": (HTTPStatus.METHOD_NOT_ALLOWED, "Reports come by POST"),
    "body_too_large": (HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "The body is too large"),
    "unsupported_media_type": (HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "Nothing of this media type is taken"),
    "validation_error": (HTTPStatus.UNPROCESSABLE_ENTITY, "The body does not fit"),
    "too_many_requests": (HTTPStatus.TOO_MANY_REQUESTS, "Too many wrong tokens"),
    "internal_error": (HTTPStatus.INTERNAL_SERVER_ERROR, "A fault of ours"),
    "unavailable": (HTTPStatus.SERVICE_UNAVAILABLE, "The database can't be reached"),
}
"""Every problem there is, with its status."""

_BY_STATUS = {
    404: "not_found",
    405: "method_not_allowed",
    413: "body_too_large",
    429: "too_many_requests",
    503: "unavailable",
}


class Refused(Exception):
    """Ends a request with a problem. What was sent is never repeated in it."""

    def __init__(self, code: str, detail: str = "", errors: Sequence[Mapping[str, str]] = ()) -> None:
        super().__init__(code)
        self.code = code
        self.detail = detail
        self.errors = errors


def check_token(given: str, expected: str | None) -> None:
    """Raise `Refused` as for an address that does not exist, unless the token is the one that settings give."""
    if not is_right(given, expected):
        raise Refused("not_found")


def is_right(given: str, expected: str | None) -> bool:
    """Compare a token in constant time; without one in the settings the hook does not exist."""
    return expected is not None and hmac.compare_digest(given.encode("utf-8", "surrogatepass"), expected.encode())


def body(most_bytes: int) -> bytes:
    """Give the body of this request; werkzeug raises 413 when it is larger."""
    request.max_content_length = most_bytes
    return request.get_data(cache=False)


def present(refused: Refused) -> Response:
    """Render a problem."""
    status, title = TITLES[refused.code]
    told: dict[str, Any] = {
        "type": f"urn:parley:hooks:{refused.code}", "title": title, "status": status.value, "code": refused.code,
    }  # fmt: skip
    if refused.detail:
        told["detail"] = refused.detail
    if refused.errors:
        told["errors"] = list(refused.errors)
    response = Response(json.dumps(told), status, mimetype=MEDIA_TYPE)
    if status is HTTPStatus.SERVICE_UNAVAILABLE:
        response.headers["Retry-After"] = str(RETRY_AFTER_SECONDS)
    return response


def tell(failure: Exception) -> Response:
    """Tell any failure as a problem; what nobody foresaw goes on to Flask, which logs it and comes back with a 500."""
    if isinstance(failure, Refused):
        return present(failure)
    if is_unavailable(getattr(failure, "original_exception", None) or failure):
        return present(Refused("unavailable"))
    if isinstance(failure, DomainError):
        return present(
            Refused("unavailable" if status_of(failure) == HTTPStatus.SERVICE_UNAVAILABLE else "bad_request")
        )
    if not isinstance(failure, HTTPException):
        raise failure
    code = failure.code or 500
    return present(Refused(_BY_STATUS.get(code, "internal_error" if code >= 500 else "bad_request")))
