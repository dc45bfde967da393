"""What leads to each page of full accounts."""

from __future__ import annotations

from werkzeug.test import TestResponse

from app.console.people import EMAIL, PASSWORD
from app.console.scenes import NO_ADDRESS
from app.console.stage import Stage
from app.kit.signing import Purpose
from app.services.messages import MessageKind

REGISTER, SIGN_IN, RESET, SECURITY = "register", "sign-in", "password/reset", "account/security"
OTHER = "seven anchovies quiet umbrella"
SHORT = "umbrella"


def register_with_errors(stage: Stage) -> TestResponse:
    """Ask for an account with something that is no address."""
    return stage.press(REGISTER, stage.form(REGISTER, email=NO_ADDRESS))


def register_own(stage: Stage) -> TestResponse:
    """Ask for an account with the preferences open."""
    stage.person.join()
    stage.sign_in()
    return stage.get("preferences/register")


def register_own_sent(stage: Stage) -> TestResponse:
    """Press there."""
    register_own(stage)
    return stage.press("preferences/register", stage.form("preferences/register"))


def register_sent(stage: Stage) -> TestResponse:
    """Ask for an account."""
    return stage.press(REGISTER, stage.form(REGISTER, email=EMAIL))


def register_link(stage: Stage) -> TestResponse:
    """Follow the link of the mail."""
    return stage.get(_register_link(stage))


def register_link_with_errors(stage: Stage) -> TestResponse:
    """Choose a password that is too short, and accept no terms."""
    return stage.press(_register_link(stage), {"password": SHORT})


def register_over(stage: Stage) -> TestResponse:
    """Follow the link again once it was used."""
    link = _register_link(stage)
    stage.post(link, {"password": PASSWORD, "terms": "1"})
    return stage.get(link)


def account_opened(stage: Stage) -> TestResponse:
    """Choose a good password, as a member of some houses."""
    stage.person.join()
    return stage.press(_register_link(stage), {"password": PASSWORD, "terms": "1"})


def sign_in_with_errors(stage: Stage) -> TestResponse:
    """Sign in with a wrong password."""
    return stage.press(SIGN_IN, stage.form(SIGN_IN, email=EMAIL, password=SHORT))


def account(stage: Stage) -> TestResponse:
    """Sign in."""
    stage.person.join()
    stage.person.register()
    return stage.press(SIGN_IN, stage.form(SIGN_IN, email=EMAIL, password=PASSWORD))


def centre_of_a_full_customer(stage: Stage) -> TestResponse:
    """Go from the account to the preferences."""
    account(stage)
    return stage.get("preferences")


def security(stage: Stage) -> TestResponse:
    """Look where one is signed in: here, and on a telephone."""
    account(stage)
    stage.person.be_signed_in_elsewhere()
    return stage.get(SECURITY)


def security_with_errors(stage: Stage) -> TestResponse:
    """Change the password without knowing it."""
    account(stage)
    return stage.press(f"{SECURITY}/password", stage.form(SECURITY, present=SHORT, password=OTHER))


def security_ended(stage: Stage) -> TestResponse:
    """Sign out everywhere else."""
    account(stage)
    stage.person.be_signed_in_elsewhere()
    return stage.press(SECURITY, stage.form(SECURITY, end="others"))


def security_changed(stage: Stage) -> TestResponse:
    """Change the password."""
    account(stage)
    return stage.press(f"{SECURITY}/password", stage.form(SECURITY, present=PASSWORD, password=OTHER))


def reset_with_errors(stage: Stage) -> TestResponse:
    """Ask for another password with something that is no address."""
    return stage.press(RESET, stage.form(RESET, email=NO_ADDRESS))


def reset_sent(stage: Stage) -> TestResponse:
    """Ask for another password."""
    return stage.press(RESET, stage.form(RESET, email=EMAIL))


def reset_link(stage: Stage) -> TestResponse:
    """Follow the link of the mail."""
    return stage.get(_reset_link(stage))


def reset_link_with_errors(stage: Stage) -> TestResponse:
    """Choose one that is too short."""
    return stage.press(_reset_link(stage), {"password": SHORT})


def reset_over(stage: Stage) -> TestResponse:
    """Follow the link again once it was used."""
    link = _reset_link(stage)
    stage.post(link, {"password": OTHER})
    return stage.get(link)


def reset_done(stage: Stage) -> TestResponse:
    """Set another password, and come to where one signs in."""
    return stage.press(_reset_link(stage), {"password": OTHER})


def signed_out(stage: Stage) -> TestResponse:
    """Sign out."""
    account(stage)
    return stage.press("sign-out", stage.form("account"))


def _register_link(stage: Stage) -> str:
    return stage.person.account_link(Purpose.REGISTER, MessageKind.REGISTER)


def _reset_link(stage: Stage) -> str:
    stage.person.register()
    return stage.person.account_link(Purpose.RESET, MessageKind.PASSWORD_RESET)
