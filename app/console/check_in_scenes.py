"""Scenes of being asked whether all is still right."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable
from datetime import timedelta
from urllib.parse import urlsplit

from werkzeug.test import TestResponse

from app.branding.models import CheckIn
from app.console.people import EMAIL
from app.console.stage import NothingToShow, Stage
from app.db import Session
from app.kit import ids
from app.kit.addresses import parse_email
from app.kit.provenance import SYSTEM, Provenance, Source
from app.models import Account
from app.services import check_ins, consents, locks, tokens
from app.services.check_ins import Asked, Outcome, Step
from app.services.letters import Letter
from app.services.messages import MessageKind


def check_in(stage: Stage) -> TestResponse:
    """Follow the link of the mail."""
    return stage.get(_asked(stage))


def kept(stage: Stage) -> TestResponse:
    """Press its button."""
    link = _asked(stage)
    return stage.post(link, {"keep": "all", "words": stage.field(link, "words")})


def reworded(stage: Stage) -> TestResponse:
    """Press it on a page that shows something else than is so by now."""
    return stage.post(_asked(stage), {"keep": "all", "words": "old"})


def less(stage: Stage) -> TestResponse:
    """Pause one thing there."""
    link = _asked(stage)
    found = re.search(r'name="pause" value="([^"]+)"', stage.get(link).text)
    return stage.post(link, {"pause": found[1] if found else ""})


def left(stage: Stage) -> TestResponse:
    """Leave all of it there."""
    return stage.post(_asked(stage), {"leave": "all"})


def over(stage: Stage) -> TestResponse:
    """Follow the link after it ran out."""
    return stage.get(_asked(stage, Step.EXPIRE))


def mail(*steps: Step) -> Callable[[Stage], Letter]:
    """Be asked by mail, or reminded."""

    def play(stage: Stage) -> Letter:
        check_in_id = _ask(stage, *steps)
        kind = MessageKind.CHECK_IN_REMINDER if Step.REMIND in steps else MessageKind.CHECK_IN
        return stage.letter(kind, context={check_ins.CONTEXT: str(check_in_id)})

    return play


def centre_kept(stage: Stage) -> TestResponse:
    """Come to the centre after having kept all."""
    kept(stage)
    return stage.sign_in()


def centre_ended(stage: Stage) -> TestResponse:
    """Come to the centre after it ran out."""
    _ask(stage, Step.EXPIRE)
    return stage.sign_in()


def _asked(stage: Stage, *steps: Step) -> str:
    """Be asked, and give the path of the link in the mail."""
    check_in_id = _ask(stage, *steps)
    with stage.session() as session:
        account = _account(session)[0]
        return urlsplit(tokens.check_in_link(session, stage.site.slug, account.id, check_in_id)).path


def _ask(stage: Stage, *steps: Step) -> uuid.UUID:
    """Be asked about what one has from the site, and have these steps follow; give the id of the check-in."""
    stage.person.join()
    group, check_in_id = stage.person.group, ids.new_id()
    settings = group.check_in or CheckIn(after_months=24)
    with stage.session() as session:
        account, digest = _account(session)
        every = check_ins.asked_about(session, account.id, digest)
        about = [each for each in every if stage.site.slug in {each.item.brand, group.slug}]
        wait = timedelta(days=settings.remind_after_days)
        check_ins.begin(session, [Asked(check_in_id, account, stage.site, about, check_in_id)], wait)
        row = check_ins.of_account(session, account.id)[-1]
        if Step.REMIND in steps:
            check_ins.remind(row, check_in_id, timedelta(days=settings.grace_days))
        if Step.EXPIRE in steps:
            came = Provenance(SYSTEM, Source.SYSTEM, stage.locale)
            why = {"cause": check_ins.CAUSE, "asked_at": row.asked_at.isoformat()}
            consents.expire(session, account, [each.item for each in about], came, why)
            check_ins.close(row, Outcome.EXPIRED)
    return check_in_id


def _account(session: Session) -> tuple[Account, bytes]:
    locked = locks.lock_address(session, parse_email(EMAIL))
    account = locked.account(session)
    if account is None:
        raise NothingToShow("nobody is there to be asked")
    return account, locked.digest
