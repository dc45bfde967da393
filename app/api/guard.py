"""Who is asking: the bearer token of a request (RFC 6750) and what it allows."""

from __future__ import annotations

from flask import g, request

from app.api.problems import Refused
from app.environment import Environment
from app.errors import BrandForbidden
from app.http import quotas
from app.http.context import request_id
from app.kit.provenance import Actor, ActorKind, Provenance, Source
from app.services import access_tokens, usage
from app.services.access_tokens import Access, InvalidAccessToken

REALM = 'Bearer realm="parley"'
ENTRIES_PER_REQUEST = 100
"""Of a long list, so many count as one request of the quota: that is about what they cost."""


def access(env: Environment, scope: str) -> Access:
    """Give what the token of this request allows, and count the request against the client's quota.

    Raises `Refused` without a good token, above the quota, or without `scope`.
    """
    method, _, token = request.headers.get("Authorization", "").partition(" ")
    if method.lower() != "bearer":
        # RFC 6750, section 3.1: who sent no token is told no error code.
        raise Refused("missing_token", headers={"WWW-Authenticate": REALM})
    try:
        found = access_tokens.verify(env, token.strip())
    except InvalidAccessToken as failure:
        raise Refused("invalid_token", str(failure), headers=_challenge("invalid_token")) from None
    _charge(env, found, requests=1, units=1)
    if scope not in found.scopes:
        challenge = _challenge("insufficient_scope", f', scope="{scope}"')
        raise Refused("insufficient_scope", f"This needs the scope {scope}.", headers=challenge)
    return found


def refuse_foreign_brand(env: Environment, found: Access, brand: str) -> None:
    """Raise `BrandForbidden` for a brand that exists but is not the client's (invariant 10)."""
    if brand in env.group.brands and brand not in found.brands:
        raise BrandForbidden(f"The brand “{brand}” is not in this client's list.")


def origin(found: Access, locale: str = "en") -> Provenance:
    """Tell that the client acted, through the API. Of its machine nothing is kept: it is nobody's browser."""
    return Provenance(Actor(ActorKind.CLIENT, found.client_id), Source.API, locale, request_id=request_id())


def charge_for_list(env: Environment, found: Access, entries: int) -> None:
    """Count a list as several requests, one for every hundred entries begun; raise `Refused` above the quota.

    The first was counted by `access`. A list never counts for more than the whole quota, or it could never be sent.
    """
    units = min(-(-entries // ENTRIES_PER_REQUEST), found.quota) - 1
    if units > 0:
        _charge(env, found, requests=0, units=units)


def _charge(env: Environment, found: Access, requests: int, units: int) -> None:
    allowance = quotas.charge(env, found.client_id, found.quota, units)
    is_refused = allowance is not None and allowance.left < 0
    operation = (request.endpoint or "").removeprefix("api.")
    usage.counter(env).add(found.client_id, operation, requests, units, int(is_refused))
    if allowance is None:
        return
    g.allowance = allowance
    if is_refused:
        raise Refused("too_many_requests", headers={"Retry-After": str(allowance.seconds)})


def _challenge(error: str, more: str = "") -> dict[str, str]:
    return {"WWW-Authenticate": f'{REALM}, error="{error}"{more}'}
