"""Whom somebody means: the forms in which a person is named to services."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

from app.kit.addresses import Address


@dataclass(frozen=True, slots=True)
class ExternalId:
    """What a client calls a person in one of its systems; `client_id` is the client's, since it means only its own."""

    client_id: str
    system: str
    value: str


Subject = Address | uuid.UUID | ExternalId | None
"""An address, an account id, another system's id, or None for somebody who is not known."""
