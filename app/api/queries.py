"""What is asked in the address of a list: how much, and from where on."""

from __future__ import annotations

from typing import NoReturn

from flask import request

from app.api.problems import Place, Refused


def limit(most: int, usual: int) -> int:
    """Give how many are asked for at most; raise `Refused`."""
    text = request.args.get("limit", str(usual))
    if not text.isascii() or not text.isdigit() or len(text) > len(str(most)) or not 1 <= int(text) <= most:
        misfit("limit", f"must be a whole number from 1 to {most}")
    return int(text)


def misfit(name: str, what: str) -> NoReturn:
    """Refuse what is asked under a name."""
    raise Refused("validation_error", f"{name} {what}.", errors=[Place(pointer=f"/{name}", detail=what)])
