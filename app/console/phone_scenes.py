"""What leads to each page about the phone number."""

from __future__ import annotations

from werkzeug.test import TestResponse

from app.console import account_scenes
from app.console.people import NUMBER
from app.console.stage import Stage

PHONE = "preferences/phone"
CODE = f"{PHONE}/code"


def phone(stage: Stage) -> TestResponse:
    """Look at it before there is one."""
    _signed_in(stage)
    return stage.get(PHONE)


def phone_with_errors(stage: Stage) -> TestResponse:
    """Write one that is too short."""
    _signed_in(stage)
    return stage.press(PHONE, stage.form(PHONE, number="0612"))


def phone_code(stage: Stage) -> TestResponse:
    """Be asked for the code."""
    _signed_in(stage)
    return stage.press(PHONE, stage.form(PHONE, number=NUMBER))


def phone_code_with_errors(stage: Stage) -> TestResponse:
    """Type something else."""
    phone_code(stage)
    return stage.press(CODE, stage.form(CODE, code="12345"))


def phone_over(stage: Stage) -> TestResponse:
    """Type the code when it is good no more."""
    _signed_in(stage)
    return stage.press(CODE, stage.form(PHONE, code="123456"))


def phone_proved(stage: Stage) -> TestResponse:
    """Type the right one."""
    _signed_in(stage)
    code = stage.read(stage.person.be_texted()).code
    return stage.press(CODE, stage.form(CODE, code=code))


def phone_removed(stage: Stage) -> TestResponse:
    """Take the number away again."""
    account_scenes.account(stage)
    stage.press(CODE, stage.form(PHONE, code=stage.read(stage.person.be_texted()).code))
    return stage.press(f"{PHONE}/remove", stage.form(PHONE))


def _signed_in(stage: Stage) -> None:
    stage.person.join()
    stage.sign_in()
