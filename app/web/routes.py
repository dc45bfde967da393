"""Brings the pages together and tells failures in their look."""

from __future__ import annotations

from flask import Flask
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import HTTPException

from app.errors import DomainError
from app.http.errors import status_of
from app.web import access, confirm, dev, home, leave, preferences, sign_up
from app.web.blueprint import bp, failed, render_error

VIEWS = (access, confirm, home, leave, preferences, sign_up)
"""Named here because importing them is what adds their routes to the blueprint."""


def register(app: Flask) -> None:
    """Add all pages to `app`, and its answers to failures."""
    app.register_blueprint(bp)
    if _shows_mailbox(app):
        app.register_blueprint(dev.blueprint)
    app.register_error_handler(HTTPException, failed)
    app.register_error_handler(DomainError, _domain)


def _shows_mailbox(app: Flask) -> bool:
    settings = app.extensions["parley"].settings
    return not settings.is_production and not settings.mail_url


def _domain(failure: DomainError) -> ResponseReturnValue:
    return render_error(status_of(failure).value, str(failure))
