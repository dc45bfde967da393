"""Accounts as other systems see them, and people who are known without a mail."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta
from itertools import count

from app.db import Session
from app.kit import clock
from app.kit.addresses import parse_email
from app.services import accounts, oauth
from app.services.locks import lock_address
from tests import api

ANA, BEA, SHOP = "ana@example.com", "bea@example.com", "camille-shop"
SCOPES = ["accounts:read", "accounts:write", "consents:read"]
EVERY = ["camille", "maison-brume", "ostra", "vantour", "folie-douze", "kestrel-row", "sol-y-lino"]
NOBODY = str(uuid.UUID(int=7))
keys = count()


def person(session: Session, email: str = "ana@example.com", *, is_proved: bool = True) -> uuid.UUID:
    """Make a lite account and give its id."""
    locked = lock_address(session, parse_email(email))
    verified_at = clock.now() - timedelta(days=1) if is_proved else None
    return accounts.create_lite(session, locked.digest, "en", verified_at).id


def bearer(client, env, name=SHOP, brands=("camille",), scopes=SCOPES):
    """Make a client and give the header with its token."""
    with env.database.transaction() as session:
        auth = oauth.create(session, name, scopes, brands)
    return {"Authorization": f"Bearer {api.ask_token(client, auth).json['access_token']}"}


def introduce(client, headers, email=ANA, number="4711", key=None, **changes):
    """Make the account of a customer of the shop."""
    body = {"kind": "lite", "email": email, "brand": "camille", "external_id": {"system": "shop", "id": number}}
    body = {name: value for name, value in {**body, **changes}.items() if value is not None}
    named = {"Idempotency-Key": f"key {next(keys)}" if key is None else key}
    return client.post("/api/v1/accounts", json=body, headers={**headers, **named})


def show(client, headers, account, **more):
    """Ask for an account."""
    return client.get(f"/api/v1/accounts/{account}", headers=headers, **more)


def amend(client, headers, account, **body):
    """Change an account, as Camille's shop."""
    return client.patch(f"/api/v1/accounts/{account}", json={"brand": "camille", **body}, headers=headers)


def history(client, headers, account, **query):
    """Ask for the history of an account."""
    return client.get(f"/api/v1/accounts/{account}/events", query_string=query, headers=headers)


def now(**later):
    """Write the present moment, or one so much later."""
    return (datetime.now(UTC) + timedelta(**later)).isoformat()
