"""What leads to each page about one's own data."""

from __future__ import annotations

from werkzeug.test import TestResponse

from app.branding.models import FieldKind
from app.console import account_scenes, profile_scenes, security_scenes
from app.console.people import EMAIL, PASSWORD
from app.console.stage import NothingToShow, Stage
from app.kit.addresses import parse_email
from app.kit.provenance import Actor, ActorKind, Provenance, Source
from app.services import profile
from app.services.locks import lock_address

DATA, CHECK = "account/data", "account/data/check"
WRONG = "000000"


def your_data(stage: Stage) -> TestResponse:
    """Look from the preferences."""
    _enter(stage)
    return stage.get(DATA)


def your_data_of_a_full_customer(stage: Stage) -> TestResponse:
    """Look from the account."""
    account_scenes.account(stage)
    return stage.get(DATA)


def told_by_a_shop(stage: Stage) -> TestResponse:
    """Find a name that another system told, and wish to take it back, which takes a code first."""
    field = next((each for each in stage.person.group.profile if each.kind is FieldKind.NAME), None)
    if field is None:
        raise NothingToShow("no name is asked for")
    _enter(stage)
    with stage.session() as session:
        account = lock_address(session, parse_email(EMAIL)).account(session)
        if account is not None:
            came = Provenance(Actor(ActorKind.CLIENT), Source.API, stage.locale)
            profile.keep(session, account, stage.person.house, field, {"name": profile_scenes.NAME}, came)
    stage.post(f"{DATA}/profile/{field.key}/remove", stage.form(DATA))
    return stage.get(DATA)


def check(stage: Stage) -> TestResponse:
    """Go on to something sensitive."""
    _enter(stage)
    return stage.get(CHECK)


def check_mailed(stage: Stage) -> TestResponse:
    """Have the digits mailed."""
    _enter(stage)
    return stage.press(f"{CHECK}/code", stage.form(CHECK))


def check_with_errors(stage: Stage) -> TestResponse:
    """Type others."""
    check_mailed(stage)
    return stage.press(CHECK, stage.form(CHECK, code=WRONG))


def check_by_password(stage: Stage) -> TestResponse:
    """Go on as a full customer."""
    account_scenes.account(stage)
    return stage.get(CHECK)


def check_by_password_with_errors(stage: Stage) -> TestResponse:
    """Type another password."""
    account_scenes.account(stage)
    return stage.press(CHECK, stage.form(CHECK, password=WRONG))


def check_with_code(stage: Stage) -> TestResponse:
    """Go on where a code is asked for after the password, with one that is none."""
    security_scenes.second_factor(stage)
    return stage.press(CHECK, stage.form(CHECK, password=PASSWORD, code=WRONG[:5]))


def packing(stage: Stage) -> TestResponse:
    """Ask for a copy."""
    _be_sure(stage)
    return stage.press(f"{DATA}/export", stage.form(DATA))


def copy_ready(stage: Stage) -> TestResponse:
    """Find it there, and take it along."""
    _be_sure(stage)
    stage.post(f"{DATA}/export", stage.form(DATA))
    stage.get(f"{DATA}/download/{stage.person.be_given_a_copy()}")
    return stage.get(DATA)


def held_still(stage: Stage) -> TestResponse:
    """Hold the data still."""
    _enter(stage)
    return stage.press(f"{DATA}/restriction", stage.form(DATA, restrict="on"))


def erase(stage: Stage) -> TestResponse:
    """See what would go and what would stay."""
    _be_sure(stage)
    return stage.get(f"{DATA}/delete")


def erasure_waits(stage: Stage) -> TestResponse:
    """Ask for it."""
    erase(stage)
    return stage.press(f"{DATA}/delete", stage.form(f"{DATA}/delete"))


def erasure_waits_at_sign_in(stage: Stage) -> TestResponse:
    """Come back to the account."""
    erasure_waits(stage)
    return stage.get("account")


def erasure_waits_in_the_centre(stage: Stage) -> TestResponse:
    """Come to the preferences by a link."""
    stage.person.wish_to_be_erased()
    return stage.sign_in()


def kept(stage: Stage) -> TestResponse:
    """Change one's mind."""
    erasure_waits(stage)
    return stage.press(f"{DATA}/keep", stage.form(DATA))


def erasure_stop(stage: Stage) -> TestResponse:
    """Follow the link of the mail."""
    return stage.get(stage.person.erasure_stop_link())


def erasure_stopped(stage: Stage) -> TestResponse:
    """Press its button."""
    return stage.press(stage.person.erasure_stop_link())


def erasure_over(stage: Stage) -> TestResponse:
    """Follow it once more."""
    link = stage.person.erasure_stop_link()
    stage.post(link)
    return stage.get(link)


def _enter(stage: Stage) -> None:
    stage.person.join()
    stage.sign_in()


def _be_sure(stage: Stage) -> None:
    account_scenes.account(stage)
    stage.post(CHECK, stage.form(CHECK, password=PASSWORD))
