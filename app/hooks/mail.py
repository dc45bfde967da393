"""`POST /hooks/mail/{token}`: bounces and complaints, as mails of mail servers or as JSON of a mail provider."""

from __future__ import annotations

from datetime import timedelta
from enum import StrEnum
from functools import partial
from typing import Annotated, Any

from flask import Response, jsonify, request
from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from app.errors import InvalidAddress
from app.flows import report_by_provider
from app.flows.report_by_provider import Event
from app.flows.take_back import take_back
from app.hooks import guard
from app.hooks.guard import Refused
from app.http.context import env, write
from app.kit import clock
from app.kit.addresses import parse_email
from app.kit.mail_reports import UnreadableReport, read, status_in
from app.kit.provenance import SYSTEM, Provenance, Source
from app.services.suppressions import Reason

MOST_BYTES = 1024 * 1024
MOST_EVENTS = 1_000
MOST_PLACES = 20
MAILS = frozenset({"message/rfc822", "application/octet-stream", "text/plain"})
TOLERANCE = timedelta(minutes=5)
"""How far the clock of a provider may be ahead of ours."""

FROM_A_REPORT = Provenance(SYSTEM, Source.MAIL_REPORT)


class Type(StrEnum):
    """What a provider tells of a mail."""

    HARD_BOUNCE = "hard_bounce"
    SOFT_BOUNCE = "soft_bounce"
    COMPLAINT = "complaint"


def _an_address(typed: str) -> str:
    try:
        parse_email(typed)
    except InvalidAddress:
        raise ValueError("this is no e-mail address") from None
    return typed


def _not_of_the_future(at: AwareDatetime) -> AwareDatetime:
    if at > clock.now() + TOLERANCE:
        raise ValueError("this is in the future")
    return at


class Told(BaseModel):
    """One event as a provider tells it."""

    model_config = ConfigDict(extra="forbid")

    type: Type
    email: Annotated[str, Field(max_length=320), AfterValidator(_an_address)]
    message_id: Annotated[str, Field(max_length=998)] = ""
    occurred_at: Annotated[AwareDatetime, AfterValidator(_not_of_the_future)] | None = None
    diagnostic: Annotated[str, Field(max_length=4_000)] = ""


class Events(BaseModel):
    """The body of a provider's report."""

    model_config = ConfigDict(extra="forbid")

    events: Annotated[list[Told], Field(min_length=1, max_length=MOST_EVENTS)]


def check(token: str) -> None:
    """Raise `Refused` unless the token is the one in the settings."""
    guard.check_token(token, env().settings.mail_hook_token)


def take(token: str) -> Response:
    """Take one report in, and tell what was understood and what came of it."""
    check(token)
    if request.mimetype == "application/json":
        return _take_events(guard.body(MOST_BYTES))
    if request.mimetype in MAILS:
        return _take_mail(guard.body(MOST_BYTES))
    raise Refused("unsupported_media_type", "Send message/rfc822, text/plain, application/octet-stream or JSON.")


def _take_mail(raw: bytes) -> Response:
    try:
        report = read(raw)
    except UnreadableReport as problem:
        raise Refused(problem.code, str(problem)) from None
    taken = write(lambda session: take_back(session, report, FROM_A_REPORT))
    return jsonify(report=report.kind.value, status=report.status, feedback=report.feedback, outcome=taken.outcome)


def _take_events(raw: bytes) -> Response:
    try:
        told = Events.model_validate_json(raw).events
    except ValidationError as failure:
        raise _refusal(failure) from None
    results = []
    for index, each in enumerate(told):
        act = partial(report_by_provider.take, event=_event(each), provenance=FROM_A_REPORT)
        results.append({"index": index, "outcome": write(act)})
    return jsonify(results=results)


def _event(told: Told) -> Event:
    reason = None if told.type is Type.SOFT_BOUNCE else Reason(told.type.value)
    occurred_at = min(told.occurred_at, clock.now()) if told.occurred_at else None
    return Event(parse_email(told.email), reason, told.message_id, occurred_at, status_in(told.diagnostic))


def _refusal(failure: ValidationError) -> Refused:
    errors = failure.errors(include_url=False, include_context=False, include_input=False)
    if errors[0]["type"] == "json_invalid":
        return Refused("malformed_json")
    return Refused(
        "validation_error", "Nothing of it was taken.", [_place(dict(each)) for each in errors[:MOST_PLACES]]
    )


def _place(error: dict[str, Any]) -> dict[str, str]:
    """Name a place by JSON pointer (RFC 6901): `/events/3/email`."""
    parts = [str(part).replace("~", "~0").replace("/", "~1") for part in error["loc"]]
    return {
        "pointer": "".join(f"/{part}" for part in parts)[:200],
        "detail": error["msg"].removeprefix("Value error, "),
    }
