"""What can go wrong with an embedded form, with a stable code and words for the person in front of it (RFC 9457)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus

from flask import Response, json
from flask_babel import gettext as _

from app.branding.catalogue import N_
from app.http import ages

MEDIA_TYPE = "application/problem+json"
RETRY_AFTER_SECONDS = 5

EMAIL = "email"
ITEMS = "items"


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of problem: its status, what it means in words, and the field it stands beside, if it has one.

    `advice` is for whoever builds the page, and in English alone.
    """

    status: HTTPStatus
    words: str
    field: str = ""
    advice: str = ""


_FORM = N_("This form is not set up for this page. Please use our own page.")
_AGAIN = N_("The form was open for too long. Please send it once more.")
_BUSY = N_("We can't be reached just now. Please try again in a moment.")

KINDS: Mapping[str, Kind] = {
    "origin_not_allowed": Kind(HTTPStatus.FORBIDDEN, _FORM),
    "malformed_json": Kind(HTTPStatus.BAD_REQUEST, _FORM, advice="Send one JSON object in UTF-8."),
    "bad_request": Kind(HTTPStatus.BAD_REQUEST, _FORM),
    "not_found": Kind(HTTPStatus.NOT_FOUND, _FORM, advice="No brand has this slug; see the names of the folders."),
    "method_not_allowed": Kind(
        HTTPStatus.METHOD_NOT_ALLOWED, _FORM, advice="Script and form answer GET, challenge and subscribe answer POST."
    ),
    "body_too_large": Kind(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, _FORM),
    "unsupported_media_type": Kind(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, _FORM),
    "validation_error": Kind(
        HTTPStatus.UNPROCESSABLE_ENTITY, _FORM, advice="The body must be one JSON object, as the element sends it."
    ),
    "unknown_language": Kind(HTTPStatus.UNPROCESSABLE_ENTITY, _FORM),
    "stale_form": Kind(HTTPStatus.UNPROCESSABLE_ENTITY, _AGAIN),
    "too_soon": Kind(
        HTTPStatus.UNPROCESSABLE_ENTITY, N_("That was quicker than we can check. Please press the button once more.")
    ),
    "proof_refused": Kind(HTTPStatus.UNPROCESSABLE_ENTITY, _AGAIN),
    "proof_spent": Kind(HTTPStatus.CONFLICT, _AGAIN),
    "wording_changed": Kind(
        HTTPStatus.CONFLICT, N_("Our words have changed meanwhile. Please read them and tick once more."), ITEMS
    ),
    "invalid_address": Kind(
        HTTPStatus.UNPROCESSABLE_ENTITY, N_("Write an address like name@example.com."), EMAIL
    ),
    "nothing_chosen": Kind(
        HTTPStatus.UNPROCESSABLE_ENTITY, N_("Choose at least one thing to receive."), ITEMS
    ),
    "birth_date_needed": Kind(HTTPStatus.UNPROCESSABLE_ENTITY, ages.NEEDED, ages.BORN),
    "too_young": Kind(HTTPStatus.UNPROCESSABLE_ENTITY, ages.TOO_YOUNG, ITEMS),
    "unknown_item": Kind(HTTPStatus.UNPROCESSABLE_ENTITY, N_("This is not offered here any more."), ITEMS),
    "not_offered": Kind(HTTPStatus.UNPROCESSABLE_ENTITY, N_("This is not offered here any more."), ITEMS),
    "too_many_requests": Kind(
        HTTPStatus.TOO_MANY_REQUESTS, N_("Too many tries at once. Please wait a minute, then send it again.")
    ),
    "internal_error": Kind(HTTPStatus.INTERNAL_SERVER_ERROR, _BUSY),
    "unavailable": Kind(HTTPStatus.SERVICE_UNAVAILABLE, _BUSY),
}  # fmt: skip

CODE_OF_STATUS: Mapping[int, str] = {
    404: "not_found",
    405: "method_not_allowed",
    413: "body_too_large",
    429: "too_many_requests",
    500: "internal_error",
}


class Refused(Exception):
    """Ends a request with a problem."""

    def __init__(self, code: str, detail: str = "") -> None:
        super().__init__(code)
        self.code = code
        self.detail = detail


def present(code: str, detail: str = "") -> Response:
    """Render a problem in the language of the form, with a `detail` for developers. What was sent is never repeated."""
    kind = KINDS[code]
    body = {
        "type": f"urn:parley:embed:{code}",
        "title": _(kind.words),
        "status": kind.status.value,
        "code": code,
        "field": kind.field,
    }
    if detail or kind.advice:
        body["detail"] = detail or kind.advice
    response = Response(json.dumps(body, ensure_ascii=True), kind.status, mimetype=MEDIA_TYPE)
    response.headers["Cache-Control"] = "no-store"
    if kind.status is HTTPStatus.SERVICE_UNAVAILABLE:
        response.headers["Retry-After"] = str(RETRY_AFTER_SECONDS)
    return response
