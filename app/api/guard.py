"""Who is asking: the bearer token of a request (RFC 6750) and what it allows."""

from __future__ import annotations

from flask import request

from app.api.problems import Refused
from app.environment import Environment
from app.errors import BrandForbidden
from app.services import access_tokens
from app.services.access_tokens import Access, InvalidAccessToken

REALM = 'Bearer realm="parley"'


def access(env: Environment, scope: str) -> Access:
    """Give what the token of this request allows; raise `Refused` without a good one or without `scope`."""
    method, _, token = request.headers.get("Authorization", "").partition(" ")
    if method.lower() != "bearer":
        # RFC 6750, section 3.1: who sent no token is told no error code.
        raise Refused("missing_token", headers={"WWW-Authenticate": REALM})
    try:
        found = access_tokens.verify(env, token.strip())
    except InvalidAccessToken as failure:
        raise Refused("invalid_token", str(failure), headers=_challenge("invalid_token")) from None
    if scope not in found.scopes:
        challenge = _challenge("insufficient_scope", f', scope="{scope}"')
        raise Refused("insufficient_scope", f"This needs the scope {scope}.", headers=challenge)
    return found


def refuse_foreign_brand(env: Environment, found: Access, brand: str) -> None:
    """Raise `BrandForbidden` for a brand that exists but is not the client's (invariant 10)."""
    if brand in env.group.brands and brand not in found.brands:
        raise BrandForbidden(f"The brand “{brand}” is not in this client's list.")


def _challenge(error: str, more: str = "") -> dict[str, str]:
    return {"WWW-Authenticate": f'{REALM}, error="{error}"{more}'}
