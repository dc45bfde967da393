"""Problem details (RFC 9457) with a stable `code`: everything that can go wrong in the API, in one table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from flask import Response, json
from pydantic import BaseModel, ConfigDict, Field

from app.http.context import env

MEDIA_TYPE = "application/problem+json"
RETRY_AFTER_SECONDS = 5


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of problem: its status, its title, and what a developer can do about it."""

    status: HTTPStatus
    title: str
    advice: str


KINDS: Mapping[str, Kind] = {
    "malformed_json": Kind(HTTPStatus.BAD_REQUEST, "The body is not JSON", "Send one JSON object in UTF-8."),
    "bad_request": Kind(HTTPStatus.BAD_REQUEST, "The request makes no sense", "Compare it with the example."),
    "missing_token": Kind(
        HTTPStatus.UNAUTHORIZED, "An access token is needed", "Ask /oauth/token for one, send it as a Bearer token."
    ),
    "invalid_token": Kind(
        HTTPStatus.UNAUTHORIZED, "The access token is not good", "Ask for a new one; they live for ten minutes."
    ),
    "insufficient_scope": Kind(
        HTTPStatus.FORBIDDEN, "The token lacks a scope", "Ask for a token with the scope named in WWW-Authenticate."
    ),
    "brand_forbidden": Kind(
        HTTPStatus.FORBIDDEN, "Not a brand of this client", "Use a client that was created with this brand."
    ),
    "not_found": Kind(HTTPStatus.NOT_FOUND, "There is nothing here", "Check the path; /openapi.json lists them all."),
    "method_not_allowed": Kind(HTTPStatus.METHOD_NOT_ALLOWED, "Not with this method", "Use a method from Allow."),
    "body_too_large": Kind(
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "The body is too large", "Send at most 64 kilobytes."
    ),
    "unsupported_media_type": Kind(
        HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "The body must be JSON", "Send Content-Type: application/json."
    ),
    "validation_error": Kind(
        HTTPStatus.UNPROCESSABLE_ENTITY, "The body does not fit", "See errors: each names a place by JSON pointer."
    ),
    "bad_mapping": Kind(
        HTTPStatus.UNPROCESSABLE_ENTITY, "The mapping of an import makes no sense", "See detail, and docs/importing.md."
    ),
    "invalid_subject": Kind(
        HTTPStatus.UNPROCESSABLE_ENTITY, "The subject is not one",
        "Give exactly one of email, phone (+33…), account_id, external_id.",
    ),
    "unknown_item": Kind(
        HTTPStatus.UNPROCESSABLE_ENTITY, "No such brand, topic, purpose or channel",
        "Compare with the brand's own data. The answer never depends on the subject.",
    ),
    "missing_idempotency_key": Kind(
        HTTPStatus.BAD_REQUEST, "An idempotency key is needed",
        "Send a header Idempotency-Key with up to 200 characters of ASCII, a new one for each thing to be done.",
    ),
    "evidence_not_trusted": Kind(
        HTTPStatus.FORBIDDEN, "The brand does not trust this client's evidence",
        "Have the client's name listed under trusted_evidence of the brand, or use the action “request”.",
    ),
    "conflict": Kind(
        HTTPStatus.CONFLICT, "The person said otherwise since, or it ran out",
        "Leave it as it is; or send a later occurred_at, if it is true.",
    ),
    "external_id_taken": Kind(
        HTTPStatus.CONFLICT, "The id stands for somebody else", "Take it away there first; each stands for one account."
    ),
    "restricted": Kind(
        HTTPStatus.CONFLICT, "The person has their data held still", "Leave it as it is; only they take that back."
    ),
    "unfit_profile": Kind(
        HTTPStatus.UNPROCESSABLE_ENTITY, "The profile has no such field, or it can't hold that",
        "See errors. Fields are declared by the group; an account shows what each holds.",
    ),
    "mailbox_not_proved": Kind(
        HTTPStatus.CONFLICT, "Nobody acted from this mailbox yet",
        "Have a mail confirmed first, or send proved_at, if its owner acted from it with you.",
    ),
    "not_liftable": Kind(
        HTTPStatus.FORBIDDEN, "Only its owner or staff lift this",
        "Lead the person to a link of the preferences, or staff to the document that allows it.",
    ),
    "request_in_flight": Kind(HTTPStatus.CONFLICT, "The same request is under way", "Ask again in a moment."),
    "key_reused": Kind(
        HTTPStatus.UNPROCESSABLE_ENTITY, "The idempotency key stands for another request", "Use a new key."
    ),
    "unknown_subject": Kind(
        HTTPStatus.UNPROCESSABLE_ENTITY, "Nobody is known under this subject", "Give an e-mail address."
    ),
    "in_the_future": Kind(
        HTTPStatus.UNPROCESSABLE_ENTITY, "Nobody acts in the future", "Compare clocks; send occurred_at in UTC."
    ),
    "request_needs_email": Kind(
        HTTPStatus.UNPROCESSABLE_ENTITY, "Only a topic can be asked about, and only by e-mail",
        "Give an e-mail address, a topic and the channel email.",
    ),
    "not_offered": Kind(
        HTTPStatus.UNPROCESSABLE_ENTITY, "This is not offered there", "Compare with /api/v1/catalogue."
    ),
    "birth_date_needed": Kind(
        HTTPStatus.UNPROCESSABLE_ENTITY, "This is from a certain age", "Lead people to the brand's form, which asks."
    ),
    "empty_file": Kind(HTTPStatus.UNPROCESSABLE_ENTITY, "The file is empty", "Send its rows as the body."),
    "unknown_cursor": Kind(
        HTTPStatus.UNPROCESSABLE_ENTITY, "This is no place in the feed", "Send after as next stood in an answer."
    ),
    "bad_target": Kind(
        HTTPStatus.UNPROCESSABLE_ENTITY, "Not an address to call or write to",
        "Give a public https address, without user and fragment; for the contact an e-mail address.",
    ),
    "too_many": Kind(HTTPStatus.CONFLICT, "There are as many as there may be", "Remove one that is needed no more."),
    "webhook_disabled": Kind(HTTPStatus.CONFLICT, "The webhook is disabled", "Enable it first."),
    "cursor_outdated": Kind(
        HTTPStatus.GONE, "The place is one of before a restore", "Go on from next; what comes again has the same id."
    ),
    "too_many_requests": Kind(HTTPStatus.TOO_MANY_REQUESTS, "Too many requests", "Wait as long as Retry-After says."),
    "internal_error": Kind(
        HTTPStatus.INTERNAL_SERVER_ERROR, "A fault of ours", "Tell the operator the X-Request-Id of the answer."
    ),
    "unavailable": Kind(
        HTTPStatus.SERVICE_UNAVAILABLE, "The database can't be reached",
        "Try again after Retry-After. Until then treat the answer as no: we never answer from memory.",
    ),
}  # fmt: skip


class Place(BaseModel):
    """One thing wrong in the body."""

    pointer: str = Field(description="JSON pointer (RFC 6901) to the place in the body.", examples=["/brand"])
    detail: str = Field(description="What is wrong there.", examples=["Field required"])


def _only_known(schema: dict[str, Any]) -> None:
    schema["enum"] = sorted(KINDS)


class Problem(BaseModel):
    """What went wrong, as RFC 9457 has it. Go by `code`, which stays; titles and details may be reworded."""

    model_config = ConfigDict(title="Problem")

    type: str = Field(description="Address of the explanation of this code.")
    title: str = Field(description="The kind of problem, in words.")
    status: int = Field(description="The HTTP status once more.", ge=400, le=599)
    code: str = Field(description="Stable name of the kind of problem.", json_schema_extra=_only_known)
    detail: str = Field(default="", description="What happened this time, in words.")
    errors: list[Place] = Field(default_factory=list, description="Present where places of the body are at fault.")


class Refused(Exception):
    """Ends a request with a problem."""

    def __init__(
        self, code: str, detail: str = "", errors: Sequence[Place] = (), headers: Mapping[str, str] | None = None,
        more: Mapping[str, str] | None = None,
    ) -> None:  # fmt: skip
        super().__init__(code)
        self.code = code
        self.detail = detail
        self.errors = errors
        self.headers = headers or {}
        self.more = more or {}
        """Members of a kind's own (RFC 9457, section 3.2)."""


def present(refused: Refused) -> Response:
    """Render a problem. What the subject was is never repeated."""
    kind = KINDS[refused.code]
    body: dict[str, Any] = {
        "type": f"{env().settings.origin}/api/docs#{refused.code}",
        "title": kind.title,
        "status": kind.status.value,
        "code": refused.code,
        "detail": refused.detail or kind.advice,
    }
    body.update(refused.more)
    if refused.errors:
        body["errors"] = [place.model_dump() for place in refused.errors]
    response = Response(json.dumps(body, ensure_ascii=True), kind.status, mimetype=MEDIA_TYPE)
    response.headers["Cache-Control"] = "no-store"
    if kind.status is HTTPStatus.SERVICE_UNAVAILABLE:
        response.headers["Retry-After"] = str(RETRY_AFTER_SECONDS)
    response.headers.update(refused.headers)
    return response
