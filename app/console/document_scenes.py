"""What leads to each page about a document that changes. The change is made up: no brand folder has to announce one."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import date, timedelta
from urllib.parse import urlsplit

from werkzeug.test import TestResponse

from app.branding.models import Brand, Site, SiteGroup
from app.branding.texts import Document, DocumentVersion
from app.console import account_scenes
from app.console.account_scenes import SIGN_IN
from app.console.people import EMAIL, PASSWORD
from app.console.stage import Stage
from app.kit import clock
from app.kit.addresses import parse_email
from app.kit.provenance import PERSON, Provenance, Source
from app.services import consents, locks, reconsent, tokens
from app.services.accounts import TERMS
from app.services.decisions import PRIVACY
from app.services.items import items
from app.services.letters import Letter
from app.services.messages import QUESTION, MessageKind

AHEAD = timedelta(days=40)
AGREE = "preferences/agree"


def centre(stage: Stage) -> TestResponse:
    """Come to the centre before the notice changes."""
    _announced(stage, PRIVACY)
    return stage.sign_in()


def centre_agreed(stage: Stage) -> TestResponse:
    """Say there that all may go on."""
    centre(stage)
    return stage.press(AGREE, stage.form("preferences", answer=stage.field("preferences", "answer")))


def centre_left(stage: Stage) -> TestResponse:
    """Leave there what it concerns."""
    centre(stage)
    no = stage.field("preferences", "answer").replace("yes=", "no=")
    return stage.press(AGREE, stage.form("preferences", answer=no))


def at_sign_in(stage: Stage) -> TestResponse:
    """Sign in when both the notice and the terms change."""
    account_scenes.account_opened(stage)
    _announced(stage, PRIVACY, TERMS)
    return stage.press(SIGN_IN, stage.form(SIGN_IN, email=EMAIL, password=PASSWORD))


def link(stage: Stage) -> TestResponse:
    """Follow the link of the mail."""
    return stage.get(_link(stage))


def answered(said: str) -> Callable[[Stage], TestResponse]:
    """Press one of the two buttons behind it."""

    def play(stage: Stage) -> TestResponse:
        path = _link(stage)
        return stage.post(path, {"answer": stage.field(path, "answer").replace("yes=", f"{said}=")})

    return play


def link_again(stage: Stage) -> TestResponse:
    """Follow the link once more after that."""
    path = _link(stage)
    stage.post(path, {"answer": stage.field(path, "answer")})
    return stage.get(path)


def link_too_old(stage: Stage) -> TestResponse:
    """Follow a link whose mail is no longer kept."""
    stage.person.become_known()
    return stage.get(_path_of(stage, uuid.UUID(int=1)))


def document(stage: Stage) -> TestResponse:
    """Read a document of which a new version is announced."""
    _announced(stage, PRIVACY)
    keeper = stage.site if stage.site.document(PRIVACY) else stage.person.group
    return stage.get(f"/{keeper.slug}/documents/{PRIVACY}?version={clock.now().date() + AHEAD}")


def difference(stage: Stage) -> TestResponse:
    """Read what changes."""
    _announced(stage, PRIVACY)
    with stage.session() as session:
        asked = reconsent.questions(session, _account_id(stage))[0]
    return stage.get(f"/{asked.change.site.slug}/{reconsent.difference(asked)}")


def mail(stage: Stage) -> Letter:
    """Be mailed before the notice changes."""
    return stage.read(_mailed(stage))


def _link(stage: Stage) -> str:
    return _path_of(stage, _mailed(stage))


def _path_of(stage: Stage, message_id: uuid.UUID) -> str:
    with stage.session() as session:
        return urlsplit(tokens.reconsent_link(session, stage.site.slug, message_id)).path


def _account_id(stage: Stage) -> uuid.UUID:
    with stage.session() as session:
        return locks.lock_address(session, parse_email(EMAIL)).account_id or uuid.UUID(int=0)


def _mailed(stage: Stage) -> uuid.UUID:
    _announced(stage, PRIVACY)
    with stage.session() as session:
        if isinstance(stage.site, Brand):  # who is with others as well is mailed by the group
            account = locks.lock_address(session, parse_email(EMAIL)).account(session)
            others = [each for each in items(session) if each.brand != stage.site.slug]
            if account is not None:
                consents.withdraw(session, account, others, Provenance(PERSON, Source.CENTRE, stage.locale))
        asked = reconsent.questions(session, _account_id(stage))[0]
    return stage.person.be_mailed(MessageKind.RECONSENT, context={QUESTION: asked.name})


def _announced(stage: Stage, *slugs: str) -> None:
    """Be a member when documents of the house, or where it has none such of the group, are about to change."""
    stage.person.join()
    group = stage.person.group
    for slug in slugs:
        keeper = stage.site if stage.site.document(slug) and slug != TERMS else group
        changed = _with(keeper, _changing(keeper, slug))
        if isinstance(changed, SiteGroup):
            group = changed
        else:
            group = group.model_copy(update={"brands": {**group.brands, changed.slug: changed}})
    stage.turn_to(group)


def _with(site: Site, document: Document) -> Site:
    others = [each for each in site.documents if each.slug != document.slug]
    return site.model_copy(update={"documents": (*others, document)})


def _changing(site: Site, slug: str) -> Document:
    """Give a document with one more version, which swaps its end for that of another one of the site."""
    today = clock.now().date()
    known = site.document(slug) or Document(
        slug=slug, title={"en": "Privacy notice"}, versions=(_version(today - AHEAD, {"en": "What we know of you.\n"}),)
    )
    other = next((each for each in site.documents if each.slug != slug), known)
    last, ends = known.versions[-1].texts, other.versions[-1].texts
    texts = {locale: _edited(text, ends.get(locale, text)) for locale, text in last.items()}
    return known.model_copy(update={"versions": (*known.versions, _version(today + AHEAD, texts))})


def _version(day: date, texts: dict[str, str]) -> DocumentVersion:
    return DocumentVersion(version=day, effective=day, requires_reconsent=True, texts=texts, digest="")


def _edited(text: str, other: str) -> str:
    kept, ends = text.strip().split("\n\n"), other.strip().split("\n\n")
    return "\n\n".join([*kept[:-1], ends[-1]]) + "\n"
