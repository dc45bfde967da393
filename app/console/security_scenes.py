"""What leads to each page about the ways into an account: the code after the password, and passkeys."""

from __future__ import annotations

from werkzeug.test import TestResponse

from app.console import account_scenes
from app.console.account_scenes import SECURITY, SHORT, SIGN_IN
from app.console.people import EMAIL, PASSWORD
from app.console.stage import Stage

CODE, SECOND_FACTOR = "sign-in/code", f"{SECURITY}/second-factor"
PASSKEYS = f"{SECURITY}/passkeys"


def sign_in_code(stage: Stage) -> TestResponse:
    """Give the password of an account that asks for a code as well."""
    _protected(stage)
    return stage.press(SIGN_IN, stage.form(SIGN_IN, email=EMAIL, password=PASSWORD))


def sign_in_code_with_errors(stage: Stage) -> TestResponse:
    """Give a code that has no place for all its digits."""
    sign_in_code(stage)
    return stage.press(CODE, stage.form(CODE, code="12345"))


def sign_in_late(stage: Stage) -> TestResponse:
    """Give the code when the password is forgotten again."""
    return stage.press(CODE, stage.form(SIGN_IN, code="123456"))


def second_factor_offer(stage: Stage) -> TestResponse:
    """Look at the secret for an app."""
    account_scenes.account(stage)
    return stage.get(SECOND_FACTOR)


def second_factor_offer_with_errors(stage: Stage) -> TestResponse:
    """Give a code that is none."""
    account_scenes.account(stage)
    form = stage.form(SECOND_FACTOR, offer=stage.field(SECOND_FACTOR, "offer"), code="12345")
    return stage.press(SECOND_FACTOR, form)


def second_factor(stage: Stage) -> TestResponse:
    """Look at it once it is on."""
    _signed_in_with_code(stage)
    return stage.get(SECOND_FACTOR)


def second_factor_with_errors(stage: Stage) -> TestResponse:
    """Switch it off without knowing the password."""
    _signed_in_with_code(stage)
    return stage.press(f"{SECOND_FACTOR}/change", stage.form(SECOND_FACTOR, present=SHORT, code="12345", act="off"))


def second_factor_codes(stage: Stage) -> TestResponse:
    """Make other recovery codes."""
    return _change(stage, "renew")


def second_factor_off(stage: Stage) -> TestResponse:
    """Switch it off."""
    return _change(stage, "off")


def sign_in_with_a_strange_passkey(stage: Stage) -> TestResponse:
    """Show a passkey that nobody keeps."""
    return stage.press(f"{SIGN_IN}/passkey", stage.form(SIGN_IN, credential="{}"))


def passkeys_none(stage: Stage) -> TestResponse:
    """Look at passkeys before there are any."""
    account_scenes.account(stage)
    return stage.get(PASSKEYS)


def passkeys_with_errors(stage: Stage) -> TestResponse:
    """Add one that took too long."""
    account_scenes.account(stage)
    return stage.press(PASSKEYS, stage.form(PASSKEYS, credential="{}"))


def passkeys_added(stage: Stage) -> TestResponse:
    """Have added one."""
    _with_passkeys(stage)
    return stage.get(f"{PASSKEYS}?added=1")


def passkeys_renamed(stage: Stage) -> TestResponse:
    """Call one something else."""
    return _change_passkey(stage, "rename")


def passkeys_removed(stage: Stage) -> TestResponse:
    """Remove one of two."""
    return _change_passkey(stage, "remove")


def _change_passkey(stage: Stage, act: str) -> TestResponse:
    _with_passkeys(stage)
    form = stage.form(PASSKEYS, handle=stage.field(PASSKEYS, "handle"), act=act, name="Ana")
    return stage.press(f"{PASSKEYS}/change", form)


def _with_passkeys(stage: Stage) -> None:
    account_scenes.account(stage)
    for name in ("Mobile Safari / iOS", "Chrome / Windows"):
        stage.person.keep_passkey(name)


def _change(stage: Stage, act: str) -> TestResponse:
    code = _signed_in_with_code(stage)
    form = stage.form(SECOND_FACTOR, present=PASSWORD, code=code, act=act)
    return stage.press(f"{SECOND_FACTOR}/change", form)


def _protected(stage: Stage) -> list[str]:
    stage.person.join()
    stage.person.register()
    return stage.person.ask_for_codes()


def _signed_in_with_code(stage: Stage) -> str:
    """Sign in with password and a recovery code; give another one."""
    codes = _protected(stage)
    stage.press(SIGN_IN, stage.form(SIGN_IN, email=EMAIL, password=PASSWORD))
    stage.press(CODE, stage.form(CODE, code=codes[0]))
    return codes[1]
