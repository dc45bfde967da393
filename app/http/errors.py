"""One map from the failures of the domain to HTTP; each surface renders its own kind."""

from __future__ import annotations

from http import HTTPStatus

from app import errors
from app.kit.signing import BadLink

STATUS: dict[type[Exception], HTTPStatus] = {
    errors.InvalidAddress: HTTPStatus.UNPROCESSABLE_ENTITY,
    errors.InvalidSubject: HTTPStatus.UNPROCESSABLE_ENTITY,
    errors.UnknownItem: HTTPStatus.UNPROCESSABLE_ENTITY,
    errors.NotOffered: HTTPStatus.UNPROCESSABLE_ENTITY,
    errors.NothingChosen: HTTPStatus.UNPROCESSABLE_ENTITY,
    errors.BirthDateNeeded: HTTPStatus.UNPROCESSABLE_ENTITY,
    errors.TooYoung: HTTPStatus.UNPROCESSABLE_ENTITY,
    errors.BrandForbidden: HTTPStatus.FORBIDDEN,
    errors.EvidenceNotTrusted: HTTPStatus.FORBIDDEN,
    errors.UnknownSubject: HTTPStatus.UNPROCESSABLE_ENTITY,
    errors.Conflict: HTTPStatus.CONFLICT,
    errors.ExternalIdTaken: HTTPStatus.CONFLICT,
    errors.Restricted: HTTPStatus.CONFLICT,
    errors.NotProved: HTTPStatus.CONFLICT,
    errors.NotLiftable: HTTPStatus.FORBIDDEN,
    errors.RequestInFlight: HTTPStatus.CONFLICT,
    errors.KeyReused: HTTPStatus.UNPROCESSABLE_ENTITY,
    errors.ProofRefused: HTTPStatus.UNPROCESSABLE_ENTITY,
    errors.ProofSpent: HTTPStatus.CONFLICT,
    errors.BadTarget: HTTPStatus.UNPROCESSABLE_ENTITY,
    errors.TooMany: HTTPStatus.CONFLICT,
    errors.Gone: HTTPStatus.GONE,
    errors.StaleLocks: HTTPStatus.SERVICE_UNAVAILABLE,
    BadLink: HTTPStatus.NOT_FOUND,
}


def status_of(failure: Exception) -> HTTPStatus:
    """Give the status of a failure of the domain; one that is not listed is a fault of ours."""
    return STATUS.get(type(failure), HTTPStatus.INTERNAL_SERVER_ERROR)
