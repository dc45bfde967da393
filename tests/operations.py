"""Every operation of the API, called as its own description says, for tests of what all of them have in common."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from app.api.operation import Operation
from app.api.operations import OPERATIONS
from app.environment import Environment
from app.services import access_tokens
from app.services.oauth import SCOPES, Client

NAMES = [operation.name for operation in OPERATIONS]
SHOP = "parley_client_shop"


def named(name: str) -> Operation:
    """Give an operation."""
    return next(operation for operation in OPERATIONS if operation.name == name)


def token(
    env: Environment, *, without: str = "", brands: tuple[str, ...] = ("camille",), quota: int | None = None,
    client_id: str = SHOP,
) -> str:  # fmt: skip
    """Issue a token for everything a service may, but for one scope."""
    scopes = tuple(scope for scope in SCOPES if scope != without)
    return access_tokens.issue(env, Client(client_id, "A shop", scopes, brands, quota), " ".join(scopes))


def bearer(env: Environment, **more: Any) -> dict[str, str]:
    """Give the header with such a token."""
    return {"Authorization": f"Bearer {token(env, **more)}"}


def path(operation: Operation, value: str = "019ab3f0-5f4e-7c11-9d43-2f1a5b6c7d8e") -> str:
    """Fill in the path of an operation."""
    filled = operation.path
    for name in operation.parameters:
        filled = filled.replace(f"{{{name}}}", value)
    return filled


def headers(operation: Operation) -> dict[str, str]:
    """Give the headers that an operation asks for."""
    return dict.fromkeys(operation.headers, "a-key-of-a-test")


def example(operation: Operation) -> dict[str, Any] | None:
    """Give the first example of a body; None where a body is not JSON, or is none."""
    return dict(next(iter(operation.asked.values()), {})) if operation.request else None


def call(client: Any, operation: Operation, auth: Mapping[str, str], **sent: Any) -> Any:
    """Call an operation with its example, or with what is given (`json`, `data`, `content_type`, `path`)."""
    where = sent.pop("path", None) or path(operation)
    if not sent and operation.request:
        sent = {"json": example(operation)}
    elif not sent and operation.bodies:
        sent = {"data": b"", "content_type": next(iter(operation.bodies))}
    return client.open(where, method=operation.method, headers={**headers(operation), **auth}, **sent)
