"""Which accounts a client may know of (invariant 10), and what it is told of them."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlalchemy import ARRAY, ColumnElement, Uuid, any_, exists, literal, or_, select, true

from app.branding.models import FieldKind
from app.db import Session
from app.environment import environment
from app.kit.provenance import ActorKind
from app.models import Account, ConsentEvent, ContactPoint, ExternalIdRow, Item, OAuthClient
from app.services import accounts, external_ids, profile
from app.services.folding import Action
from app.services.profile import HeldField

YES = (Action.GRANTED, Action.RENEWED)


@dataclass(frozen=True, slots=True)
class Asker:
    """A client: its name, by which its ids are its own, and the slugs of its brands."""

    name: str
    brands: Collection[str]


@dataclass(frozen=True, slots=True)
class Acquaintance:
    """An account as a client is told of it."""

    account: Account
    contacts: Sequence[ContactPoint]
    profile: Sequence[HeldField]
    """Fields that the group declares; none while the person's data is held still (GDPR art. 18)."""
    external_ids: Sequence[ExternalIdRow]
    """What this client calls the person."""


def find(session: Session, account_id: uuid.UUID, asker: Asker) -> Account | None:
    """Give an account that a client has to do with; None for every other, and for one that was erased.

    It has to do with whoever ever said something to one of its brands, and with whom it has an id of its own for. What
    is the whole group's makes nobody an acquaintance of one house; a client of all houses knows everybody. Of what a
    client told, only a yes counts: it takes the trust of the house, while any client may pass on anybody's no, and must
    not come to know them by that.
    """
    return session.scalar(select(Account).where(Account.id == account_id, *known_to(session, asker)))


def among(session: Session, account_ids: Collection[uuid.UUID], asker: Asker) -> set[uuid.UUID]:
    """Tell which of many accounts a client has to do with, as `find` does for one."""
    asked = any_(literal(list(account_ids), ARRAY(Uuid())))
    return set(session.scalars(select(Account.id).where(Account.id == asked, *known_to(session, asker))))


def known_to(session: Session, asker: Asker) -> list[ColumnElement[bool]]:
    """Give the conditions on accounts that a client has to do with, see `find`.

    For many accounts PostgreSQL would rather read the whole ledger once; `OFFSET` has it look up the lines of each.
    """
    knows_all = set(asker.brands) >= environment(session).group.brands.keys()
    lines = select(ConsentEvent.account_id).join(Item, Item.id == ConsentEvent.item_id).where(
        ConsentEvent.account_id == Account.id, Item.brand.in_(asker.brands),
        or_(ConsentEvent.actor_kind != ActorKind.CLIENT, ConsentEvent.action.in_(YES)),
    )  # fmt: skip
    said = lines.correlate(Account).offset(0).exists()
    named = exists().where(ExternalIdRow.account_id == Account.id, ExternalIdRow.client == asker.name)
    return [Account.status != accounts.ERASED, true() if knows_all else said | named]


def askers(session: Session, account_id: uuid.UUID) -> list[Asker]:
    """List the clients that an account is known to, by name (GDPR art. 15(1)(c)); those that were revoked are none."""
    rows = session.scalars(select(OAuthClient).where(OAuthClient.revoked_at.is_(None)).order_by(OAuthClient.name))
    return [asker for row in rows if find(session, account_id, asker := Asker(row.name, tuple(row.brands)))]


def tell(session: Session, account: Account, asker: Asker) -> Acquaintance:
    """Gather what a client may be told of an account; never an address."""
    points = select(ContactPoint).where(ContactPoint.account_id == account.id)
    is_still = account.status == accounts.RESTRICTED
    declared = {field.key for field in environment(session).group.profile}
    told = [] if is_still else profile.held(session, account)
    return Acquaintance(
        account=account,
        contacts=session.scalars(points.order_by(ContactPoint.kind, ContactPoint.address_digest)).all(),
        # The language stands beside it, as the account's.
        profile=[each for each in told if each.key in declared and each.kind != FieldKind.LANGUAGE],
        external_ids=external_ids.of_account(session, account.id, asker.name),
    )
