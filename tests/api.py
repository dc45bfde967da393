"""What services do, in few words, for tests of the API."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from app.environment import Environment
from app.services import oauth

ANA = {"email": "ana@example.com"}
NEWSLETTER = {"brand": "camille", "topic": "newsletter", "channel": "email"}


def credentials(
    env: Environment, scopes: Sequence[str] = ("consents:read",), brands: Sequence[str] = ("camille",)
) -> Any:
    """Create a client and give its id and secret."""
    with env.database.transaction() as session:
        return oauth.create(session, "A shop", scopes, brands)


def ask_token(client: Any, auth: Any, **form: str) -> Any:
    """Ask for a token and give the whole answer."""
    return client.post("/oauth/token", data={"grant_type": "client_credentials", **form}, auth=auth)


def bearer(
    client: Any, env: Environment, *brands: str, scopes: Sequence[str] = ("consents:read",)
) -> dict[str, str]:  # fmt: skip
    """Give the header of a client of some brands (Camille unless said)."""
    token = ask_token(client, credentials(env, scopes, brands or ("camille",))).json["access_token"]
    return {"Authorization": f"Bearer {token}"}


def decide(client: Any, headers: dict[str, str], subject: Any = None, **changes: Any) -> Any:
    """Ask for a decision about Camille's newsletter and give the whole answer; None takes a key away."""
    body = {"subject": subject or ANA, **NEWSLETTER, **changes}
    body = {key: value for key, value in body.items() if value is not None}
    return client.post("/api/v1/decisions", json=body, headers=headers)


def look_up(client: Any, headers: dict[str, str], subject: Any = None, **more: Any) -> Any:
    """Look up a subject and give the whole answer."""
    return client.post("/api/v1/consents/lookup", json={"subject": subject or ANA, **more}, headers=headers)
