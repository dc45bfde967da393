"""The profile: what people with a full account tell about themselves, sealed, and when they did.

The language is the one that the account reads (`services.accounts`): the profile shows and changes that, and holds no
copy of it.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import delete, exists, select

from app.branding.models import Channel, FieldKind, ProfileField, Site
from app.db import Session
from app.environment import environment
from app.kit import clock, ids
from app.kit.provenance import Provenance
from app.models import Account, ProfileChange, ProfileRow
from app.services import accounts, consents, targets
from app.services.folding import Status
from app.services.items import ItemRef
from app.services.profile_values import Value


class Action(StrEnum):
    """What happened to a field."""

    SET = "set"
    CHANGED = "changed"
    REMOVED = "removed"


@dataclass(frozen=True, slots=True)
class HeldField:
    """A field that is filled in; `updated_at` is None where that was not noted."""

    key: str
    kind: str
    value: Value
    updated_at: datetime | None


def held(session: Session, account: Account) -> list[HeldField]:
    """List what an account tells, in the order of the declarations; what is declared no longer comes last."""
    sealer, group = environment(session).sealer, environment(session).group
    rows = session.scalars(select(ProfileRow).where(ProfileRow.account_id == account.id).order_by(ProfileRow.key))
    found = [HeldField(row.key, row.kind, json.loads(sealer.open(row.sealed)), row.updated_at) for row in rows]
    language, chosen = group.profile_field_of(FieldKind.LANGUAGE), accounts.chosen_language(account)
    if language and chosen:
        found.append(HeldField(language.key, language.kind, {"language": chosen}, None))
    places = {field.key: place for place, field in enumerate(group.profile)}
    return sorted(found, key=lambda each: places.get(each.key, len(places)))


def changes(session: Session, account_id: uuid.UUID, limit: int | None = None) -> Sequence[ProfileChange]:
    """List what happened to the fields of an account, newest first."""
    query = select(ProfileChange).where(ProfileChange.account_id == account_id)
    return session.scalars(query.order_by(ProfileChange.id.desc()).limit(limit)).all()


def keep(
    session: Session, account: Account, site: Site, field: ProfileField, value: Value, provenance: Provenance
) -> None:  # fmt: skip
    """Let a field say `value` from now on; what it said before is not kept. The account is locked by the caller."""
    if field.kind is FieldKind.LANGUAGE:
        choose_language(session, account, site, value["language"], provenance)
        return
    sealer, row = environment(session).sealer, session.get(ProfileRow, (account.id, field.key))
    if row is None:
        row = ProfileRow(account_id=account.id, key=field.key)
        session.add(row)
        action = Action.SET
    elif row.kind == field.kind and json.loads(sealer.open(row.sealed)) == value:
        return
    else:
        action = Action.CHANGED
    row.kind, row.updated_at = field.kind.value, clock.now()
    row.sealed = sealer.seal(json.dumps(value, ensure_ascii=False))
    _note(session, account, site, field.key, action, provenance)


def choose_language(
    session: Session, account: Account, site: Site, locale: str, provenance: Provenance
) -> None:  # fmt: skip
    """Let an account read `locale`, wherever it was chosen; noted where the profile has a field for it."""
    before = accounts.chosen_language(account)
    accounts.choose_language(account, locale)
    field = environment(session).group.profile_field_of(FieldKind.LANGUAGE)
    if field and before != locale:
        _note(session, account, site, field.key, Action.CHANGED if before else Action.SET, provenance)


def remove(session: Session, account: Account, site: Site, key: str, provenance: Provenance) -> None:
    """Let a field say nothing any more, declared or not. The account is locked by the caller."""
    field = environment(session).group.profile_field(key)
    if field and field.kind is FieldKind.LANGUAGE:
        is_there = accounts.chosen_language(account) is not None
        accounts.forget_language(account)
    else:
        gone = delete(ProfileRow).where(ProfileRow.account_id == account.id, ProfileRow.key == key)
        is_there = session.execute(gone.returning(ProfileRow.key)).first() is not None
    if is_there:
        _note(session, account, site, key, Action.REMOVED, provenance)


def has_address(session: Session, account_id: uuid.UUID) -> bool:
    """Tell whether letters can reach an account by post."""
    query = exists().where(ProfileRow.account_id == account_id, ProfileRow.kind == FieldKind.ADDRESS)
    return bool(session.scalar(select(query)))


def comes_by_post(session: Session, account_id: uuid.UUID) -> list[ItemRef]:
    """List what an account agreed to over the post, of every house: it ends with the address."""
    running = {item_id for item_id, state in consents.current(session, account_id).items()
               if state.status is Status.GRANTED}  # fmt: skip
    known = targets.items_held(session, account_id)
    return [item for item in known if item.id in running and item.channel is Channel.POST]


def _note(
    session: Session, account: Account, site: Site, key: str, action: Action, provenance: Provenance
) -> None:  # fmt: skip
    session.add(
        ProfileChange(
            account_id=account.id, id=ids.new_id(), key=key, action=action.value, brand=site.slug,
            occurred_at=clock.now(), provenance=provenance.as_record(),
        )
    )  # fmt: skip
    session.flush()
