"""What leads to each page of the profile."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from werkzeug.test import TestResponse

from app.branding.models import FieldKind
from app.console import account_scenes
from app.console.stage import NothingToShow, Stage

PROFILE = "account/profile"
NAME = "Ana Ruiz"
STREET, PLACE = "Calle Mayor 12\r\n3º izquierda", {"postal_code": "28013", "city": "Madrid", "country": "ES"}
NO_DAY = {"day": "31", "month": "2", "year": "1990"}
TYPED: dict[FieldKind, dict[str, Any]] = {
    FieldKind.NAME: {"name": NAME},
    FieldKind.DATE: {**NO_DAY, "month": "3"},
    FieldKind.COUNTRY: {"country": "ES"},
    FieldKind.ADDRESS: {"street": STREET, **PLACE},
    FieldKind.CHANNEL: {"channel": "post"},
}
"""What Ana says of herself; her interests are the first that the group asks about."""


def profile(stage: Stage) -> TestResponse:
    """Look before anything was told."""
    account_scenes.account(stage)
    return stage.get(PROFILE)


def filled(stage: Stage) -> TestResponse:
    """Look when everything was told, and something comes by post, which would end with the address."""
    _tell_all(stage)
    return stage.get(PROFILE)


def removed(stage: Stage) -> TestResponse:
    """Take the postal address back all the same."""
    _tell_all(stage)
    return stage.press(f"{_path(stage, FieldKind.ADDRESS)}/remove", stage.form(PROFILE))


def asked(kind: FieldKind) -> Callable[[Stage], TestResponse]:
    """Look at the question of a kind."""

    def play(stage: Stage) -> TestResponse:
        account_scenes.account(stage)
        return stage.get(_path(stage, kind))

    return play


def date_with_errors(stage: Stage) -> TestResponse:
    """Write a day that there is not."""
    return _fail(stage, FieldKind.DATE, NO_DAY)


def address_with_errors(stage: Stage) -> TestResponse:
    """Leave half of an address out."""
    return _fail(stage, FieldKind.ADDRESS, {"street": STREET})


def choices_with_errors(stage: Stage) -> TestResponse:
    """Tick nothing."""
    return _fail(stage, FieldKind.CHOICES, {})


def _fail(stage: Stage, kind: FieldKind, typed: dict[str, str]) -> TestResponse:
    account_scenes.account(stage)
    path = _path(stage, kind)
    return stage.press(path, stage.form(path, **typed))


def _tell_all(stage: Stage) -> None:
    account_scenes.account(stage)
    for field in stage.person.group.profile:
        chosen: dict[str, Any] = {"choices": [choice.key for choice in field.choices[:2]], "language": stage.locale}
        typed = TYPED.get(field.kind, chosen)
        path = f"{PROFILE}/{field.key}"
        stage.post(path, stage.form(path, **typed))
    stage.person.agree_to_post()


def _path(stage: Stage, kind: FieldKind) -> str:
    field = stage.person.group.profile_field_of(kind)
    if field is None:
        raise NothingToShow(f"the group asks for nothing of the kind {kind}")
    return f"{PROFILE}/{field.key}"
