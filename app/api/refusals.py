"""Which failure becomes which problem."""

from __future__ import annotations

from http import HTTPStatus

from flask import Blueprint, Response
from werkzeug.exceptions import HTTPException, default_exceptions

from app.api.problems import KINDS, Refused, present
from app.db import is_unavailable
from app.errors import DomainError, InvalidAddress
from app.http.errors import status_of

BY_STATUS = {
    HTTPStatus.BAD_REQUEST: "bad_request",
    HTTPStatus.NOT_FOUND: "not_found",
    HTTPStatus.METHOD_NOT_ALLOWED: "method_not_allowed",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "body_too_large",
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE: "unsupported_media_type",
    HTTPStatus.TOO_MANY_REQUESTS: "too_many_requests",
    HTTPStatus.SERVICE_UNAVAILABLE: "unavailable",
}
KEPT_HEADERS = ("Allow", "Retry-After")


def install(blueprint: Blueprint) -> None:
    """Render every failure under `blueprint` as problem+json.

    Handlers for a status go before those for a class in Flask, wherever they are registered; hence one for each status.
    """
    for status in default_exceptions:
        blueprint.register_error_handler(status, of_http)
    blueprint.register_error_handler(HTTPException, of_http)
    blueprint.register_error_handler(Refused, present)
    blueprint.register_error_handler(DomainError, of_domain)
    blueprint.register_error_handler(Exception, of_fault)


def of_http(failure: Exception) -> Response:
    """Translate what Flask and Werkzeug raise."""
    if not isinstance(failure, HTTPException):
        return of_fault(failure)
    original = getattr(failure, "original_exception", None)
    if original is not None and is_unavailable(original):
        return present(Refused("unavailable"))
    code = BY_STATUS.get(HTTPStatus(failure.code or 500), "internal_error")
    headers = {name: value for name, value in failure.get_headers() if name in KEPT_HEADERS}
    return present(Refused(code, headers=headers))


def of_domain(failure: DomainError) -> Response:
    """Translate an expected failure of a service."""
    if isinstance(failure, InvalidAddress):
        return present(Refused("invalid_subject", str(failure)))
    if failure.code in KINDS:
        return present(Refused(failure.code, str(failure)))
    return present(Refused(BY_STATUS.get(status_of(failure), "internal_error"), str(failure)))


def of_fault(failure: Exception) -> Response:
    """Say 503 when the database is away; anything else is a fault of ours, which Flask logs and answers with 500."""
    if is_unavailable(failure):
        return present(Refused("unavailable"))
    raise failure
