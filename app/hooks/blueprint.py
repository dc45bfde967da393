"""The blueprint of everything under `/hooks`."""

from __future__ import annotations

from typing import NoReturn

from flask import Blueprint, Flask
from werkzeug.exceptions import HTTPException, default_exceptions

from app.hooks import mail
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
    path = "/hooks/mail/<token>"
    blueprint.add_url_rule(path, "mail", mail.take, methods=["POST"], provide_automatic_options=False)
    add_for_any_method(blueprint, path, "mail_otherwise", _refuse)
    app.register_blueprint(blueprint)


def _refuse(token: str) -> NoReturn:
    """Refuse other methods as for an address that does not exist, unless the token is good."""
    mail.check(token)
    raise Refused("method_not_allowed")
