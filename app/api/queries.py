"""What stands in the address of a request: which one, how many, and from where on."""

from __future__ import annotations

import re
import uuid
from typing import NoReturn

from flask import abort, request

from app.api.problems import Place, Refused

ID = re.compile("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
"""An id as we write it."""


def read_id(text: str) -> uuid.UUID:
    """Read an id in a path, in either case (RFC 9562, section 4); what is none is not found."""
    return uuid.UUID(text) if ID.fullmatch(text.lower()) else abort(404)


def limit(most: int, usual: int) -> int:
    """Give how many are asked for at most; raise `Refused`."""
    text = request.args.get("limit", str(usual))
    if not text.isascii() or not text.isdigit() or len(text) > len(str(most)) or not 1 <= int(text) <= most:
        misfit("limit", f"must be a whole number from 1 to {most}")
    return int(text)


def after(digits: int, what: str) -> int:
    """Give the number after which to go on, the start without it; raise `Refused`, saying that it is not `what`."""
    text = request.args.get("after", "0")
    if not text.isascii() or not text.isdigit() or len(text) > digits:
        misfit("after", f"is no {what}")
    return int(text)


def misfit(name: str, what: str) -> NoReturn:
    """Refuse what is asked under a name."""
    raise Refused("validation_error", f"{name} {what}.", errors=[Place(pointer=f"/{name}", detail=what)])
