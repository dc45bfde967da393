"""The blueprint of everything under `/hooks`."""

from __future__ import annotations

from collections.abc import Callable
from typing import NoReturn

from flask import Blueprint, Flask
from werkzeug.exceptions import HTTPException, default_exceptions

from app.hooks import mail, sms
from app.hooks.guard import Refused, tell
from app.http.methods import add_for_any_method


def register(app: Flask) -> None:
    """Take reports at `app`."""
    blueprint = Blueprint("hooks", __name__)
    # Handlers for a status go before those for a class in Flask, wherever they are registered; hence one for each.
    for status in default_exceptions:
        blueprint.register_error_handler(status, tell)
    for failure in (HTTPException, Refused, Exception):
        blueprint.register_error_handler(failure, tell)
    for name, door in (("mail", mail), ("sms", sms)):
        path = f"/hooks/{name}/<token>"
        blueprint.add_url_rule(path, name, door.take, methods=["POST"], provide_automatic_options=False)
        add_for_any_method(blueprint, path, f"{name}_otherwise", _refusing(door.check))
    app.register_blueprint(blueprint)


def _refusing(check: Callable[[str], None]) -> Callable[[str], NoReturn]:
    """Make what refuses other methods: as for an address that does not exist, unless the token is good."""

    def refuse(token: str) -> NoReturn:
        check(token)
        raise Refused("method_not_allowed")

    return refuse
