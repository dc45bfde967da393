"""Somebody told another system what is to become of their data: they are mailed where to do it themselves.

A system's word erases nothing, and reads nothing out: whoever stands at a till with a name need not be its owner.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from app.branding.models import Brand
from app.db import Session
from app.errors import UnknownSubject
from app.kit.provenance import Provenance
from app.kit.subjects import Subject
from app.services import acquaintances, messages, privacy_referrals, subjects
from app.services.acquaintances import Asker
from app.services.locks import Locked
from app.services.messages import WISH, MessageKind
from app.services.privacy_referrals import Kind, Referred, Through


@dataclass(frozen=True, slots=True)
class Told:
    """What somebody told, how and when."""

    kind: Kind
    through: Through
    at: datetime


def refer(
    session: Session, brand: Brand, asker: Asker, subject: Subject, told: Told, provenance: Provenance
) -> tuple[Referred, bool]:
    """Note what was told, and mail its owner; tell also whether it is new. While one waits, another is the same one.

    The limits for mails hold: who is told of ten times is mailed three. Raises `UnknownSubject`, also for people whom
    the client has nothing to do with.
    """
    locked = subjects.lock(session, subject)
    account_id = locked.account_id if locked else None
    if locked is None or account_id is None or acquaintances.find(session, account_id, asker) is None:
        raise UnknownSubject("Nobody whom your brands have to do with is known under this subject.")
    waiting = privacy_referrals.waiting(session, account_id, asker.name, brand.slug, told.kind)
    referred = waiting or privacy_referrals.note(
        session, account_id, asker.name, brand.slug, told.kind, told.through, told.at
    )
    _mail(session, brand, locked, told.kind, provenance)
    return referred, waiting is None


def _mail(session: Session, brand: Brand, locked: Locked, kind: Kind, provenance: Provenance) -> None:
    if locked.digest:
        messages.queue(
            session, kind=MessageKind.PRIVACY_REFERRAL, brand=brand.slug, address_digest=locked.digest,
            abuse_digest=locked.abuse_digest, locale=provenance.locale, account_id=locked.account_id,
            context={WISH: kind.value},
        )  # fmt: skip
