"""What other systems know people by: names for an account, which open nothing that the account's id does not.

A client's ids are its own: other clients neither see them nor ask by them, so that the customer number of one house
tells another nothing, and nobody can take or mislead what somebody else goes by. Clients are told apart by their name,
as where a brand lists whose evidence it trusts: a client that was made anew under its name goes on with its ids.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from app.db import Session
from app.errors import ExternalIdTaken
from app.kit import clock
from app.kit.subjects import ExternalId
from app.models import ExternalIdRow, OAuthClient


def account_of(session: Session, named: ExternalId) -> uuid.UUID | None:
    """Give the account that a client's id stands for."""
    query = (
        select(ExternalIdRow.account_id)
        .join(OAuthClient, OAuthClient.name == ExternalIdRow.client)
        .where(
            OAuthClient.id == named.client_id,
            ExternalIdRow.system == named.system,
            ExternalIdRow.value == named.value,
        )
    )
    return session.scalar(query)


def of_account(session: Session, account_id: uuid.UUID, client: str | None = None) -> Sequence[ExternalIdRow]:
    """List what an account goes by: all of it, or what one client calls it."""
    query = select(ExternalIdRow).where(ExternalIdRow.account_id == account_id)
    query = query if client is None else query.where(ExternalIdRow.client == client)
    return session.scalars(query.order_by(ExternalIdRow.client, ExternalIdRow.system)).all()


def attach(session: Session, account_id: uuid.UUID, client: str, system: str, value: str) -> bool:
    """Let a client's id stand for an account; False where it does already.

    Raises `ExternalIdTaken` where it stands for somebody else, or the account goes by another one of that system. Of
    two who race, the second waits for the first. The account row must be locked by the caller.
    """
    row = session.get(ExternalIdRow, (account_id, client, system), populate_existing=True)
    if row is not None:
        if row.value != value:
            raise ExternalIdTaken("This account goes by another id of that system.")
        return False
    new = {"account_id": account_id, "client": client, "system": system, "value": value, "created_at": clock.now()}
    made = insert(ExternalIdRow).values(new).on_conflict_do_nothing().returning(ExternalIdRow.account_id)
    if session.scalar(made) is None:
        raise ExternalIdTaken("This id stands for somebody else.")
    return True


def put(session: Session, account_id: uuid.UUID, client: str, wanted: Mapping[str, str | None]) -> None:
    """Let a client's ids be `wanted`, by system; None takes one away, and systems that are not named stay as they are.

    Raises `ExternalIdTaken`. The account row must be locked by the caller.
    """
    for row in of_account(session, account_id, client):
        if row.system in wanted and wanted[row.system] != row.value:
            session.delete(row)
    session.flush()
    for system, value in sorted(wanted.items()):
        if value is not None:
            attach(session, account_id, client, system, value)
